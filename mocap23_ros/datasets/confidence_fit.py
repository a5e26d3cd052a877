# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a detector's confidence says about its errors, and the other way round."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.detected_clips import ClipErrors
from mocap23_ros.datasets.keypoint_noise import KeypointNoise, draw_confidence
from mocap23_ros.detection.detector_noise import (
    CONFIDENCE_EDGES,
    ERROR_EDGES,
    GROUPS,
    QUANTILES,
    SIZE_EDGES,
    ErrorTable,
    Stated,
)
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS

_PRIOR_TRACKS = 8.0
_LARGEST = 8.0  # COCO sigmas; farther off is no more wrong


def fit_stated(errors: Sequence[ClipErrors]) -> dict[str, Stated]:
    """Confidence by error, for each group of joints.

    Few data are filled up from all groups together, and these from the general noise model.
    """
    error, confidence, joint, track = _keypoints(errors)
    rows = np.digitize(error, ERROR_EDGES)
    prior = _general_quantiles()
    everything = _quantiles(confidence, rows, track, prior)[0]
    result = {}
    for group, joints in GROUPS.items():
        own = np.isin(joint, joints)
        values, tracks = _quantiles(confidence[own], rows[own], track[own], everything)
        result[group] = Stated(tuple(map(tuple, values.tolist())), tuple(tracks))
    return result


def _quantiles(confidence: NDArray, rows: NDArray, track: NDArray, prior: NDArray
               ) -> tuple[NDArray, list[int]]:
    result, counts = prior.copy(), []
    for row in range(len(ERROR_EDGES) + 1):
        chosen = rows == row
        counts.append(len(np.unique(track[chosen])))
        if counts[-1]:
            weight = counts[-1] / (counts[-1] + _PRIOR_TRACKS)
            own = np.quantile(confidence[chosen], QUANTILES)
            result[row] = weight * own + (1 - weight) * prior[row]
    return np.clip(np.maximum.accumulate(result, axis=1), 0, 1), counts


def _general_quantiles() -> NDArray[np.float64]:
    """Quantiles of the general noise model at the middle of each bin, [bins, quantiles]."""
    edges = np.array([ERROR_EDGES[0] / 4, *ERROR_EDGES, 2 * ERROR_EDGES[-1]])
    middle = np.sqrt(edges[:-1] * edges[1:])
    relative = np.repeat(middle.astype(np.float32), 400).reshape(-1, 1, 1)
    relative = np.broadcast_to(relative, (len(relative), 1, 17))
    spread = COCO_SIGMAS.astype(np.float32)
    noise = KeypointNoise()
    typical = np.float32(np.sqrt(noise.spread[0] * noise.spread[1]))
    drawn = draw_confidence(relative * spread, np.broadcast_to(typical * spread, relative.shape),
                            np.ones(relative.shape[:2], np.float32), noise,
                            np.random.default_rng(0))
    return np.quantile(drawn.reshape(len(middle), -1).astype(np.float64), QUANTILES, axis=1).T


def fit_error_tables(errors: Sequence[ClipErrors]) -> dict[str, ErrorTable]:
    """Error by person's size and confidence, for each group; never less for less confidence.

    Cells with few data are filled up from their column over all sizes, these from their group.
    """
    error, confidence, joint, track = _keypoints(errors)
    size = np.concatenate([np.broadcast_to(clip.size[:, None], clip.seen.shape)[clip.seen]
                           for clip in errors])
    square = np.minimum(error, _LARGEST) ** 2 / 2  # along one axis
    row, column = np.digitize(size, SIZE_EDGES), np.digitize(confidence, CONFIDENCE_EDGES)
    result = {}
    for group, joints in GROUPS.items():
        own = np.isin(joint, joints)
        whole, _ = _filled_up(square, track, own, float(square.mean()))
        variance = np.zeros((len(SIZE_EDGES) + 1, len(CONFIDENCE_EDGES) + 1))
        tracks = np.zeros(variance.shape, int)
        for c in range(variance.shape[1]):
            of_column, _ = _filled_up(square, track, own & (column == c), whole)
            for r in range(variance.shape[0]):
                variance[r, c], tracks[r, c] = _filled_up(
                    square, track, own & (column == c) & (row == r), of_column)
        for r in range(variance.shape[0]):
            variance[r] = _falling(variance[r], tracks[r] + 1.0)
        result[group] = ErrorTable(tuple(map(tuple, np.sqrt(variance).tolist())),
                                   tuple(map(tuple, tracks.tolist())))
    return result


def _filled_up(square: NDArray, track: NDArray, chosen: NDArray, prior: float
               ) -> tuple[float, int]:
    count = len(np.unique(track[chosen]))
    if not count:
        return prior, 0
    return float((count * square[chosen].mean() + _PRIOR_TRACKS * prior)
                 / (count + _PRIOR_TRACKS)), count


def _falling(values: NDArray, weight: NDArray) -> NDArray[np.float64]:
    """The nearest sequence that never rises: neighbours that do are averaged."""
    blocks: list[list[float]] = []  # value, weight, how many
    for value, amount in zip(values.tolist(), weight.tolist(), strict=True):
        blocks.append([value, amount, 1])
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            last = blocks.pop()
            total = blocks[-1][1] + last[1]
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + last[0] * last[1]) / total, total,
                          blocks[-1][2] + last[2]]
    return np.concatenate([np.full(int(block[2]), block[0]) for block in blocks])


def _keypoints(errors: Sequence[ClipErrors]) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Error in COCO sigmas, confidence, joint, and track (joint of a clip) of all keypoints."""
    parts = []
    for number, clip in enumerate(errors):
        joint = np.broadcast_to(np.arange(17), clip.seen.shape)[clip.seen]
        parts.append((clip.distance[clip.seen] / COCO_SIGMAS[joint], clip.confidence[clip.seen],
                      joint, 17 * number + joint))
    error, confidence, joint, track = (np.concatenate(values)
                                       for values in zip(*parts, strict=True))
    return error, confidence, joint, track
