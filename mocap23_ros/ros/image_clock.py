# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Judges the stamps of frames: which follow the camera's clock, and which another one."""

import threading
import time
from enum import Enum, auto

from builtin_interfaces.msg import Time

from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.stamps import nanoseconds

SMALL_STEP_BACK = 1.0  # s; larger ones are another time: a bag that loops, another clock
# A stamp may run ahead of the one before by a second (gaps of cameras), and by ten times the time
# that passed here (bags that are played fast).
_STEP_AHEAD = 1.0
_FASTEST_REPLAY = 10.0
# Another time counts once it has this many frames more than the present one.
_MAJORITY = 4
# Seconds by which stamps may differ from the clock of the node.
_OLDEST, _FUTURE = 5.0, 1.0


class Verdict(Enum):
    """What to do with a frame."""

    ACCEPTED = auto()
    REFUSED = auto()
    BEGIN_ANEW = auto()


class ImageClock:
    """Judges frames by their stamps, in the order in which they arrive. Thread safe.

    One camera is one clock. Frames of another time are left out until they are the majority:
    somebody else publishes on the topic, or one stamp was wrong. Then their time counts; where it
    lies before, everything begins anew.
    """

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Take any stamp as the next."""
        with self._lock:
            self._last = 0
            self._votes = 0
            self._arrival = 0.0

    @property
    def newest(self) -> int:
        """The newest stamp that was accepted, ns; 0: none."""
        return self._last

    def judge(self, stamp: Time, now: int) -> Verdict:
        """Judge the next frame; now: the clock of the node, ns, 0 where it does not run."""
        newest = nanoseconds(stamp)
        if newest <= 0:
            self._problems.report(
                'stamp', 'the images have stamp 0; the camera driver must set header.stamp to the '
                'time of exposure')
            return Verdict.REFUSED
        age = 1e-9 * (now - newest) if now > 0 else None
        with self._lock:
            verdict = self._compare(newest, age)
        if verdict is not Verdict.REFUSED:
            self._compare_with_node(age or 0.0)
        return verdict

    def _compare(self, stamp: int, age: float | None) -> Verdict:
        arrival = time.monotonic()
        step = 1e-9 * (stamp - self._last)
        longest = _STEP_AHEAD + _FASTEST_REPLAY * (arrival - self._arrival)
        # A machine that stood still takes an old image and the newest in one go.
        is_of_now = age is not None and -_FUTURE < age < _OLDEST
        if self._last == 0 or 0.0 < step <= longest or (step > 0.0 and is_of_now):
            self._votes = max(0, self._votes - 1)
            self._accept(stamp, arrival)
            return Verdict.ACCEPTED
        if -SMALL_STEP_BACK <= step <= 0.0:
            self._problems.report(
                'stamp', f'an image is {-step:.3f} s older than the one before, or the same again; '
                'it is ignored. Check that only one camera publishes on the image topic',
                Severity.WARN)
            return Verdict.REFUSED
        self._votes += 1
        if self._votes < _MAJORITY:
            side = 'ahead of' if step > 0.0 else 'behind'
            self._problems.report(
                'clocks', f'an image is stamped {abs(step):.1f} s {side} those before; such images '
                'are left out. Check that one camera alone publishes on the image topic, and that '
                'its clock is steady', Severity.WARN)
            return Verdict.REFUSED
        self._votes = 0
        self._accept(stamp, arrival)
        if step > 0.0:
            return Verdict.ACCEPTED
        self._problems.report(
            'time', f'stamps jumped back by {-step:.1f} s (a bag that loops?): everything is '
            'forgotten and begins anew', Severity.WARN)
        return Verdict.BEGIN_ANEW

    def _accept(self, stamp: int, arrival: float) -> None:
        self._last, self._arrival = stamp, arrival
        self._problems.clear('stamp', 'time')
        if self._votes == 0:
            self._problems.clear('clocks')

    def _compare_with_node(self, age: float) -> None:
        doubt = ''
        if age > _OLDEST:
            doubt = (f'images arrive {age:.1f} s after their stamp; where they are a recording, '
                     'play it with --clock and set use_sim_time to true, otherwise set the clocks '
                     'of camera and node alike')
        elif age < -_FUTURE:
            doubt = (f'images are stamped {-age:.1f} s ahead of the clock of this node; set the '
                     'clocks of camera and node alike')
        self._problems.judge('age', doubt)
