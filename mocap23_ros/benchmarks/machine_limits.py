# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The limits of this machine: matrix products and copies per second, and the least time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_PRODUCT_SIZE = 1024
_COPY_BYTES = 256 << 20
_REPEATS = 7


@dataclass(frozen=True)
class MachineLimits:
    """flops: float32 matrix product, operations per second; bandwidth: bytes read and written."""

    flops: float
    bandwidth: float

    def floor(self, flops: float, moved_bytes: float) -> float:
        """Shortest time in ms for this work: max(flops / rate, bytes / bandwidth)."""
        return 1e3 * max(flops / self.flops, moved_bytes / self.bandwidth)


def measure_limits() -> MachineLimits:
    """Best of some runs of a 1024^3 float32 product (NumPy's BLAS) and of a 256 MiB copy."""
    generator = np.random.default_rng(0)
    a, b = (generator.random((_PRODUCT_SIZE, _PRODUCT_SIZE), dtype=np.float32) for _ in range(2))
    result = np.empty_like(a)
    product = _best(lambda: np.matmul(a, b, out=result))
    source = np.ones(_COPY_BYTES // 4, np.float32)
    target = np.zeros_like(source)
    copy = _best(lambda: np.copyto(target, source))
    return MachineLimits(2.0 * _PRODUCT_SIZE ** 3 / product, 2.0 * _COPY_BYTES / copy)


def _best(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
