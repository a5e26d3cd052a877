# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds where a detector exchanged left and right, given the true keypoints."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.skeletons.coco17 import ANKLES, ELBOWS, HIPS, KNEES, SHOULDERS, WRISTS

SIDES: dict[str, NDArray[np.intp]] = {
    'arms': np.concatenate(np.stack([SHOULDERS, ELBOWS, WRISTS], axis=1)),
    'legs': np.concatenate(np.stack([HIPS, KNEES, ANKLES], axis=1))}
"""COCO joints that are exchanged together: three on the left, then the same on the right."""
_CLEARLY = 0.7  # of the error as it is, that with sides exchanged


def with_sides_exchanged(points: NDArray, groups: Sequence[str]) -> NDArray:
    """A copy of points [...,17,D] with left and right of these groups exchanged."""
    exchanged = points.copy()
    for group in groups:
        joints = SIDES[group]
        exchanged[..., joints, :] = points[..., np.roll(joints, 3), :]
    return exchanged


def exchanged_sides(truth: NDArray, found: NDArray, most: ArrayLike = np.inf) -> NDArray[np.bool_]:
    """Where the sides of arms and legs are exchanged, [...,2], from pixels [...,17,2+].

    most: px [...], for which a larger error counts. False where nothing was found (NaN).
    """
    states = [_mean_error(with_sides_exchanged(truth, (group,)), found, joints, most)
              < _CLEARLY * _mean_error(truth, found, joints, most)
              for group, joints in SIDES.items()]
    return np.stack(states, axis=-1)


def _mean_error(truth: NDArray, found: NDArray, joints: NDArray, most: ArrayLike
                ) -> NDArray[np.float64]:
    distance = np.linalg.norm(truth[..., joints, :2] - found[..., joints, :2], axis=-1)
    distance = np.minimum(distance, np.asarray(most)[..., None])
    seen = np.isfinite(distance)
    count = seen.sum(axis=-1)
    total = np.where(seen, distance, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)
