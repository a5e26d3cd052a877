# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Detections that are the same person seen twice: alike in the image and at one place."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.keypoint_similarity import keypoint_similarity
from mocap23_ros.tracking.floor_places import FloorPlaces

_ALIKE = 0.5  # OKS of somebody who was found twice
_WIDTH = 1.5
_COVERED = 0.6  # share of the smaller box, from which the places decide
_APART = 0.4  # m between people who are in each other's way
_DEVIATIONS = 1.0


def same_person(boxes: NDArray, keypoints: NDArray, places: FloorPlaces) -> NDArray[np.bool_]:
    """Which detections are one person, [D,D]: boxes [D,4], keypoints [D,J,3] px."""
    size = boxes[:, 2:] - boxes[:, :2]
    area = np.prod(size, axis=1)
    alike = keypoint_similarity(keypoints, keypoints, area, width=_WIDTH)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=-1)
    covered = shared > _COVERED * np.maximum(np.minimum(area[:, None], area[None]), 1e-9)
    offset = places.p_world[:, None] - places.p_world[None]
    total = places.covariance[:, None] + places.covariance[None]
    distance = np.linalg.norm(offset, axis=-1)
    with np.errstate(invalid='ignore', divide='ignore'):
        along = np.sqrt(np.einsum('abi,abij,abj->ab', offset, total, offset)) \
            / np.maximum(distance, 1e-9)
        near = distance < _APART + _DEVIATIONS * along
        elsewhere = distance > 2 * _APART + 3 * along
        same = (np.maximum(alike, alike.T) > _ALIKE) & ~elsewhere
    return same | (covered & near)
