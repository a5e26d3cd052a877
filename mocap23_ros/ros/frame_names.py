# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices another node whose TF frames have the names of this node's frames."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped

from mocap23_ros.ros.problems import ProblemLog, Severity

_REMEMBERED = 300  # messages


class FrameNameWatch:
    """Compares the frames of people on /tf with those that the node sent itself. Thread safe.

    Every message sent comes back once. What comes twice, or was never sent, is another's.
    """

    def __init__(self, prefix: str, problems: ProblemLog) -> None:
        """prefix: what the names of the node's frames begin with, before person_<id>."""
        self._beginning = f'{prefix}person_'
        self._problems = problems
        self._lock = threading.Lock()
        self._sent: OrderedDict[tuple[int, int], int] = OrderedDict()

    def sending(self, stamp: Time) -> None:
        """Note, before they are sent, that frames of this stamp will come back."""
        with self._lock:
            key = (stamp.sec, stamp.nanosec)
            self._sent[key] = self._sent.get(key, 0) + 1
            if len(self._sent) > _REMEMBERED:
                self._sent.popitem(last=False)

    def heard(self, people: Iterable[TransformStamped]) -> None:
        """Take the frames of people of one message on /tf."""
        mine = next((t for t in people if t.child_frame_id.startswith(self._beginning)), None)
        if mine is None:
            return
        stamp = mine.header.stamp
        key = (stamp.sec, stamp.nanosec)
        with self._lock:
            if not self._sent:  # nothing is sent: the names are free
                return
            left = self._sent.get(key, 0) - 1
            if left >= 0:
                self._sent[key] = left
        if left < 0:
            self._problems.report(
                'tf names', f'another node publishes TF frames like "{mine.child_frame_id[:60]}", '
                'as this one does: give one of them a namespace or another frame_prefix',
                Severity.WARN)
        else:
            self._problems.clear('tf names')
