# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Matches detections to the people whose keypoints are known."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mocap23_ros.detection.detector import Detector
from mocap23_ros.detection.keypoint_similarity import joints_area, keypoint_similarity
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.exchanged_sides import SIDES, with_sides_exchanged
from mocap23_ros.skeletons.formats import COCO17

FOUND = 0.5
"""OKS from which somebody counts as found, as in the COCO evaluation."""


def match_people(truth: NDArray, found: NDArray, least: float = FOUND) -> list[tuple[int, int]]:
    """Pairs of rows of truth [P,17,2] and of found [D,17,3], px, NaN = not known or not found.

    A person whose sides are exchanged is found, too. least: OKS of a pair.
    """
    if not len(found) or not len(truth):
        return []
    area = joints_area(truth)
    alike = np.maximum(*(np.nan_to_num(keypoint_similarity(version, found, area))
                         for version in (truth, with_sides_exchanged(truth, tuple(SIDES)))))
    rows, columns = linear_sum_assignment(-alike)
    return [(row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
            if alike[row, column] >= least]


def coco_people(detector: Detector, images: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray]:
    """COCO-17 keypoints [D,17,3] of everybody in each image."""
    for image in images:
        people = [convert_keypoints(person.keypoints, detector.format, COCO17)
                  for person in detector.detect(image)]
        yield np.asarray(people, np.float64).reshape(-1, len(COCO17), 3)


def in_order_of_truth(truth: NDArray, found: Iterable[NDArray], least: float = FOUND) -> NDArray:
    """What was found [D,17,3] in each of F images, as [F,P,17,3] of the people of the truth.

    truth: [F,P,17,2] px. Not found: NaN and confidence 0.
    """
    result = np.full((*truth.shape[:3], 3), np.nan)
    result[..., 2] = 0
    for frame, people in enumerate(found):
        for row, column in match_people(truth[frame], people, least):
            result[frame, row] = people[column]
    return result
