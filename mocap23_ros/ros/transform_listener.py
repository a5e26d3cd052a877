# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to TF and leaves out what is of no use or does harm."""

import re
from collections.abc import Callable

import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from tf2_msgs.msg import TFMessage

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import check_translation
from mocap23_ros.ros.frame_names import FrameNameWatch
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.ros.static_frames import Hear, StaticFrameWatch
from mocap23_ros.ros.topics import BODY_ID, latched_qos

# Skeletons, of this node or another: never between a camera and the world, and a buffer keeps
# every frame that it ever heard of.
_PERSON = re.compile(rf'(^|/)person_\d+(/|$)|^body_{BODY_ID}$')
# A buffer keeps ten seconds behind the newest stamp of a frame: a stamp far ahead would make it
# forget, and then refuse, everything of the present.
_AHEAD = 10.0


class CameraTransformListener(tf2_ros.TransformListener):
    """Fills a buffer from /tf and /tf_static; leaves out people, future and absurd transforms."""

    def __init__(
        self, buffer: tf2_ros.Buffer, node: Node, problems: ProblemLog,
        newest_image: Callable[[], int], names: FrameNameWatch,
    ) -> None:
        """newest_image: stamp of the newest image, ns; 0: none. Its clock counts as well.

        ``names`` hears of the moving frames of people.
        """
        self._node_clock = node.get_clock()
        self._problems = problems
        self._newest_image = newest_image
        self._names = names
        self._node = node
        self._static = StaticFrameWatch(problems, self._static_anew, lambda transforms: super(
            CameraTransformListener, self).static_callback(TFMessage(transforms=transforms)))
        super().__init__(buffer, node)

    def callback(self, data: TFMessage) -> None:
        """Store moving transforms."""
        people: list[TransformStamped] = []
        others: list[TransformStamped] = []
        for transform in data.transforms:
            is_person = _PERSON.search(transform.child_frame_id)
            (people if is_person else others).append(transform)
        if people:
            self._names.heard(people)
            data.transforms = others
        if not data.transforms:
            return
        now = max(self._node_clock.now().nanoseconds, self._newest_image())
        early = [t for t in data.transforms if now > 0 and self._lead(t, now) > _AHEAD]
        if early:
            self._problems.report(
                'tf clock', f'TF of "{early[0].child_frame_id}" is stamped '
                f'{self._lead(early[0], now):.0f} s ahead of the images and of this node; it is '
                'left out. Set the clock of who publishes it', Severity.WARN)
            data.transforms = [t for t in data.transforms if t not in early]
        else:
            self._problems.clear('tf clock')
        data.transforms = self._without_far(data.transforms)
        self._static.heard(data.transforms, moving=True)
        super().callback(data)

    def static_callback(self, data: TFMessage) -> None:
        """Store static transforms."""
        data.transforms = [t for t in data.transforms if not _PERSON.search(t.child_frame_id)]
        self._static.heard(data.transforms)
        super().static_callback(data)

    def check(self, moment: float, world_frame: str, camera_frame: str) -> None:
        """Report frames that have two places; once a second. moment: of a steady clock, s."""
        publishers = self._node.count_publishers(self._node.resolve_topic_name('/tf_static'))
        self._static.check(moment, publishers, world_frame, camera_frame)

    def unregister(self) -> None:
        """Stop listening."""
        self._static.close()
        super().unregister()

    def _static_anew(self, hear: Hear) -> Callable[[], object]:
        """Hear what is kept on /tf_static, until what is returned is called."""
        subscription = self._node.create_subscription(
            TFMessage, '/tf_static', lambda data: hear(data.transforms), latched_qos(100))
        return lambda: self._node.destroy_subscription(subscription)

    def _without_far(self, transforms: list[TransformStamped]) -> list[TransformStamped]:
        """Leave out absurd transforms: they spoil what is interpolated before and after them."""
        near = []
        for transform in transforms:
            t = transform.transform.translation
            try:
                check_translation((t.x, t.y, t.z))
            except InputError as error:
                self._problems.report(
                    'tf distance', f'TF of "{transform.child_frame_id}" in '
                    f'"{transform.header.frame_id}" is left out: {error}. Check who publishes it')
            else:
                near.append(transform)
        if len(near) == len(transforms):
            self._problems.clear('tf distance')
        return near

    @staticmethod
    def _lead(transform: TransformStamped, now: int) -> float:
        return 1e-9 * (nanoseconds(transform.header.stamp) - now)
