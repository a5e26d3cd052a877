# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The pose of a body's root: x forward out of the body, y left, z up the spine."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import HIPS, NECK, PELVIS, SHOULDERS

_SMALLEST_RELATIVE_SD = 0.02  # metres, of a joint against the pelvis


def body_rotation(joints: NDArray, previous: NDArray) -> NDArray[np.float64]:
    """Rotations ``world_R_root`` [P,3,3] of OUTPUT19 joints [P,19,3] in the world.

    The spine gives z; the lines of hips and shoulders, made square to it, give y. ``previous``
    [P,3,3] is kept where these are missing or nearly parallel.
    """
    joints = joints.astype(np.float64)
    up = joints[:, NECK] - joints[:, PELVIS]
    hips = joints[:, HIPS[0]] - joints[:, HIPS[1]]
    shoulders = joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]]
    left = np.where(np.isfinite(hips), hips, 0) + np.where(np.isfinite(shoulders), shoulders, 0)
    with np.errstate(invalid='ignore', divide='ignore'):
        up /= np.linalg.norm(up, axis=-1, keepdims=True)
        left = left - np.einsum('pi,pi->p', left, up)[:, None] * up
        length = np.linalg.norm(left, axis=-1, keepdims=True)
        left /= length
    rotation = np.stack([np.cross(left, up), left, up], axis=-1)
    usable = np.isfinite(rotation).all(axis=(1, 2)) & (length[:, 0] > 0.05)
    return np.where(usable[:, None, None], rotation, previous)


def rotation_variance(joints: NDArray, covariance: NDArray) -> NDArray[np.float64]:
    """Variances [P,3] in rad^2 about the world's x, y and z.

    From the joints' spread beyond the pelvis' own, over the length of the trunk (x, y) and over
    half the widths of hips and shoulders (z). Taken for an upright body.
    """
    variance = np.trace(covariance.astype(np.float64), axis1=-2, axis2=-1)
    relative = np.clip(variance - variance[:, PELVIS, None], _SMALLEST_RELATIVE_SD**2, None)
    trunk = np.linalg.norm(joints[:, NECK] - joints[:, PELVIS], axis=-1)
    tilt = relative[:, NECK] / np.maximum(trunk, 0.2) ** 2
    ends = [*HIPS, *SHOULDERS]
    width = 0.3 * np.maximum(trunk, 0.2)
    turn = relative[:, ends].mean(axis=-1) / width**2
    limit = np.pi**2 / 3  # of a direction about which nothing is known
    return np.nan_to_num(np.minimum(np.stack([tilt, tilt, turn], axis=-1), limit), nan=limit)
