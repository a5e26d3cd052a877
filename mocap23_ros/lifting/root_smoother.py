# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fixed-interval smoothing of root positions whose measurements deserve very unequal trust."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

_ACCELERATION_SD = 2.0  # m/s^2, of a person's centre at everyday activities


def smooth_roots(stamps: NDArray, p_root: NDArray, sd: NDArray) -> NDArray[np.float64]:
    """Most likely smooth paths through measured positions.

    stamps: [T] seconds at constant spacing. p_root: [P,T,3], NaN = not measured; sd: [P,T].
    The same answer as a Kalman filter with white acceleration followed by a backward pass, from
    one banded solve per person. Gaps are bridged and the ends continued at constant velocity;
    rows of NaN for a person without any measurement.
    """
    people, length = p_root.shape[:2]
    smooth = np.full(p_root.shape, np.nan)
    usable = np.isfinite(p_root).all(axis=-1) & np.isfinite(sd) & (sd > 0)
    weight = np.where(usable, 1 / np.where(usable, sd, 1.0) ** 2, 0.0)
    measured = np.where(usable[..., None], p_root, 0.0)
    for person in np.flatnonzero(usable.any(axis=1)):
        if length < 3 or usable[person].sum() == 1:
            mean = weight[person] @ measured[person] / weight[person].sum()
            smooth[person] = mean
            continue
        spacing = (stamps[-1] - stamps[0]) / (length - 1)
        band = _second_difference_band(length) / (_ACCELERATION_SD * spacing**2) ** 2
        band[2] += weight[person] + 1e-9
        smooth[person] = solveh_banded(band, weight[person, :, None] * measured[person],
                                       overwrite_ab=True, check_finite=False)
    return smooth


def _second_difference_band(length: int) -> NDArray[np.float64]:
    """Upper banded form [3,T] of D^T D, D = second differences."""
    band = np.zeros((3, length))
    band[0, 2:] = 1.0
    band[1, 1:] = -4.0
    band[1, 1] = band[1, -1] = -2.0
    band[2] = 6.0
    band[2, [0, -1]] = 1.0
    band[2, [1, -2]] = 5.0
    if length == 3:
        band[2, 1] = 4.0
    return band
