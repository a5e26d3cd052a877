# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Random events and smooth random signals over windows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def chance(rng: np.random.Generator, shape: int | tuple[int, ...], probability: Any
           ) -> NDArray[np.bool_]:
    """Independent events of the given probability (it broadcasts), bool of ``shape``."""
    return np.asarray(rng.random(shape, dtype=np.float32) < probability)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], correlation: NDArray
                 ) -> NDArray[np.float32]:
    """Stationary AR(1) noise of unit variance along axis 1 of ``shape`` = [B,T,...].

    correlation: [B] between successive samples.
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    a = correlation.astype(np.float32).reshape(-1, *(1,) * (len(shape) - 2))
    fresh = np.sqrt(1 - a * a)
    for k in range(1, shape[1]):
        white[:, k] = a * white[:, k - 1] + fresh * white[:, k]
    return white


def intervals(rng: np.random.Generator, count: int, length: int, rate: float,
              duration: tuple[float, float], probability: float) -> NDArray[np.bool_]:
    """One random stretch of time per window with the given chance, bool [count,length]."""
    span = np.maximum(rng.uniform(*duration, count) * rate, 1.0)
    begin = rng.uniform(-span + 1, length)
    k = np.arange(length)
    happens = chance(rng, count, probability)
    return np.asarray((k >= begin[:, None]) & (k < (begin + span)[:, None]) & happens[:, None])


def episodes(rng: np.random.Generator, shape: tuple[int, ...], rate: float, share: Any,
             seconds: Any) -> NDArray[np.bool_]:
    """Stretches of time of random lengths, bool of ``shape`` = [B,T,...].

    share: of the time that they take, and seconds: that one lasts in the mean; they broadcast over
    the last axes. A chain of two states, which is as likely within one at any sample.
    """
    share = np.asarray(share, np.float32)
    ends = 1 - np.exp(-1 / (rate * np.asarray(seconds, np.float32)))
    begins = np.minimum(ends * share / (1 - share), 1.0)
    draw = rng.random(shape, dtype=np.float32)
    inside = np.empty(shape, bool)
    inside[:, 0] = draw[:, 0] < share
    for k in range(1, shape[1]):
        inside[:, k] = np.where(inside[:, k - 1], draw[:, k] >= ends, draw[:, k] < begins)
    return inside
