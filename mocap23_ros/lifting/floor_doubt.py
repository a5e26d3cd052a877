# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Adds doubt about people whose feet may not be on the given floor: on steps, stairs, platforms.

One camera cannot tell them from tall people farther away. But few people are that tall: somebody
who seems to be may stand higher, and then is nearer. The reverse says nothing: somebody who seems
small may stand in a pit, but small people, children, are common.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, STATURE_SD

_RAISED = 0.05  # share of people who stand higher than the given floor
_MOST = 0.5  # of the logarithm: by how much larger that makes them, at most; any is as likely
# Logarithm of the size that feet on the floor give people over their stature, in the median of a
# window, and its standard deviations: e1_noisy and hdm05_noisy, of people whose stature is known.
_USUAL_SIZE, _SIZE_SD = -0.06, 0.045
_GIVEN_SD = 0.02
_FEWEST = 0.25  # of the samples of a window must show feet


def floor_doubt(ground: NDArray, apparent_size: NDArray, distance: NDArray, given: NDArray
                ) -> NDArray[np.float64]:
    """Relative standard deviation [P] of people's distance, of what they may stand on.

    ground, apparent_size: [P,T], see FrameEvidence. distance: [P,T] metres over the floor from the
    camera to where a lifter has the hips. given: [P] body heights [m] that are known, NaN = not.
    0 where they do not seem tall, or no feet are seen.
    """
    known = np.isfinite(given) & (given > 0)
    stature = np.where(known, given, MEAN_STATURE).astype(np.float64)
    sd = np.where(known, _GIVEN_SD, STATURE_SD)
    seems, placed = (_usual_log(away * apparent_size / stature[:, None])
                     for away in (ground, distance))
    seems = np.maximum(seems, 0)
    spread = np.hypot(sd, _SIZE_SD)
    on_floor = (1 - _RAISED) * np.exp(-0.5 * (seems / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
    raised = _RAISED * ndtr(seems / spread) / _MOST
    doubt = np.sqrt(raised / (raised + on_floor) * (np.maximum(placed, 0) ** 2 + sd**2))
    return np.asarray(np.nan_to_num(np.where(seems > 0, doubt, 0.0)))


def _usual_log(size: NDArray) -> NDArray[np.float64]:
    """Logarithm of the median [P] of sizes [P,T] over the usual one; NaN where there are few."""
    known = np.sort(size, axis=1)  # NaN comes last
    count = np.isfinite(size).sum(axis=1)
    median = np.take_along_axis(known, (np.maximum(count, 1)[:, None] - 1) // 2, axis=1)[:, 0]
    with np.errstate(invalid='ignore', divide='ignore'):
        return np.where(count >= _FEWEST * size.shape[1], np.log(median) - _USUAL_SIZE, np.nan)
