# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One remapping of the image is enough for its compressed kind and its CameraInfo."""

import pytest
import rclpy
from rclpy.node import Node

from mocap23_ros.ros.topics import camera_info_topic, frame_prefix, image_topic


@pytest.mark.parametrize(('namespace', 'setting', 'prefix'), [
    ('', 'auto', ''), ('robot', 'auto', 'robot/'), ('/a/b', 'auto', 'a/b/'),
    ('robot', '', ''), ('robot', 'eyes_', 'eyes_')])
def test_frames_are_called_after_the_namespace_unless_told_otherwise(namespace, setting, prefix):
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node('topics', context=context, namespace=namespace)
    try:
        assert frame_prefix(node, setting) == prefix
    finally:
        node.destroy_node()
        rclpy.try_shutdown(context=context)


@pytest.mark.parametrize(('remaps', 'raw', 'compressed', 'info'), [
    ([], '/ns/image', '/ns/image/compressed', '/ns/camera_info'),
    (['image:=/cam/color'], '/cam/color', '/cam/color/compressed', '/cam/camera_info'),
    (['image:=cam/color'], '/ns/cam/color', '/ns/cam/color/compressed', '/ns/cam/camera_info'),
    (['image:=/cam/color', 'camera_info:=/other/info'],
     '/cam/color', '/cam/color/compressed', '/other/info'),
    (['image:=/cam/color', 'image/compressed:=/cam/jpeg'],
     '/cam/color', '/cam/jpeg', '/cam/camera_info'),
    (['image:=/color'], '/color', '/color/compressed', '/camera_info'),
])
def test_names(remaps, raw, compressed, info):
    context = rclpy.Context()
    arguments = ['--ros-args'] + [part for remap in remaps for part in ('-r', remap)]
    rclpy.init(context=context)
    node = Node('topics', context=context, namespace='ns', cli_args=arguments)
    try:
        assert image_topic(node, 'raw') == raw
        assert image_topic(node, 'compressed') == compressed
        assert camera_info_topic(node) == info
    finally:
        node.destroy_node()
        rclpy.try_shutdown(context=context)
