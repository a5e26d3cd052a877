# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to the keypoints that a running node, or another detector, publishes."""

import time

from sensor_msgs.msg import CameraInfo

from mocap23_msgs.msg import Keypoints2DArray
from mocap23_ros.errors import InputError
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.ros.private_node import private_node
from mocap23_ros.ros.topics import sensor_data_qos

_LOOK_AROUND = 0.5  # seconds between looks at who publishes CameraInfo
_CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'


def hear_keypoints(topic: str, seconds: float,
                   progress: Progress = silent
                   ) -> tuple[list[Keypoints2DArray], dict[str, CameraInfo]]:
    """Return what comes within some seconds after the first message.

    And the last CameraInfo by the frame_id of its camera, of all topics that carry any. Raises
    InputError where nothing comes for as long.
    """
    infos: dict[str, CameraInfo] = {}
    messages: list[Keypoints2DArray] = []
    first: float | None = None

    def hear(message: Keypoints2DArray) -> None:
        nonlocal first
        first = time.monotonic() if first is None else first
        messages.append(message)

    def hear_info(info: CameraInfo) -> None:
        infos[info.header.frame_id] = info

    heard: set[str] = set()
    with private_node('mocap23_calibrate') as (node, executor):
        node.create_subscription(Keypoints2DArray, topic, hear, sensor_data_qos(100))
        full_name = node.resolve_topic_name(topic)
        started = looked = time.monotonic()
        while time.monotonic() < (started if first is None else first) + seconds:
            executor.spin_once(timeout_sec=0.1)
            now = time.monotonic()
            progress(int(now - started), int(seconds))
            if now - looked < _LOOK_AROUND:
                continue
            looked = now
            for name, types in node.get_topic_names_and_types():
                if _CAMERA_INFO in types and name not in heard:
                    heard.add(name)
                    node.create_subscription(CameraInfo, name, hear_info, sensor_data_qos())
    if first is None:
        raise InputError(f'nothing came on {full_name} in {seconds:g} s: is a node running that '
                         'publishes mocap23_msgs/Keypoints2DArray there, and are ROS_DOMAIN_ID and '
                         'the RMW the same?')
    return messages, infos
