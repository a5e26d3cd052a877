# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Detections of a recording that is lifted more than once: found once, then remembered."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection, FollowingDetector

Found: TypeAlias = list[list[Detection]]
"""The people of each image of a recording, in the order in which the images were looked at."""


class RememberedDetector:
    """Runs the detector and fills ``found``; once it is full, answers from it.

    The second recording must be the first one again: the same images in the same order, and the
    same poses of the camera.
    """

    def __init__(self, detector: FollowingDetector, found: Found) -> None:
        self._detector = detector
        self._found = found
        self._knows = bool(found)
        self._image = 0
        self.format = detector.format

    def follow(self, world_T_camera: NDArray[np.float64]) -> None:
        """Take the images that follow as those of a camera with this pose [4,4], z up."""
        self._detector.follow(world_T_camera)

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in an image uint8 [H,W,3], found now or remembered."""
        if not self._knows:
            self._found.append(self._detector.detect(image_bgr))
        self._image += 1
        return self._found[self._image - 1]

    def reset(self) -> None:
        """Forget where people were."""
        self._detector.reset()

    def close(self) -> None:
        """Free the model."""
        self._detector.close()
