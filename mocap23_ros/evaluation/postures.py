# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Classifies a person's posture in a frame by the true joints, in a world with z up."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES, SHOULDERS

POSTURES = ('upright', 'bent', 'low', 'lying')
"""Trunk upright; bent by more than 45 degrees; hips above the lower ankle by less than 0.7 of the
legs' length (squatting, kneeling, sitting on the floor, crawling); by less than half of it, the
trunk more than 60 degrees from upright. The last that fits counts."""
_BENT, _LYING = np.cos(np.radians([45.0, 60.0]))
_LOW, _ON_FLOOR = 0.7, 0.5


def postures(joints: NDArray[Any]) -> NDArray[np.float64]:
    """Index into POSTURES of every frame, [F], NaN where it is not known.

    joints: [F,J,3] metres, the first 17 COCO's. Relative to the person's own legs, so that
    children count as adults do.
    """
    joints = np.asarray(joints, np.float64)
    hips, shoulders = joints[:, HIPS].mean(axis=1), joints[:, SHOULDERS].mean(axis=1)
    bones = (np.linalg.norm(joints[:, HIPS] - joints[:, KNEES], axis=-1)
             + np.linalg.norm(joints[:, KNEES] - joints[:, ANKLES], axis=-1))
    if not np.isfinite(bones).any():
        return np.full(len(joints), np.nan)
    trunk = shoulders - hips
    with np.errstate(invalid='ignore', divide='ignore'):
        height = (hips[:, 2] - joints[:, ANKLES, 2].min(axis=1)) / np.nanmedian(bones)
        upright = trunk[:, 2] / np.linalg.norm(trunk, axis=-1)
    index = np.zeros(len(joints))
    index[upright < _BENT] = POSTURES.index('bent')
    index[height < _LOW] = POSTURES.index('low')
    index[(height < _ON_FLOOR) & (upright < _LYING)] = POSTURES.index('lying')
    index[~(np.isfinite(height) & np.isfinite(upright))] = np.nan
    return index
