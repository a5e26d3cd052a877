# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Outputs of networks to keypoints and boxes in pixels of the network's input."""

import cv2
import numpy as np
from numpy.typing import NDArray

_OVERLAP = 0.65  # IoU from which two boxes are one person


def decode_simcc(simcc_x: NDArray, simcc_y: NDArray, split: float) -> NDArray[np.float32]:
    """RTMPose: a distribution per axis, [N,J,W*split] and [N,J,H*split], to [N,J,3].

    The maxima lie on bins of 1 / split px. The confidence is the lower of the two maxima, as
    defined for SimCC; a keypoint without a positive maximum has none.
    """
    x, y = simcc_x.argmax(axis=2), simcc_y.argmax(axis=2)
    peak = np.minimum(simcc_x.max(axis=2), simcc_y.max(axis=2))
    keypoints = np.stack([x / split, y / split, np.clip(peak, 0.0, 1.0)], axis=2)
    return _mark_missing(keypoints.astype(np.float32))


def decode_heatmaps(
    heatmaps: NDArray, input_size: tuple[int, int], udp: bool, blur: int = 11
) -> NDArray[np.float32]:
    """ViTPose: a heatmap per joint [N,J,h,w] to [N,J,3], refined below a heatmap pixel.

    The refinement is DARK's (Zhang et al., CVPR 2020): blur, logarithm, one Newton step.
    """
    people, joints, height, width = heatmaps.shape
    flat = heatmaps.reshape(people * joints, height, width)
    peak = flat.reshape(people * joints, -1).max(axis=1)
    place = flat.reshape(people * joints, -1).argmax(axis=1)
    found = np.stack([place % width, place // width], axis=1).astype(np.float64)
    for index in np.flatnonzero(peak > 0):
        found[index] += _newton_step(flat[index], int(found[index, 0]), int(found[index, 1]), blur)
    size = np.array([width, height])
    if udp:
        found *= (np.array(input_size) - 1) / np.maximum(size - 1, 1)
    else:
        found *= np.array(input_size) / size
    keypoints = np.concatenate([found, np.clip(peak, 0, 1)[:, None]], axis=1)
    return _mark_missing(keypoints.reshape(people, joints, 3).astype(np.float32))


def _newton_step(heatmap: NDArray, x: int, y: int, blur: int) -> NDArray[np.float64]:
    height, width = heatmap.shape
    if not (1 <= x < width - 1 and 1 <= y < height - 1):
        return np.zeros(2)
    # Only a patch as large as the blur reaches is needed around the peak.
    reach = blur // 2 + 2
    top, left = max(y - reach, 0), max(x - reach, 0)
    sharp = heatmap[top:y + reach + 1, left:x + reach + 1].astype(np.float32)
    blurred = cv2.GaussianBlur(sharp, (blur, blur), 0)
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


def decode_yolo_pose(output: NDArray, min_score: float, most: int) -> tuple[NDArray, NDArray]:
    """YOLO-pose (v8, v11): [1,5+3*J,N] to boxes with scores [P,5] and keypoints [P,J,3].

    Boxes come as centre and size; the best of overlapping ones are kept.
    """
    candidates = output[0].T
    candidates = candidates[candidates[:, 4] >= min_score]
    boxes = _corners(candidates[:, :4])
    kept = _suppress(boxes, candidates[:, 4], min_score, most)
    scored = np.concatenate([boxes[kept], candidates[kept, 4:5]], axis=1)
    return scored, candidates[kept, 5:].reshape(len(kept), -1, 3)


def decode_yolo_pose_final(output: NDArray, min_score: float, most: int
                           ) -> tuple[NDArray, NDArray]:
    """YOLO-pose without suppression after it (v10, v26): [1,N,6+3*J], corners, score, class."""
    candidates = output[0]
    candidates = candidates[candidates[:, 4] >= min_score]
    candidates = candidates[np.argsort(-candidates[:, 4])][:most]
    return candidates[:, :5], candidates[:, 6:].reshape(len(candidates), -1, 3)


def decode_yolo_boxes(output: NDArray, min_score: float, most: int) -> NDArray:
    """YOLO (v8, v11): [1,4+classes,N] to people's boxes with scores [P,5]; class 0 = person."""
    candidates = output[0].T
    # Where another class is likelier it is not a person.
    person = ((candidates[:, 4] >= min_score)
              & (candidates[:, 4] >= candidates[:, 4:].max(axis=1)))
    candidates = candidates[person]
    boxes = _corners(candidates[:, :4])
    kept = _suppress(boxes, candidates[:, 4], min_score, most)
    return np.concatenate([boxes[kept], candidates[kept, 4:5]], axis=1)


def decode_final_boxes(boxes: NDArray, labels: NDArray, min_score: float, most: int) -> NDArray:
    """Boxes [1,N,5] (corners, score) and labels [1,N] that were suppressed in the network."""
    found = boxes[0][(labels[0] == 0) & (boxes[0][:, 4] >= min_score)]
    return found[np.argsort(-found[:, 4])][:most]


def _corners(centred: NDArray) -> NDArray:
    half = 0.5 * centred[:, 2:4]
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)


def _suppress(boxes: NDArray, scores: NDArray, min_score: float, most: int) -> NDArray[np.intp]:
    if not len(boxes):
        return np.zeros(0, np.intp)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), min_score, _OVERLAP)
    return np.asarray(kept, np.intp).reshape(-1)[:most]


def _mark_missing(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    keypoints[~(keypoints[..., 2] > 0)] = np.nan, np.nan, 0.0
    return keypoints
