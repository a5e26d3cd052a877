# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to running nodes for commands: the problems that they report, keypoints."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from mocap23_msgs.msg import Keypoints2DArray
from mocap23_ros.errors import InputError
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.ros.input_subscription import InputSubscription
from mocap23_ros.ros.topics import sensor_data_qos

_PROBLEM = 'problem: '
_NODE = ': skeletons'
_LOOK_AROUND = 0.5  # seconds between looks at who publishes CameraInfo
_FOR_INFO = 5.0  # seconds more for a CameraInfo that did not come
_CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'


def listen(seconds: float) -> tuple[dict[str, list[str]], int]:
    """Problems by node that diagnostics show within some seconds, and the most people seen.

    Raises InputError where no lifter_node is heard.
    """
    problems: dict[str, dict[str, None]] = {}
    most = 0

    def hear(array: DiagnosticArray) -> None:
        nonlocal most
        for status in array.status:
            if not status.name.endswith(_NODE):
                continue
            found = problems.setdefault(status.name.removesuffix(_NODE), {})
            for value in status.values:
                if value.key.startswith(_PROBLEM):
                    found[value.value] = None
                elif value.key == 'people' and value.value.isdigit():
                    most = max(most, int(value.value))

    with private_node('mocap23_check') as (node, executor):
        node.create_subscription(DiagnosticArray, '/diagnostics', hear, 50)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            executor.spin_once(timeout_sec=left)
    if not problems:
        raise InputError(f'no lifter_node was heard on /diagnostics in {seconds:g} s: is it '
                         'running, and are ROS_DOMAIN_ID and the RMW the same?')
    return {name: list(found) for name, found in problems.items()}, most


def hear_keypoints(topic: str, seconds: float, info_needed: bool = True,
                   progress: Progress = silent
                   ) -> tuple[list[Keypoints2DArray], dict[str, CameraInfo]]:
    """Return what arrives within some seconds of the first message.

    And the last CameraInfo by the frame_id of its camera, of all topics that carry any, as their
    publishers offer it; where it is needed it is waited for a little longer. Raises InputError
    where nothing comes for as long.
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

    inputs: dict[str, InputSubscription] = {}
    with private_node('mocap23_calibrate') as (node, executor):
        node.create_subscription(Keypoints2DArray, topic, hear, sensor_data_qos(100))
        full_name = node.resolve_topic_name(topic)
        started = looked = time.monotonic()
        while time.monotonic() < (started if first is None else first) + seconds + (
                _FOR_INFO if info_needed and messages and not infos else 0.0):
            executor.spin_once(timeout_sec=0.1)
            now = time.monotonic()
            progress(int(now - started), int(seconds))
            if now - looked < _LOOK_AROUND:
                continue
            looked = now
            for known in inputs.values():
                known.check()
            for name, types in node.get_topic_names_and_types():
                # Before its publisher nobody knows whether it is sent once and kept.
                if _CAMERA_INFO in types and name not in inputs and node.count_publishers(name):
                    inputs[name] = InputSubscription(node, CameraInfo, name, hear_info, 'auto')
    if first is None:
        raise InputError(f'nothing came on {full_name} in {seconds:g} s: is a node running that '
                         'publishes mocap23_msgs/Keypoints2DArray there, and are ROS_DOMAIN_ID and '
                         'the RMW the same?')
    return messages, infos


@contextmanager
def private_node(name: str) -> Iterator[tuple[Node, SingleThreadedExecutor]]:
    """A node in a context of its own and the executor that spins it, both ended afterwards."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node(name, context=context, start_parameter_services=False)
    executor = SingleThreadedExecutor(context=context)
    try:
        executor.add_node(node)
        yield node, executor
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown(context=context)
