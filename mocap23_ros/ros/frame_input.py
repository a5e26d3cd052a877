# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The topic that frames come on: images, or the keypoints of another program."""

import time
from collections.abc import Callable

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from mocap23_msgs.msg import Keypoints2DArray
from mocap23_ros.ros.frame_processor import Input
from mocap23_ros.ros.image_clock import ImageClock, Verdict
from mocap23_ros.ros.input_subscription import InputSubscription
from mocap23_ros.ros.parameters import read_settings
from mocap23_ros.ros.problems import ProblemLog
from mocap23_ros.ros.topics import image_topic
from mocap23_ros.ros.watchdog import InputWatchdog

LONGEST_FRAME_ID = 255  # characters; every output repeats it


class FrameInput:
    """Takes frames between ``open`` and ``close`` and hands on those that can be used.

    Belongs to the executor's thread. Reports what does not come in, and what cannot be used.
    """

    def __init__(
        self, node: Node, problems: ProblemLog, on_frame: Callable[[Input, bool], None],
        on_unusable: Callable[[], None],
    ) -> None:
        """on_frame: also gets whether another time begins, so that nobody is followed on."""
        self._node = node
        self._problems = problems
        self._on_frame = on_frame
        self._on_unusable = on_unusable
        self._clock = ImageClock(problems)
        self._watchdog = InputWatchdog(node, problems)
        self._subscription: InputSubscription | None = None

    @property
    def is_open(self) -> bool:
        """Whether frames are taken."""
        return self._subscription is not None

    @property
    def topic(self) -> str:
        """The topic of the frames, '' while none are taken."""
        return self._subscription.topic if self._subscription is not None else ''

    @property
    def lost(self) -> int:
        """Frames that were sent and did not arrive, as far as the middleware tells."""
        return self._subscription.lost if self._subscription is not None else 0

    @property
    def newest_stamp(self) -> int:
        """The newest stamp of a usable frame, ns; 0: none."""
        return self._clock.newest

    def open(self) -> None:
        """Begin to take frames. Raises InputError for quality of service that cannot be used."""
        settings = read_settings(self._node)
        if settings.detector == 'external':
            message_type: type = Keypoints2DArray
            topic = self._node.resolve_topic_name('keypoints_2d_in')
        else:
            message_type = Image if settings.image_transport == 'raw' else CompressedImage
            topic = image_topic(self._node, settings.image_transport)
        self.begin_anew()
        self._subscription = InputSubscription(
            self._node, message_type, topic, self._on_message, settings.qos_image,
            settings.input_depth, reliable_first=settings.keeps_all)

    def close(self) -> None:
        """Stop taking frames."""
        if self._subscription is not None:
            self._subscription.close()
        self._subscription = None

    def begin_anew(self) -> None:
        """Take any stamp as the next; forgive the silence so far."""
        self._clock.reset()
        self._watchdog.start()

    def check(self) -> None:
        """Report what does not come in; once a second, while it is open."""
        assert self._subscription is not None
        self._problems.judge('loss', self._subscription.check())
        self._problems.judge('input publishers', self._subscription.several(time.monotonic()))
        self._watchdog.check(self._subscription.topic, self._subscription.silence())

    def _on_message(self, message: Input) -> None:
        self._watchdog.feed()
        if len(message.header.frame_id) > LONGEST_FRAME_ID:
            self._problems.report(
                'input data', f'the frame_id has {len(message.header.frame_id)} characters; at '
                f'most {LONGEST_FRAME_ID} are taken')
            self._on_unusable()
            return
        # Here, so that a frame of another clock takes nobody's place.
        verdict = self._clock.judge(message.header.stamp, self._node.get_clock().now().nanoseconds)
        if verdict is Verdict.REFUSED:
            self._on_unusable()
        else:
            self._on_frame(message, verdict is Verdict.BEGIN_ANEW)
