# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Plays the short sample forwards and backwards without a jump: which frame comes when."""

import numpy as np
from numpy.typing import NDArray


def frame_sequence(frame_count: int, source_fps: float, rate: float,
                   seconds: float) -> NDArray[np.int64]:
    """Source frame of every image played, [N].

    The motion runs in real time, forwards to the last frame and backwards to the first, so that
    positions stay continuous; rate must divide source_fps to keep the time steps equal, other
    rates take the nearest frame. Accelerations are wrong only at the turning points.
    """
    if frame_count < 2 or rate <= 0 or seconds <= 0:
        raise ValueError('frame_count must be at least 2, rate and seconds positive')
    count = max(1, round(seconds * rate))
    position = np.rint(np.arange(count) * (source_fps / rate)).astype(np.int64)
    period = 2 * (frame_count - 1)
    phase = position % period
    return np.where(phase < frame_count, phase, period - phase)
