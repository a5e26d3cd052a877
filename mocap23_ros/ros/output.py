# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The protocol of further outputs: each makes something of the skeletons, on its own topic."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from geometry_msgs.msg import TransformStamped
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from std_msgs.msg import Header

from mocap23_ros.errors import InputError
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.settings import Settings
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


@dataclass(frozen=True)
class OutputContext:
    """What an output is made with when the node is configured.

    create(message_type, topic): a publisher that follows the node's life cycle and QoS
    parameters; the node destroys it. output_format: joints of the skeletons. keypoint_format:
    those of the tracks. frame_prefix: what the names of the people's TF frames begin with. node:
    for publishers that come and go; who makes them destroys them, in ``clear`` at the latest.
    settings: as the node was configured. at_close:
    takes what to call when the outputs end.
    """

    create: Callable[[type, str], LifecyclePublisher]
    output_format: SkeletonFormat
    keypoint_format: SkeletonFormat
    frame_prefix: str
    send_transforms: Callable[[list[TransformStamped]], None]
    node: LifecycleNode
    settings: Settings
    at_close: Callable[[Callable[[], None]], object]


def message_package(name: str, parameter: str) -> Any:
    """The messages of a package that few have; InputError, naming the parameter, without it."""
    try:
        return importlib.import_module(f'{name}.msg')
    except ImportError:
        raise InputError(
            f'{parameter} needs the package {name}, which is not installed; install it with: '
            f'sudo apt-get install ros-$ROS_DISTRO-{name.replace("_", "-")}') from None


class Output(Protocol):
    """Called on the worker's thread. A new one: its file, and a line in ``outputs.OUTPUTS``."""

    def publish(self, result: FrameResult, header: Header, settings: Settings) -> None:
        """Publish a frame. header: its stamp and the world frame; nobody seen counts too."""

    def clear(self, header: Header) -> None:
        """Tell everybody that nobody is followed any more, as after a reset."""
