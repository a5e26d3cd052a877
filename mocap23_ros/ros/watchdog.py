# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices inputs that do not come at all."""

import time

from rclpy.node import Node

from mocap23_ros.ros.problems import ProblemLog, Severity


class InputWatchdog:
    """Reports an input that is silent, and a simulated clock that does not run or stands still."""

    def __init__(self, node: Node, problems: ProblemLog) -> None:
        self._node = node
        self._problems = problems
        self._last_input = self._started = time.monotonic()
        self._time, self._moved = 0, self._started  # the node's clock, ns, and when it moved last

    def start(self) -> None:
        """Begin to wait; also forgives the silence so far."""
        self._last_input = self._started = time.monotonic()

    def feed(self) -> None:
        """Note that an input came."""
        self._last_input = time.monotonic()

    def check(self, topic: str, mismatch: str = '') -> None:
        """Report what is missing, or withdraw the report; to be called about once a second.

        ``mismatch``: why nothing comes although the topic has publishers, where that is known.
        """
        # Rates of inputs are a matter of the wall clock, also where time is simulated or paused.
        limit = self._node.get_parameter('input_timeout').value
        stopped = self._check_clock(limit)
        silence = time.monotonic() - self._last_input
        if silence <= limit or stopped:
            self._problems.clear('input')
            return
        count = self._node.count_publishers(topic)
        reason = (
            'nobody publishes it: start the camera, or remap the topic' if not count else
            f'{count} publisher(s) exist: ' + (mismatch or (
                'check that they send, and their quality of service '
                f'(ros2 topic info -v {topic})')))
        self._problems.report('input', f'nothing came on {topic} for {limit:g} s; {reason}')

    def _check_clock(self, limit: float) -> bool:
        """Report a simulated clock that does not run; whether it stands still after it ran."""
        now, moment = self._node.get_clock().now().nanoseconds, time.monotonic()
        if not self._node.get_parameter('use_sim_time').value or now != self._time:
            self._time, self._moved = now, moment
        stopped = moment - self._moved > limit
        if not now and moment - self._started > limit:  # a player needs a moment to start
            self._problems.report(
                'clock', 'use_sim_time is true but nothing comes on /clock; start the simulation '
                '(ros2 bag play --clock), or set use_sim_time to false')
        elif now and stopped and not self._node.count_publishers('/clock'):
            self._problems.report(
                'clock', f'the simulated time stands still at {1e-9 * now:.1f} s: nobody publishes '
                '/clock any more; start the simulation or the bag again')
        elif now and stopped:
            self._problems.report(
                'clock', f'the simulated time stands still at {1e-9 * now:.1f} s: the simulation '
                'or the bag is paused', Severity.WARN)
        elif now:
            self._problems.clear('clock')
        return bool(now) and stopped
