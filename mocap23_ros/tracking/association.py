# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Assigns detections to the people who are followed, at the least total cost."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mocap23_ros.detection.keypoint_similarity import box_overlap, keypoint_similarity

FORBIDDEN = 1e6
# Weight of the floor where both places are known; the image has the rest.
_FLOOR_WEIGHT, _HIDDEN_FLOOR_WEIGHT = 0.2, 0.7
_FLOOR_WIDTH = 4.0  # squared deviations at which half of it is lost
_ELSEWHERE, _FAR = 12.0, 0.8  # squared deviations and metres beyond which nobody moves so soon
_THERE = 6.0  # squared deviations within which the floor finds a person whom the image lost
_HIDDEN = 0.3  # s unseen after which the floor alone finds a person
_KEYPOINT_WEIGHT = 0.5  # weight of the keypoints; the boxes have the rest
_KEYPOINT_TOLERANCE = 2.5  # widens OKS: limbs move between images, more so while unseen


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
    """Cost 0..1 of giving each detection [D] to each person [T]; FORBIDDEN outside the gate.

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
    alike_boxes = 0.5 * (box_overlap(track_boxes[:, None], boxes[None]) + nearness)
    alike = keypoint_similarity(track_keypoints, keypoints, np.prod(track_size, axis=1),
                                width=_KEYPOINT_TOLERANCE)
    alike = np.where(np.isnan(alike), alike_boxes, alike)
    cost = 1.0 - _KEYPOINT_WEIGHT * alike - (1.0 - _KEYPOINT_WEIGHT) * alike_boxes
    ratio = size.max(axis=1)[None] / body[:, None]
    allowed = (distance < reach[:, None]) & (ratio > 0.3) & (ratio < 3.3)
    return np.where(allowed, cost, FORBIDDEN)


def with_floor(cost: NDArray, squared: NDArray, distance: NDArray, unseen: NDArray
               ) -> NDArray[np.float64]:
    """Costs [T,D] that also weigh where people stand.

    squared: [T,D] squared deviations between the expected and the seen place, distance: [T,D]
    metres; NaN = not known. unseen: [T] seconds since people were seen.
    """
    known = np.isfinite(squared)
    with np.errstate(invalid='ignore'):
        floor = squared / (squared + _FLOOR_WIDTH)
        elsewhere = known & (squared > _ELSEWHERE) & (distance > _FAR)
        there = known & (squared < _THERE)
    weight = np.where(unseen > _HIDDEN, _HIDDEN_FLOOR_WEIGHT, _FLOOR_WEIGHT)[:, None]
    both = (1 - weight) * np.minimum(cost, 1.0) + weight * floor
    cost = np.where(known & ((cost < FORBIDDEN) | there), both, cost)
    lost = known & ~there & (unseen[:, None] > _HIDDEN)
    return np.where(elsewhere | lost, FORBIDDEN, cost)


def assign(cost: NDArray, highest: float = 1.0) -> list[tuple[int, int]]:
    """Pairs (row, column) of the least total cost; none above ``highest``."""
    if cost.size == 0:
        return []
    rows, columns = linear_sum_assignment(np.minimum(cost, FORBIDDEN))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if cost[r, c] <= highest]
