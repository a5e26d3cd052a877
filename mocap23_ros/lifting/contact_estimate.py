# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tells which feet stand from how still and how low their keypoints are."""

import numpy as np
from numpy.typing import NDArray

_BASELINE = 0.15  # seconds between the two looks at a foot; noise is divided by it
_STILL_SPEED = 0.30  # m/s across the view at which standing and moving are equally likely
_SPEED_SPREAD = 0.08
_HEIGHT_SD = 0.07  # metres above the planted height at the pelvis' distance
_STRIDE_SD = 0.22  # metres by which a foot is nearer or further than the pelvis


def contact_probability(stamps: NDArray, p_ankle_hits: NDArray, heading: NDArray,
                        view_drop: NDArray, ankle_height: NDArray, planted_height: NDArray
                        ) -> NDArray[np.float64]:
    """Probability [P,T,2] that the left, right foot stands on the floor; 0 where unobserved.

    stamps: [T]. p_ankle_hits: [P,T,2,3] points of the ankle rays at the height of a planted ankle.
    heading: [P,T,2] horizontal unit vector of the view. view_drop: [P,T,2] metres that the ankle
    rays sink per metre ahead. ankle_height: [P,T,2] of the ankles if they were as far away as the
    pelvis. planted_height: [P,T].
    """
    with np.errstate(invalid='ignore', divide='ignore', over='ignore'):
        speed = _speed_across_view(stamps, p_ankle_hits, heading, view_drop)
        still = 1 / (1 + np.exp((speed - _STILL_SPEED) / _SPEED_SPREAD))
        excess = np.clip(ankle_height - planted_height[..., None], 0.0, None)
        low = np.exp(-0.5 * (excess / np.hypot(_HEIGHT_SD, _STRIDE_SD * view_drop)) ** 2)
    return np.nan_to_num(still * low)


def _speed_across_view(stamps: NDArray, points: NDArray, heading: NDArray, view_drop: NDArray
                       ) -> NDArray[np.float64]:
    """Speed [P,T,2] that the view shows of the hits, m/s.

    Motion along the view shows only through the drop of the ray, which would turn a pixel of noise
    into decimetres; it is weighed by that drop. The slower of the speeds before and after a sample
    counts, so that contact begins and ends with the standstill.
    """
    length = len(stamps)
    spacing = (stamps[-1] - stamps[0]) / max(length - 1, 1)
    if length < 2 or spacing <= 0:
        return np.full(points.shape[:-1], np.nan)
    step = int(np.clip(round(_BASELINE / spacing), 1, length - 1))
    moved = points[:, step:, :, :2] - points[:, :-step, :, :2]
    heading = heading[:, step:, None]
    along = moved[..., 0] * heading[..., 0] + moved[..., 1] * heading[..., 1]
    aside = moved[..., 1] * heading[..., 0] - moved[..., 0] * heading[..., 1]
    between = np.hypot(aside, along * view_drop[:, step:]) / (step * spacing)
    speed = np.full(points.shape[:-1], np.nan)
    speed[:, step:] = between
    speed[:, :-step] = np.fmin(speed[:, :-step], between)
    return speed
