# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Judges the node by its output: the share of frames answered, the delay, what hangs."""

from collections import deque
from dataclasses import dataclass

from mocap23_ros.ros.problems import ProblemLog, Severity

HANG_STATUS = 3  # exit status of a node in which a step hangs

_WINDOW = 5.0  # s, over which rates and latency are judged
_STALLED = 4.0  # s; no step of an image takes so long, on whatever machine
_FEWEST = 10  # images in the window, to judge the share that is dropped
_DROPPED = 0.5
_GOOD_RATE = 10.0  # Hz; so much is enough, however fast the camera is
_LATE = 1.0  # s from an image's arrival to its skeletons


class NodeHangsError(RuntimeError):
    """A step of the computation does not end; only another process can go on."""


@dataclass(frozen=True)
class Totals:
    """Counts of frames since the start, at a moment [s] of a steady clock.

    slowest: the stage that takes most of a frame's time. delay: seconds from arrival to
    publication, the median of the last frames.
    """

    moment: float
    received: int = 0
    dropped: int = 0
    published: int = 0
    delay: float = 0.0
    slowest: str = ''


class OutputHealth:
    """Reports too few or too late results. Call ``check`` and ``check_progress`` once a second."""

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self._totals: deque[Totals] = deque()

    def start(self) -> None:
        """Forget earlier counts."""
        self._totals.clear()

    def check(self, totals: Totals, *, keeps_all: bool = False, min_rate: float = 0.0) -> None:
        """Report what is wrong with the output, or withdraw the report.

        keeps_all: every image counts, so that one dropped image is an error. min_rate: images a
        second that must be answered, Hz.
        """
        while len(self._totals) > 1 and totals.moment - self._totals[1].moment >= _WINDOW:
            self._totals.popleft()
        self._totals.append(totals)
        first = self._totals[0]
        seconds = totals.moment - first.moment
        received, dropped = totals.received - first.received, totals.dropped - first.dropped
        rate = (totals.published - first.published) / max(seconds, 1e-3)
        slowest = f'; most time goes into "{totals.slowest}"' if totals.slowest else ''
        doubt, severity = '', Severity.WARN
        if keeps_all and dropped:
            severity = Severity.ERROR
            doubt = (f'{dropped} images found no place in the queue and are lost: raise '
                     'image_queue, or play the recording more slowly')
        elif not keeps_all and received >= _FEWEST and seconds >= 0.6 * _WINDOW and (
                dropped > _DROPPED * received and rate < _GOOD_RATE):
            doubt = (
                f'overloaded: {received / seconds:.1f} images come in a second and {rate:.1f} are '
                f'computed{slowest}. Send smaller or fewer images, take a smaller tier or a GPU, '
                'or free the processor')
        self._problems.judge('overload', doubt, severity)
        if seconds >= 0.6 * _WINDOW:
            self._problems.judge('rate', (
                f'frequency too low: {rate:.1f} images a second are answered, and min_rate is '
                f'{min_rate:g}') if rate < min_rate else '')
        late = received and totals.delay > _LATE and not keeps_all
        self._problems.judge('latency', (
            f'skeletons come {totals.delay:.1f} s after their images arrived{slowest}'
            ) if late else '')

    def check_progress(self, stage: str, busy_for: float, hang_timeout: float,
                       is_alive: bool = True) -> None:
        """Report a stage that takes too long.

        Raises NodeHangsError after hang_timeout seconds (0: never), and where the thread that
        computes is not alive.
        """
        if not is_alive:
            raise NodeHangsError(f'the thread that computes ended in "{stage}": the node ends with '
                                 f'status {HANG_STATUS}, to be started again')
        if busy_for <= _STALLED:
            self._problems.clear('stalled')
            return
        self._problems.report('stalled', f'"{stage}" of one image has taken {busy_for:.0f} s and '
                              'goes on: nothing is published')
        if hang_timeout and busy_for > hang_timeout:
            raise NodeHangsError(
                f'"{stage}" hangs since {busy_for:.0f} s: the node ends with status '
                f'{HANG_STATUS}, to be started again (hang_timeout)')
