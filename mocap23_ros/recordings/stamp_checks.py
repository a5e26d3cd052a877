# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the stamps of frames."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

_STAMP_UNITS = ((1e17, 'nanoseconds', '1e9'), (1e14, 'microseconds', '1e6'),
                (1e11, 'milliseconds', '1000'))
_LONGEST_STEP, _SHORTEST_STEP = 1e5, 5e-4
_SLOWEST = 4.0  # seconds between frames, over which nobody can be followed


def check_stamps(stamps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stamps [F] of frames as they are; InputError where they do not increase or are no seconds."""
    frames, steps = len(stamps), np.diff(stamps)
    backwards = np.flatnonzero(steps <= 0)
    if len(backwards):
        raise InputError(f'stamps must increase, but stamp {backwards[0] + 1} is not after the '
                         'one before it; sort the frames and drop repeated ones')
    largest, longest = np.abs(stamps).max(), steps.max(initial=0.0)
    for least, unit, divisor in _STAMP_UNITS:
        if largest > least:
            raise InputError(f'stamps reach {largest:.3g}: they look like {unit} since 1970, but '
                             f'must be seconds; divide them by {divisor}')
    if longest > _LONGEST_STEP:
        raise InputError(f'stamps lie up to {longest:.3g} apart: they look like nanoseconds, but '
                         'must be seconds; divide them by 1e9')
    if frames > 2 and np.median(steps) > _SLOWEST:
        raise InputError(f'stamps lie {np.median(steps):.3g} apart (median), too far to follow '
                         'anybody; they must be seconds: divide milliseconds by 1000')
    if frames > 1 and np.median(steps) < _SHORTEST_STEP:
        raise InputError(f'stamps lie {np.median(steps):.3g} s apart, which no camera does; they '
                         'must be seconds')
    return stamps
