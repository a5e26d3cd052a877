# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Analytic inverse kinematics of a two-bone limb, batched."""

import numpy as np
from numpy.typing import NDArray


def place_middle_joint(start: NDArray, middle: NDArray, end: NDArray, new_end: NDArray
                       ) -> NDArray[np.float64]:
    """Middle joint [...,3] of limbs whose end moves, bone lengths and bending side kept.

    start, middle, end: [...,3] the limb as it is (hip, knee, ankle); new_end: [...,3].
    Where the new end is out of reach, the limb is straight and stretched in proportion; where it
    is too near, the middle joint keeps the longer bone's length as far as geometry allows.
    """
    upper = np.linalg.norm(middle - start, axis=-1, keepdims=True)
    lower = np.linalg.norm(end - middle, axis=-1, keepdims=True)
    line = new_end - start
    reach = np.linalg.norm(line, axis=-1, keepdims=True)
    safe_reach = np.maximum(reach, 1e-6)
    direction = line / safe_reach
    along = (upper**2 - lower**2 + safe_reach**2) / (2 * safe_reach)
    stretched = reach >= upper + lower
    along = np.where(stretched, reach * upper / np.maximum(upper + lower, 1e-6), along)
    along = np.clip(along, -upper, None)
    aside = np.sqrt(np.clip(upper**2 - along**2, 0.0, None))
    aside = np.where(stretched, 0.0, aside)
    bend = middle - start
    bend = bend - np.sum(bend * direction, axis=-1, keepdims=True) * direction
    length = np.linalg.norm(bend, axis=-1, keepdims=True)
    bend = bend / np.maximum(length, 1e-9)
    return start + along * direction + np.where(length > 1e-9, aside, 0.0) * bend
