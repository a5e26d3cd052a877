# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding that network families share, in pixels of the network's input."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.unobserved import clear_unobserved

_BLUR = 11  # px of a heatmap
_OVERLAP = 0.65  # IoU from which two boxes are one person


def decode_heatmaps(
    heatmaps: NDArray, input_size: tuple[int, int], udp: bool
) -> NDArray[np.float32]:
    """Heatmaps: one per joint [N,J,h,w] to [N,J,3], refined below a heatmap pixel.

    The refinement is DARK's (Zhang et al., CVPR 2020): blur, logarithm, one Newton step.
    """
    people, joints, height, width = heatmaps.shape
    flat = heatmaps.reshape(people * joints, height, width)
    peak = flat.reshape(people * joints, -1).max(axis=1)
    place = flat.reshape(people * joints, -1).argmax(axis=1)
    found = np.stack([place % width, place // width], axis=1).astype(np.float64)
    for index in np.flatnonzero(peak > 0):
        found[index] += _newton_step(flat[index], int(found[index, 0]), int(found[index, 1]))
    size = np.array([width, height])
    if udp:
        found *= (np.array(input_size) - 1) / np.maximum(size - 1, 1)
    else:
        found *= np.array(input_size) / size
    keypoints = np.concatenate([found, np.clip(peak, 0, 1)[:, None]], axis=1)
    return mark_missing(keypoints.reshape(people, joints, 3).astype(np.float32))


def _newton_step(heatmap: NDArray, x: int, y: int) -> NDArray[np.float64]:
    height, width = heatmap.shape
    if not (1 <= x < width - 1 and 1 <= y < height - 1):
        return np.zeros(2)
    # Only a patch as large as the blur reaches is needed around the peak.
    reach = _BLUR // 2 + 2
    top, left = max(y - reach, 0), max(x - reach, 0)
    sharp = heatmap[top:y + reach + 1, left:x + reach + 1].astype(np.float32)
    blurred = cv2.GaussianBlur(sharp, (_BLUR, _BLUR), 0)
    patch = np.log(np.maximum(blurred, 1e-6)).astype(np.float64)
    j, i = y - top, x - left
    near = patch[j - 1:j + 2, i - 1:i + 2]
    gradient = 0.5 * np.array([near[1, 2] - near[1, 0], near[2, 1] - near[0, 1]])
    xx = near[1, 2] - 2 * near[1, 1] + near[1, 0]
    yy = near[2, 1] - 2 * near[1, 1] + near[0, 1]
    xy = 0.25 * (near[2, 2] - near[2, 0] - near[0, 2] + near[0, 0])
    determinant = xx * yy - xy * xy
    if determinant <= 1e-9 or xx >= 0:
        return np.zeros(2)
    step = -np.linalg.solve(np.array([[xx, xy], [xy, yy]]), gradient)
    return np.clip(step, -1.0, 1.0)


def corners(centred: NDArray) -> NDArray:
    """Boxes [N,4] of centre and size to their corners."""
    half = 0.5 * centred[:, 2:4]
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)


def suppress(boxes: NDArray, scores: NDArray, min_score: float, most: int) -> NDArray[np.intp]:
    """Return which boxes [N,4] stay: of overlapping ones the best, the best first."""
    if not len(boxes):
        return np.zeros(0, np.intp)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), min_score, _OVERLAP)
    return np.asarray(kept, np.intp).reshape(-1)[:most]


def mark_missing(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give keypoints [...,3] without confidence no place, in place."""
    clear_unobserved(keypoints)
    return keypoints
