# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The protocol of 2D detectors, and what they return."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17, COCO21
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


@dataclass(frozen=True)
class Detection:
    """One person in one image.

    keypoints: float32 [J,3] x px, y px in the raw (distorted) image, confidence 0..1;
        x, y are NaN and confidence 0 where a keypoint was not found.
    bounding_box: float32 [4] x_min, y_min, x_max, y_max px.
    score: 0..1, that this is a person at all.
    feet: float32 [4,3] as keypoints, heels and toes in the order of COCO21, of detectors that know
        them but not in their format.
    """

    keypoints: NDArray[np.float32]
    bounding_box: NDArray[np.float32]
    score: float
    feet: NDArray[np.float32] | None = None


def feet_of(keypoints: NDArray[np.float32], source: SkeletonFormat) -> NDArray[np.float32] | None:
    """Heels and toes [4,3] of keypoints [J,3]; None where there are none."""
    feet = convert_keypoints(keypoints, source, COCO21)[len(COCO17):]
    return feet if (feet[:, 2] > 0).any() else None


def converted(detection: Detection, source: SkeletonFormat, target: SkeletonFormat) -> Detection:
    """The detection in another format, and the heels and toes that ``source`` knows."""
    if source.name == target.name:
        return detection
    return replace(detection, keypoints=convert_keypoints(detection.keypoints, source, target),
                   feet=feet_of(detection.keypoints, source))


class Detector(Protocol):
    """Finds people and their keypoints in single images.

    A constructor never downloads; it raises InputError when a model file is absent or damaged.
    """

    format: SkeletonFormat

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in an image uint8 [H,W,3] (BGR); an empty list where nobody is."""

    def reset(self) -> None:
        """Forget where people were, as at a new recording; what is loaded stays."""

    def close(self) -> None:
        """Free the model; the detector cannot be used afterwards."""


class FollowingDetector(Detector, Protocol):
    """A detector that uses the pose of the camera."""

    def follow(self, world_T_camera: NDArray[np.float64]) -> None:
        """Take the images that follow as those of a camera with this pose [4,4], z up."""


def check_search(max_people: int, most: int, search_interval: int) -> None:
    """Raise InputError for options that detectors share and that are out of range."""
    if not 1 <= max_people <= most:
        raise InputError(f'max_people must be 1 to {most}, not {max_people}')
    if search_interval < 1:
        raise InputError(f'search_interval must be at least 1 image, not {search_interval}')
