# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One frame after the other through the real core, without a node."""

import dataclasses
import threading

import message_filters
import pytest
import rclpy
import tf2_ros
from rclpy.node import Node
from synthetic_scene import camera_info, camera_transform, keypoints_message, person

from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.parameters import Settings
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog

FRAME = 33_333_333  # ns
START = 1_700_000_000_123_456_789


class Rig:
    def __init__(self, node, **changes):
        self.settings = dataclasses.replace(
            Settings(), detector='external', tf_timeout=0.0, **changes)
        infos = message_filters.SimpleFilter()
        buffer = tf2_ros.Buffer(node=node)
        buffer.set_transform_static(camera_transform(0), 'test')
        self.problems = ProblemLog(node.get_logger(), lambda: 0.0)
        self.core = create_core(self.settings)
        self.restarts = 0
        self.processor = FrameProcessor(
            self.core, CameraSource(infos, self.problems), buffer, self.problems, self.restart,
            threading.Event())
        infos.signalMessage(camera_info(0))

    def restart(self):
        self.restarts += 1
        self.processor.reset()

    def run(self, stamp, people=None, **options):
        message = keypoints_message([person()] if people is None else people, stamp, **options)
        return self.processor.process(message, self.settings)


@pytest.fixture(scope='module')
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node('frames', context=context)
    yield node
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def nanoseconds(stamp):
    return stamp.sec * 10**9 + stamp.nanosec


@pytest.mark.parametrize('lag', [0, 3])
def test_result_carries_the_exact_stamp_of_the_image_it_is_for(node, lag):
    rig = Rig(node, lag=lag)
    for i in range(20):
        result = rig.run(START + i * FRAME)
        assert nanoseconds(result.header.stamp) == START + i * FRAME
        if i < lag:
            assert result.stamp is None and result.estimates == []
            continue
        assert nanoseconds(result.stamp) == START + (i - lag) * FRAME
        (estimate,) = result.estimates
        assert estimate.stamp == pytest.approx(1e-9 * nanoseconds(result.stamp), abs=1e-6)


def test_the_size_of_the_image_may_be_left_to_camera_info(node):
    rig = Rig(node)
    message = keypoints_message([person()], START)
    message.image_width = message.image_height = 0
    assert rig.processor.process(message, rig.settings).estimates


def test_stamps(node):
    rig = Rig(node)
    for _ in range(3):
        with pytest.raises(FrameRejectedError):
            rig.run(0)
    rig.run(START)
    for bad in (START, START - FRAME, START - 900_000_000):
        with pytest.raises(FrameRejectedError):
            rig.run(bad)
    assert rig.restarts == 0
    rig.run(START - 2 * 10**9)
    assert rig.restarts == 1
    assert 'jumped back by 2.0 s' in rig.problems.present()['time'].message


def test_two_d_part_is_given_out_even_where_the_camera_is_unknown(node):
    rig = Rig(node)
    heard = []
    message = keypoints_message([person()], START, frame='nowhere')
    with pytest.raises(FrameRejectedError):
        rig.processor.process(message, rig.settings, heard.append)
    (result,) = heard
    assert len(result.tracks) == 1
    assert set(rig.problems.present()) == {'transform', 'camera_info frame'}
