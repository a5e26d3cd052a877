# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The node's health as diagnostic_msgs/DiagnosticArray."""

import threading
from collections import deque
from collections.abc import Mapping

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from mocap23_ros.ros.health import Totals
from mocap23_ros.ros.problems import Problem, Severity

_HISTORY = 300  # frames


class FrameStatistics:
    """What happened to the frames, in total and since the last report. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._published = 0
        self._failed = 0
        self._people = 0
        self._latency: deque[float] = deque(maxlen=_HISTORY)
        self._delay: deque[float] = deque(maxlen=20)
        self._stages: dict[str, deque[float]] = {}
        self._last_totals = (0, 0)
        self._last_time: float | None = None

    def add_published(
        self, latency: float, delay: float, people: int, stages: Mapping[str, float]
    ) -> None:
        """Count a frame that was published.

        latency: seconds since its stamp. delay: since it arrived here. stages: seconds spent.
        """
        with self._lock:
            self._published += 1
            self._people = people
            self._latency.append(latency)
            self._delay.append(delay)
            for stage, seconds in stages.items():
                self._stages.setdefault(stage, deque(maxlen=_HISTORY)).append(seconds)

    def add_failed(self) -> None:
        """Count a frame that could not be used."""
        with self._lock:
            self._failed += 1

    def totals(self, received: int, dropped: int, monotonic: float) -> Totals:
        """Return the counts at this moment."""
        with self._lock:
            times = {stage: float(np.median(seconds)) for stage, seconds in self._stages.items()}
            return Totals(
                monotonic, received, dropped, self._published,
                float(np.median(self._delay)) if self._delay else 0.0,
                max(times, key=times.__getitem__, default=''))

    def values(self, received: int, dropped: int, monotonic: float) -> dict[str, str]:
        """Return the figures as text; rates hold for the time since the last call."""
        with self._lock:
            elapsed = monotonic - self._last_time if self._last_time is not None else 0.0
            rates = [
                f'{(now - before) / elapsed:.1f}' if elapsed > 0.0 else 'unknown'
                for now, before in zip((received, self._published), self._last_totals, strict=True)]
            self._last_totals, self._last_time = (received, self._published), monotonic
            figures = {
                'images received': str(received),
                'images published': str(self._published),
                'images dropped (newer one came)': str(dropped),
                'images unusable': str(self._failed),
                'input rate [Hz]': rates[0],
                'output rate [Hz]': rates[1],
                'people': str(self._people),
            }
            if self._latency:
                for percent, value in zip(
                        (50, 95, 99), np.percentile(self._latency, (50, 95, 99)), strict=True):
                    figures[f'capture to publish p{percent} [ms]'] = f'{1e3 * value:.1f}'
            for stage, seconds in self._stages.items():
                figures[f'{stage} p50 [ms]'] = f'{1e3 * float(np.median(seconds)):.1f}'
            return figures


def make_status(
    name: str,
    hardware_id: str,
    problems: Mapping[str, Problem],
    values: Mapping[str, str],
    fine: str,
) -> DiagnosticStatus:
    """Return one status: the worst problem is its level and message, ``fine`` where none is."""
    worst = max(problems.values(), key=lambda problem: problem.severity, default=None)
    status = DiagnosticStatus(
        level=bytes([worst.severity if worst else Severity.OK]),
        name=name,
        hardware_id=hardware_id,
        message=worst.message if worst else fine,
    )
    status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
    status.values += [
        KeyValue(key=f'problem: {key}', value=problem.message) for key, problem in problems.items()]
    return status
