# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The people that a lifter node publishes, for rclpy nodes."""

import threading
from collections import deque
from collections.abc import Callable

import tf2_ros
from rclpy.node import Node
from rclpy.time import Time

from mocap23_msgs.msg import SkeletonArray, SkeletonInfo
from mocap23_ros.client.people import People
from mocap23_ros.errors import InputError
from mocap23_ros.ros.topics import latched_qos, sensor_data_qos
from mocap23_ros.ros.transforms import matrix_from_transform

_MOST_WAITING = 10  # messages without a transform yet
_RETRY_SECONDS = 0.02


class PeopleSubscriber:
    """Keeps the newest people, in a frame of choice, and calls back for each message.

    node: whose topics and TF are used; somebody spins it. frame: the frame wanted, at the stamp of
    the people; None leaves them in the world frame. callback: called with People in the executor's
    thread. people_seconds: how old ``latest`` may be, on the node's clock.
    """

    def __init__(self, node: Node, frame: str | None = None,
                 callback: Callable[[People], None] | None = None,
                 people_seconds: float = 0.5, topic: str = 'skeletons',
                 info_topic: str = 'skeleton_info') -> None:
        self._node, self._frame, self._callback = node, frame, callback
        self._age = people_seconds
        self._names: tuple[str, ...] = ()
        self._latest: People | None = None
        self._arrived = threading.Condition()
        self._waiting: deque[SkeletonArray] = deque(maxlen=_MOST_WAITING)
        if frame is not None:
            node.create_timer(_RETRY_SECONDS, self._resolve)
            self._buffer = tf2_ros.Buffer(node=node)
            self._listener = tf2_ros.TransformListener(self._buffer, node)
        node.create_subscription(SkeletonInfo, info_topic, self._take_info, latched_qos())
        # Best effort hears reliable publishers too, and never waits for what is out of date.
        node.create_subscription(SkeletonArray, topic, self._take, sensor_data_qos(1))

    def latest(self) -> People | None:
        """The newest people, None where there are none younger than ``people_seconds``.

        Nobody in view is an empty People; None says that nothing is known, for a robot a reason
        to be careful.
        """
        with self._arrived:
            people = self._latest
        if people is None:
            return None
        age = self._node.get_clock().now().nanoseconds * 1e-9 - people.stamp
        return people if age <= self._age else None

    def wait_for_person(self, seconds: float) -> People | None:
        """Wait until somebody is seen; None after that long. Not from the executor's thread."""
        with self._arrived:
            found = self._arrived.wait_for(
                lambda: self._latest is not None and len(self._latest) > 0, seconds)
            return self._latest if found else None

    def _take_info(self, info: SkeletonInfo) -> None:
        self._names = tuple(info.joint_names)

    def _take(self, message: SkeletonArray) -> None:
        if not self._names:
            return  # SkeletonInfo is latched and comes at once; without it joints have no names
        self._waiting.append(message)
        self._resolve()

    def _resolve(self) -> None:
        """Use the newest message whose transform is there; older ones are out of date then.

        The robot's pose often comes a little later than the people.
        """
        problem = None
        for message in reversed(self._waiting.copy()):
            try:
                people = self._in_frame(message)
            except (InputError, tf2_ros.TransformException) as error:
                problem = problem or error
                continue
            while self._waiting.popleft() is not message:
                pass
            with self._arrived:
                self._latest = people
                self._arrived.notify_all()
            if self._callback is not None:
                self._callback(people)
            return
        if problem is not None and len(self._waiting) == self._waiting.maxlen:
            self._node.get_logger().warning(f'people not used: {problem}',
                                            throttle_duration_sec=2.0)

    def _in_frame(self, message: SkeletonArray) -> People:
        people = People.from_message(message, self._names)
        if self._frame is None or message.header.frame_id == self._frame:
            return people
        found = self._buffer.lookup_transform(
            self._frame, message.header.frame_id, Time.from_msg(message.header.stamp))
        return people.in_frame(self._frame, matrix_from_transform(found.transform))
