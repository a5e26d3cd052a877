# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds detections of one person seen twice: alike in the image and at one place."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.tracking.floor_places import FloorPlaces

_ALIKE = 0.06  # of a body's size: mean distance of the keypoints of somebody who was found twice
_FEWEST = 3
_APART, _DEVIATIONS = 0.5, 1.0  # m, and standard deviations, from which two people are apart


def same_person(boxes: NDArray, keypoints: NDArray, places: FloorPlaces) -> NDArray[np.bool_]:
    """Which detections are one person, [D,D]: boxes [D,4], keypoints [D,J,3] px.

    People who stand close behind one another differ by a tenth of their size, also where they
    move alike.
    """
    size = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    offset = keypoints[:, None, :, :2] - keypoints[None, :, :, :2]
    distance = np.hypot(offset[..., 0], offset[..., 1])
    common = np.isfinite(distance)
    count = common.sum(axis=2)
    mean = np.where(common, distance, 0).sum(axis=2) / np.maximum(count, 1)
    alike = (count >= _FEWEST) & (mean < _ALIKE * np.minimum(size[:, None], size[None]))

    p_world = places.p_world[:, None] - places.p_world[None]
    total = places.covariance[:, None] + places.covariance[None]
    metres = np.linalg.norm(p_world, axis=-1)
    along = np.sqrt(np.einsum('abi,abij,abj->ab', p_world, total, p_world)) \
        / np.maximum(metres, 1e-9)
    with np.errstate(invalid='ignore'):
        return alike & ~(metres > _APART + _DEVIATIONS * along)
