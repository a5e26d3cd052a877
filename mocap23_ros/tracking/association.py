# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Which detection belongs to which followed person: the least total cost."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mocap23_ros.detection.keypoint_similarity import keypoint_similarity

_KEYPOINT_WEIGHT = 0.5  # the rest is the boxes'
_KEYPOINT_TOLERANCE = 2.5  # widens OKS: limbs move between images, more so while unseen
_FORBIDDEN = 1e6


def box_overlap(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Intersection over union of boxes [A,4] and [B,4] (corners) as [A,B]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=-1)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1) for boxes in (first, second)]
    return shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9)


def moved_keypoints(keypoints: NDArray, seen_boxes: NDArray, boxes: NDArray
                    ) -> NDArray[np.float64]:
    """Keypoints [T,J,3] seen in seen_boxes [T,4], moved and scaled with their boxes [T,4]."""
    moved = keypoints.astype(np.float64)
    sizes = [np.maximum((b[:, 2:] - b[:, :2]).max(axis=1), 1.0) for b in (seen_boxes, boxes)]
    moved[..., :2] -= 0.5 * (seen_boxes[:, None, :2] + seen_boxes[:, None, 2:])
    moved[..., :2] *= (sizes[1] / sizes[0])[:, None, None]
    moved[..., :2] += 0.5 * (boxes[:, None, :2] + boxes[:, None, 2:])
    return moved


def association_cost(
    track_boxes: NDArray, track_keypoints: NDArray, track_deviations: NDArray,
    boxes: NDArray, keypoints: NDArray,
) -> NDArray[np.float64]:
    """Cost 0..1 of giving each detection [D] to each person [T]; _FORBIDDEN outside the gate.

    track_boxes [T,4], track_keypoints [T,J,3]: predicted for this image, px.
    track_deviations [T]: standard deviation of the predicted centres, px; widens the gate.
    """
    track_size = track_boxes[:, 2:] - track_boxes[:, :2]
    size = boxes[:, 2:] - boxes[:, :2]
    offset = (0.5 * (track_boxes[:, None, :2] + track_boxes[:, None, 2:])
              - 0.5 * (boxes[None, :, :2] + boxes[None, :, 2:]))
    distance = np.hypot(offset[..., 0], offset[..., 1])
    # A person moves by no more than half a body beyond what the filter holds possible.
    body = np.maximum(track_size.max(axis=1), 1.0)
    reach = 0.5 * body + 3.0 * track_deviations
    nearness = np.clip(1.0 - distance / reach[:, None], 0.0, 1.0)
    alike_boxes = 0.5 * (box_overlap(track_boxes, boxes) + nearness)
    alike = keypoint_similarity(track_keypoints, keypoints, np.prod(track_size, axis=1),
                                width=_KEYPOINT_TOLERANCE)
    alike = np.where(np.isnan(alike), alike_boxes, alike)
    cost = 1.0 - _KEYPOINT_WEIGHT * alike - (1.0 - _KEYPOINT_WEIGHT) * alike_boxes
    ratio = size.max(axis=1)[None] / body[:, None]
    allowed = (distance < reach[:, None]) & (ratio > 0.3) & (ratio < 3.3)
    return np.where(allowed, cost, _FORBIDDEN)


def assign(cost: NDArray, highest: float = 1.0) -> list[tuple[int, int]]:
    """Pairs (row, column) of the least total cost; none above ``highest``."""
    if cost.size == 0:
        return []
    rows, columns = linear_sum_assignment(np.minimum(cost, _FORBIDDEN))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if cost[r, c] <= highest]
