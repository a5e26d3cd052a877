# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The people that a lifter node publishes, for rclpy nodes."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import tf2_ros
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.time import Time
from std_msgs.msg import Header

from mocap23_msgs.msg import Keypoints2DArray, SkeletonArray, SkeletonInfo
from mocap23_ros.client.people import People
from mocap23_ros.client.vanished_people import VanishedPeople
from mocap23_ros.errors import InputError
from mocap23_ros.ros.topics import latched_qos, sensor_data_qos
from mocap23_ros.ros.transforms import matrix_from_transform

_MOST_WAITING = 10  # messages without a transform yet
_RETRY_SECONDS = 0.02
_MOST_KEPT = 64  # stamps of keypoints, for skeletons that come later
_EARLY = 0.1  # seconds that stamps may be ahead of the clock
_SILENT = 2.0  # seconds of the machine, for clocks that stand still


class PeopleSubscriber:
    """Keeps the newest people, in a frame of choice, and calls back for each message.

    node: whose topics and TF are used; somebody spins it. frame: the frame wanted, at the stamp of
    the people; None leaves them in the world frame. callback: called with People in the executor's
    thread. people_seconds: how old ``latest`` may be, on the node's clock. remember_seconds: how
    long people whom the camera has lost stay where they were, see VanishedPeople. keypoints_topic:
    keypoints_2d of the same node, from which People.unplaced is known; None: not.
    """

    def __init__(self, node: Node, frame: str | None = None,
                 callback: Callable[[People], None] | None = None,
                 people_seconds: float = 0.5, topic: str = 'skeletons',
                 info_topic: str = 'skeleton_info', remember_seconds: float = 0.0,
                 keypoints_topic: str | None = None) -> None:
        self._node, self._frame, self._callback = node, frame, callback
        self._age = people_seconds
        self._names: tuple[str, ...] = ()
        self._latest: People | None = None
        self._when = 0.0  # of the machine's clock, at which it came
        self._cameras: dict[str, float] = {}  # the same, by camera
        self._seen: dict[tuple[int, int], list[int]] = {}  # ids in keypoints_2d by stamp
        self._keypoints_topic, self._seen_when = keypoints_topic, -math.inf
        self._vanished = VanishedPeople(remember_seconds)
        self._arrived = threading.Condition()
        self._waiting: deque[tuple[SkeletonArray, People]] = deque(maxlen=_MOST_WAITING)
        if frame is not None:
            node.create_timer(  # also where the wall clock steps back, or simulated time stops
                _RETRY_SECONDS, self._resolve, clock=Clock(clock_type=ClockType.STEADY_TIME))
            self._buffer = tf2_ros.Buffer(node=node)
            self._listener = tf2_ros.TransformListener(self._buffer, node)
        node.create_subscription(SkeletonInfo, info_topic, self._take_info, latched_qos())
        if keypoints_topic is not None:  # heard before the skeletons of its stamp
            node.create_subscription(Keypoints2DArray, keypoints_topic, self._take_keypoints,
                                     sensor_data_qos(10))
        # Best effort hears reliable publishers too. Deep enough that of two cameras which publish
        # at the same moments neither hides the other.
        node.create_subscription(SkeletonArray, topic, self._take, sensor_data_qos(10))

    def latest(self) -> People | None:
        """The newest people, None where there are none younger than ``people_seconds``.

        Nobody in view is an empty People; None says that nothing is known, for a robot a reason
        to be careful. It is None, too, while stamps are ahead of the clock (it jumped, or belongs
        to another machine), while two cameras publish on the topic, and while no keypoints come on
        ``keypoints_topic``.
        """
        with self._arrived:
            people, when, cameras = self._latest, self._when, self._cameras.copy()
        if people is None:
            return None
        since = time.monotonic() - when
        if since > max(self._age, _SILENT):
            return None
        if self._keypoints_topic is not None and when - self._seen_when > self._age:
            self._warn(f'skeletons come, but nothing on {self._keypoints_topic}: whether somebody '
                       'is seen whose place is not known stays unknown')
            return None
        several = [name for name, heard in cameras.items() if when - heard <= self._age]
        if len(several) > 1:
            self._warn(f'skeletons come from several cameras ({", ".join(sorted(several))}): '
                       'listen to each on a topic of its own')
            return None
        age = self.age(people)
        if age < -_EARLY:
            self._warn(f'people are stamped {-age:.1f} s ahead of the clock of this node: clocks '
                       'of two machines differ, or use_sim_time does')
        return people if -_EARLY <= age <= self._age else None

    def age(self, people: People) -> float:
        """Seconds from the stamp of the people to now, on the node's clock."""
        return float(self._node.get_clock().now().nanoseconds * 1e-9 - people.stamp)

    def wait_for_person(self, seconds: float) -> People | None:
        """Wait until somebody is seen; None after that long. Not from the executor's thread."""
        with self._arrived:
            self._arrived.wait_for(lambda: bool(self.latest()), seconds)
            return self.latest() or None

    def _take_info(self, info: SkeletonInfo) -> None:
        self._names = tuple(info.joint_names)

    def _take_keypoints(self, message: Keypoints2DArray) -> None:
        stamp, self._seen_when = message.header.stamp, time.monotonic()
        self._seen[stamp.sec, stamp.nanosec] = [int(person.id) for person in message.people]
        while len(self._seen) > _MOST_KEPT:
            del self._seen[next(iter(self._seen))]

    def _take(self, message: SkeletonArray) -> None:
        if not self._names:
            return  # SkeletonInfo is latched and comes at once; without it joints have no names
        with self._arrived:
            self._cameras[message.camera_frame] = time.monotonic()
        stamp = message.header.stamp
        try:
            people = People.from_message(
                message, self._names, self._seen.get((stamp.sec, stamp.nanosec), ()))
        except InputError as error:
            self._warn(f'people not used: {error}')
            return
        self._waiting.append((message, self._vanished.update(people)))
        self._resolve()

    def _resolve(self) -> None:
        """Use the newest message whose transform is there; older ones are out of date then.

        The robot's pose often comes a little later than the people.
        """
        problem = None
        for message, found in reversed(self._waiting.copy()):
            try:
                people = self._in_frame(found, message.header)
            except tf2_ros.TransformException as error:
                problem = problem or error
                continue
            while self._waiting.popleft()[0] is not message:
                pass
            with self._arrived:
                self._latest, self._when = people, time.monotonic()
                self._arrived.notify_all()
            if self._callback is not None:
                self._callback(people)
            return
        if problem is not None and len(self._waiting) == self._waiting.maxlen:
            self._warn(f'people not used: {problem}')

    def _warn(self, message: str) -> None:
        self._node.get_logger().warning(message, throttle_duration_sec=2.0)

    def _in_frame(self, people: People, header: Header) -> People:
        if self._frame is None or people.frame_id == self._frame:
            return people
        found = self._buffer.lookup_transform(
            self._frame, people.frame_id, Time.from_msg(header.stamp))
        return people.in_frame(self._frame, matrix_from_transform(found.transform))
