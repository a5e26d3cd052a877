# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Confidence that means the same whichever detector states it."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector_noise import (
    CONFIDENCE_EDGES,
    GROUP_OF,
    GROUPS,
    SIZE_EDGES,
    DetectorNoise,
)
from mocap23_ros.detection.detector_noise_file import (
    find_detector_noise,
    load_detector_noise,
    shipped_detector_noises,
)
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.person_scale import person_scale

AS_STATED = 'none'
"""In place of a noise file: confidence is taken as it is."""
# What the general noise model of training states of errors of no deviation, and the deviation in
# COCO sigmas at which it states half of that.
_HIGHEST, _HALF = 0.875, 1.315
_THEMSELVES = tuple((joint,) for joint in range(len(COCO17)))
_CONFIDENCES = np.convolve([0.0, *CONFIDENCE_EDGES, 1.0], [0.5, 0.5], 'valid')  # middles of bins
_SIZES = np.log([0.7 * SIZE_EDGES[0], np.sqrt(SIZE_EDGES[0] * SIZE_EDGES[1]), 2 * SIZE_EDGES[1]])


def stated_of(deviation: NDArray) -> NDArray:
    """Mean confidence of errors of this deviation along one axis, in COCO sigmas.

    That of the general noise model (datasets/keypoint_noise.py), which lifters are trained on.
    """
    return _HIGHEST / (1 + (deviation / _HALF) ** 2)


class ConfidenceCalibration:
    """Converts the confidence of a measured detector to that which lifters expect.

    Lifters learn what a confidence means from errors drawn at random. They would take a detector
    that always states 0.999 for one without errors.
    """

    def __init__(self, noise: DetectorNoise, nearest: Sequence[Sequence[int]] = _THEMSELVES
                 ) -> None:
        """nearest: COCO joints that each of the J joints lies at; COCO-17 itself by default.

        ``ankles`` is the noise's.
        """
        coco = np.array([noise.error[group].sd for group in GROUPS], np.float64)[GROUP_OF]
        self._deviation = np.stack([coco[list(joints)].mean(axis=0) for joints in nearest])
        self.ankles = noise.ankles

    def __call__(self, keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
        """A copy of keypoints [...,J,3] px with that confidence; not seen stays 0."""
        seen = np.isfinite(keypoints[..., :2]).all(axis=-1) & (keypoints[..., 2] > 0)
        points = np.where(seen[..., None], keypoints[..., :2], np.nan)
        confidence = np.where(seen, keypoints[..., 2], 0)
        result = keypoints.copy()
        result[..., 2] = np.where(
            seen, self.confidence(confidence, person_scale(points)), keypoints[..., 2])
        return result

    def confidence(self, stated: NDArray, size: NDArray) -> NDArray:
        """The confidence of joints [...,J] of people of this size [...] in px."""
        size = np.where(np.isfinite(size) & (size > 1), size, 1.0)
        row, row_part = _place(np.log(size)[..., None], _SIZES)
        column, part = _place(stated, _CONFIDENCES)
        joint = np.arange(len(self._deviation))

        def at(rows: NDArray) -> NDArray:
            low = self._deviation[joint, rows, column]
            return low + part * (self._deviation[joint, rows, column + 1] - low)

        low = at(row)
        # Never more than stated: where a joint always had high confidence, the table knows nothing
        # about low confidence.
        return np.minimum(stated, stated_of(low + row_part * (at(row + 1) - low)))


def _place(values: NDArray, grid: NDArray) -> tuple[NDArray[np.intp], NDArray]:
    """Which of the grid's intervals, and which part of it is passed; held beyond the ends."""
    position = np.interp(values, grid, np.arange(len(grid)))
    low = np.minimum(position.astype(np.intp), len(grid) - 2)
    return low, position - low


@cache
def confidence_calibration(detector: str) -> ConfidenceCalibration | None:
    """The calibration of a detector whose noise ships, by its name; None for others."""
    return chosen_calibration(detector) if detector in shipped_detector_noises() else None


def chosen_calibration(noise: str, detector: str = '') -> ConfidenceCalibration | None:
    """The calibration of a noise file, or of a detector whose noise ships; InputError for bad ones.

    noise: empty: that of ``detector``, if any ships; AS_STATED: none.
    """
    if not noise:
        return confidence_calibration(detector)
    if noise == AS_STATED:
        return None
    return ConfidenceCalibration(load_detector_noise(find_detector_noise(noise)))
