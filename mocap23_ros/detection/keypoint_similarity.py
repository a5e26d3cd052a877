# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How alike two people are: COCO's object keypoint similarity (OKS), and overlap of boxes."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import COCO_SIGMAS

_FEWEST = 3  # keypoints that both have
_AREA = 0.55  # of a person, of the box around the joints
_OTHER_SIGMA = 0.08  # formats without published values: about the mean of the body's


def box_overlap(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Intersection over union of boxes [...,4] (corners); the leading axes broadcast."""
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=-1)
    areas = [np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1) for boxes in (first, second)]
    return shared / np.maximum(areas[0] + areas[1] - shared, 1e-9)


def keypoint_sigmas(count: int) -> NDArray[np.float64]:
    """Return the sigmas [J] of a format with J keypoints."""
    return COCO_SIGMAS if count == len(COCO_SIGMAS) else np.full(count, _OTHER_SIGMA)


def joints_area(points: NDArray) -> NDArray[np.float64]:
    """Area in px^2 of people [...] by the box around their joints [...,J,2] px, NaN = unknown."""
    size = np.fmax.reduce(points, axis=-2) - np.fmin.reduce(points, axis=-2)
    return _AREA * np.nan_to_num(np.prod(size, axis=-1))


def keypoint_similarity(
    first: NDArray, second: NDArray, area: NDArray, *, width: float = 1.0
) -> NDArray[np.float64]:
    """Pairwise OKS between people.

    first [A,J,2+], second [B,J,2+]: px, NaN where not found; area [A]: px^2 of the first's boxes.
    width: factor on the tolerance; above 1 it allows for motion between the two.
    Returns [A,B], 0..1; NaN with fewer than three keypoints in common.
    """
    sigmas = keypoint_sigmas(first.shape[1]) * (2.0 * width)
    offset = first[:, None, :, :2].astype(np.float64) - second[None, :, :, :2]
    distance = np.einsum('abjk,abjk->abj', offset, offset)
    distance /= 2.0 * np.maximum(area, 1.0)[:, None, None] * sigmas**2
    common = np.isfinite(distance)
    count = common.sum(axis=2)
    total = np.exp(-np.where(common, distance, np.inf)).sum(axis=2)
    return np.where(count >= _FEWEST, total / np.maximum(count, 1), np.nan)
