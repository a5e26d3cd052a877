# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tells from motion capture when a foot stands on the floor."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from mocap23_ros.datasets.mocap34 import FOOT_JOINTS

CONTACT_SPEED = 0.15   # m/s; a planted foot is slower
CONTACT_HEIGHT = 0.06  # m above the floor


def foot_contact(joints: NDArray[np.float32], fps: float) -> NDArray[np.bool_]:
    """Left and right foot contact of one clip.

    joints: [F,34,3] metres, floor at z = 0. A foot is in contact while its heel, ball or toe tip
    is slower than 0.15 m/s and lower than 6 cm; runs shorter than three frames are filtered out.
    Returns bool [F,2].
    """
    points = joints[:, FOOT_JOINTS]                     # F,2,3,3
    if len(points) < 3:
        return np.asarray((points[..., 2] < CONTACT_HEIGHT).any(axis=2))
    speed = np.linalg.norm(np.gradient(points, 1.0 / fps, axis=0), axis=-1)
    planted = (speed < CONTACT_SPEED) & (points[..., 2] < CONTACT_HEIGHT)
    return median_filter(planted.any(axis=2).astype(np.uint8), size=(5, 1),
                         mode='nearest').astype(bool)
