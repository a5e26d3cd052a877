# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds leaps that no body can make: after one, the track shows another person or place.

The middles between left joints and their right partners are the same whatever the sides, so a
leap is told from an exchange. Lengths are in body heights in the image.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.tracking.side_model import PairTable
from mocap23_ros.tracking.side_motion import grown

_FEWEST = 4  # middles seen in both images
# Body heights, and body heights / s: of the whole body before a camera that turns at 3 rad/s, and
# of most parts against each other.
_REACH, _SPEED = 0.2, 10.0
_LIMB_REACH, _LIMB_SPEED = 0.06, 2.5


class Leaps:
    """The middles of N people in rows, in the image in which each was seen last."""

    def __init__(self, pairs: PairTable) -> None:
        self._left, self._right = pairs.left, pairs.right
        self._middle = np.zeros((0, len(pairs.left), 2))

    def grow(self, rows: int) -> None:
        """Have that many rows."""
        self._middle = grown(self._middle, rows)

    def begin(self, row: int) -> None:
        """Know nothing about this row."""
        self._middle[row] = np.nan

    def update(self, rows: NDArray, keypoints: NDArray, size: NDArray, unseen: NDArray
               ) -> NDArray[np.bool_]:
        """Take in keypoints [P,J,3]; return who [P] cannot have come from where he was.

        size: body heights [P] in the image. unseen: seconds [P] since the rows were seen.
        """
        found = keypoints[..., 2] > 0
        points = np.where(found[..., None], keypoints[..., :2], np.nan)
        middle = 0.5 * (points[:, self._left] + points[:, self._right])
        step = (middle - self._middle[rows]) / np.maximum(size, 1e-6)[:, None, None]
        self._middle[rows] = middle
        count = np.isfinite(step[..., 0]).sum(axis=1)
        whole = _low_median(step, count[:, None])
        limbs = _low_median(np.linalg.norm(step - whole[:, None], axis=-1), count)
        leapt = (np.linalg.norm(whole, axis=-1) > _REACH + _SPEED * unseen) | \
            (limbs > _LIMB_REACH + _LIMB_SPEED * unseen)
        return np.asarray(leapt & (count >= _FEWEST))


def _low_median(values: NDArray, count: NDArray) -> NDArray[np.float64]:
    """Median over axis 1 of those ``count`` that are not NaN, the lower one of two."""
    middle = np.expand_dims(np.maximum(count - 1, 0) // 2, 1)
    shape = (len(values), 1, *values.shape[2:])
    return np.take_along_axis(np.sort(values, axis=1), np.broadcast_to(middle, shape), axis=1)[:, 0]
