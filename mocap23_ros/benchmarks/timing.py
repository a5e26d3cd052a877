# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Repeat a call and say how long it takes."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Milliseconds of a repeated call; cpu: processor time of all threads, per call."""

    median: float
    p95: float
    p99: float
    first: float
    cpu: float
    calls: int

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON, rounded to microseconds."""
        return {key: round(value, 3) for key, value in asdict(self).items()}


def measure(call: Callable[[], object], calls: int = 200, seconds: float = 2.0) -> Timing:
    """Time a call: the first one apart, then 3 unmeasured, then up to ``calls`` or ``seconds``.

    Slow calls take up to ten times the seconds, until 20 are measured; at least 3 are.
    """
    start = time.perf_counter()
    call()
    first = time.perf_counter() - start
    for _ in range(3):
        call()
    times: list[float] = []
    begin = time.perf_counter()
    cpu = time.process_time()
    while len(times) < calls and (len(times) < 3 or time.perf_counter() - begin < (
            10 * seconds if len(times) < 20 else seconds)):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    cpu = (time.process_time() - cpu) / len(times)
    median, p95, p99 = np.percentile(times, (50, 95, 99)) * 1e3
    return Timing(float(median), float(p95), float(p99), first * 1e3, cpu * 1e3, len(times))
