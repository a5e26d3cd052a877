# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How motion moves: acceleration error, jitter, foot skating."""

import numpy as np
from numpy.typing import NDArray

_REFERENCE_FPS = 30.0
_STILL = 0.01  # m per frame at 30 fps: a foot that moves less is planted


def acceleration_error(local: NDArray[np.float64], true_local: NDArray[np.float64], fps: float
                       ) -> NDArray[np.float64]:
    """Norm of the difference of accelerations, m/s^2, [F-2,J]; joints relative to the pelvis."""
    difference = np.diff(local - true_local, n=2, axis=0)
    return np.linalg.norm(difference, axis=-1) * fps ** 2


def jitter(joints: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """Norm of the third derivative of joints in the world, in 10 m/s^3, [F-3,J]."""
    return np.linalg.norm(np.diff(joints, n=3, axis=0), axis=-1) * fps ** 3 / 10


def foot_skate(feet: NDArray[np.float64], true_feet: NDArray[np.float64], fps: float
               ) -> NDArray[np.float64]:
    """How far feet move while they truly stand, metres per 1/30 s, [F-1,feet]; NaN elsewhere.

    A foot stands while the truth moves less than 1 cm per frame at 30 fps (0.3 m/s); this project
    uses the ankles, as the 17 COCO joints hold no toes or heels.
    """
    per_frame = fps / _REFERENCE_FPS
    moved = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * per_frame
    true_moved = np.linalg.norm(np.diff(true_feet, axis=0), axis=-1) * per_frame
    with np.errstate(invalid='ignore'):
        return np.where(true_moved < _STILL, moved, np.nan)
