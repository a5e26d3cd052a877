# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of a recording with uneven stamps and gaps, at a uniform rate."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError

MAXIMUM_FRAMES = 1_000_000
_SINGLE_FRAME = 1 / 30  # seconds that a recording of one frame lasts
LONGEST_INTERPOLATED = 0.3  # seconds without an estimate; longer gaps hold the pose before


def uniform_times(stamps: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Evenly spaced times [M] from the first to the last stamp, and their interval in seconds.

    stamps: [F], increasing. The interval is the usual one of the stamps (their median), stretched
    so that a whole number fits. Raises InputError where that gives more than MAXIMUM_FRAMES.
    """
    if len(stamps) < 2:
        return np.array(stamps, np.float64), _SINGLE_FRAME
    span, usual = float(stamps[-1] - stamps[0]), float(np.median(np.diff(stamps)))
    if span / usual >= MAXIMUM_FRAMES:
        raise InputError(f'the recording lasts {span:.0f} s at {usual * 1e3:.3g} ms per frame: '
                         f'more than {MAXIMUM_FRAMES} frames at a uniform rate; cut it into parts')
    count = max(1, round(span / usual))
    return stamps[0] + span / count * np.arange(count + 1), span / count


def poses_at(times: NDArray[np.float64], stamps: NDArray[np.float64], root: NDArray[np.float64],
             rotations: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Roots [M,3] and rotations [M,S,3,3] at the times, complete.

    root: [F,3], rotations: [F,S,3,3] at the stamps; NaN roots = no estimate, but not everywhere.
    Between estimates at most 0.3 s apart: linear, rotations along the shortest arc. Longer gaps
    hold the pose before them; before the first and after the last estimate these are held.
    """
    known = np.flatnonzero(np.isfinite(root[:, 0]))
    stamp = stamps[known]
    # A stamp is not missed by the rounding of the times.
    slack = 1e-3 * (times[1] - times[0]) if len(times) > 1 else 0.0
    before = np.clip(np.searchsorted(stamp, times + slack, side='right') - 1, 0, None)
    after = np.minimum(before + 1, len(known) - 1)
    gap = stamp[after] - stamp[before]
    near = (gap > 0) & (gap <= LONGEST_INTERPOLATED)
    share = np.where(near, np.clip((times - stamp[before]) / np.where(near, gap, 1), 0, 1), 0)
    first, second = known[before], known[after]
    place = root[first] + share[:, None] * (root[second] - root[first])
    start = rotations[first].reshape(-1, 3, 3)
    turn = Rotation.from_matrix(np.swapaxes(start, 1, 2) @ rotations[second].reshape(-1, 3, 3))
    part = Rotation.from_rotvec(turn.as_rotvec() * np.repeat(share, rotations.shape[1])[:, None])
    return place, (start @ part.as_matrix()).reshape(len(times), -1, 3, 3)
