# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Turns BlazePose landmarks into COCO keypoints, each person once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.detection.keypoint_similarity import keypoint_similarity
from mocap23_ros.detection.regions import PersonLandmarks, PersonRegion
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17, COCO21
from mocap23_ros.skeletons.unobserved import UNOBSERVED

_DUPLICATE_SIMILARITY = 0.5  # OKS from which two poses are one person
_FEWEST = 3  # keypoints of a detection


@dataclass(frozen=True)
class LandmarkPerson:
    """One person. shift: of the region since the last image, in sides; infinite for a new one."""

    pose: PersonLandmarks
    detection: Detection
    shift: float


def to_detection(pose: PersonLandmarks, image: NDArray, edge: float = 0.0) -> Detection | None:
    """COCO keypoints of a pose; None where next to nothing of the person is in the image.

    edge: what the network counts as the centre of the first pixel.
    """
    marks = pose.landmarks
    inside = ((marks[:, 0] >= 0) & (marks[:, 0] < image.shape[1])
              & (marks[:, 1] >= 0) & (marks[:, 1] < image.shape[0]))
    if inside.sum() < _FEWEST:
        return None
    blazepose = np.empty((len(marks), 3), np.float32)
    blazepose[:, :2] = marks[:, :2] - edge
    blazepose[:, 2] = marks[:, 2] * marks[:, 3]
    blazepose[~inside] = UNOBSERVED
    known = convert_keypoints(blazepose, BLAZEPOSE33, COCO21)
    keypoints, feet = known[:len(COCO17)], known[len(COCO17):]
    found = keypoints[:, 2] > 0
    if found.sum() < _FEWEST:
        return None
    box = np.concatenate([marks[inside, :2].min(axis=0), marks[inside, :2].max(axis=0)])
    return Detection(keypoints, box.astype(np.float32), float(keypoints[found, 2].mean()), feet)


def clear_people(poses: Sequence[PersonLandmarks | None], image: NDArray, least: float,
                 edge: float = 0.0, followed: Sequence[PersonRegion] | None = None
                 ) -> list[LandmarkPerson]:
    """The people of the poses whose score is at least that.

    followed: the regions in which each was looked for; None for new people. edge: see to_detection.
    """
    people = []
    for index, pose in enumerate(poses):
        detection = None if pose is None else to_detection(pose, image, edge)
        if pose is None or detection is None or detection.score < least:
            continue
        shift = np.inf
        if followed is not None:
            region = followed[index]
            shift = np.hypot(pose.region.x - region.x, pose.region.y - region.y) / region.side
        people.append(LandmarkPerson(pose, detection, float(shift)))
    return people


def without_duplicates(people: list[LandmarkPerson]) -> list[LandmarkPerson]:
    """Keep, of poses on the same person, the one that moved least: the other slid over to it."""
    if len(people) < 2:
        return people
    keypoints = np.stack([person.detection.keypoints for person in people])
    boxes = np.stack([person.detection.bounding_box for person in people])
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    similarity = np.nan_to_num(keypoint_similarity(keypoints, keypoints, area))
    kept: list[int] = []
    for index in sorted(range(len(people)), key=lambda i: people[i].shift):
        if all(max(similarity[index, k], similarity[k, index]) < _DUPLICATE_SIMILARITY
               for k in kept):
            kept.append(index)
    return [people[index] for index in sorted(kept)]
