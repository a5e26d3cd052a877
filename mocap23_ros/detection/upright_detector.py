# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Detects people in images of cameras mounted on their side or upside down."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection, Detector

# By quarter turns anticlockwise.
_CODES = (None, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)
# The shortest image of a vertical unit vector that tells up from down: views within 20 degrees of
# straight down or up have no upright side.
_LEAST_VERTICAL = 0.34
_HYSTERESIS = np.radians(60.0)


class UprightDetector:
    """Turns images by quarter turns so that people stand in them, and the detections back.

    Detectors are trained on people who stand. Where they stand upright is known from the pose of
    the camera: ``follow`` it. Until then images are taken as they are.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.format = detector.format
        self._turns = 0

    def follow(self, world_T_camera: NDArray[np.float64]) -> None:
        """Take the images that follow as those of a camera with this pose [4,4], z up."""
        across, down = world_T_camera[2, 0], world_T_camera[2, 1]
        if np.hypot(across, down) < _LEAST_VERTICAL:
            return
        angle = np.arctan2(across, -down)  # of the image's up against that of the world
        off = (angle - self._turns * np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
        turns = round(angle / (np.pi / 2)) % 4
        if abs(off) > _HYSTERESIS and turns != self._turns:
            self._turns = turns
            self.reset()

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in an image uint8 [H,W,3], in its own pixels."""
        code = _CODES[self._turns]
        if code is None:
            return self._detector.detect(image_bgr)
        height, width = image_bgr.shape[:2]
        turned = np.asarray(cv2.rotate(image_bgr, code), np.uint8)
        return [self._turned_back(detection, width, height)
                for detection in self._detector.detect(turned)]

    def reset(self) -> None:
        """Forget where people were."""
        self._detector.reset()

    def close(self) -> None:
        """Free the model."""
        self._detector.close()

    def _turned_back(self, detection: Detection, width: int, height: int) -> Detection:
        keypoints = self._turned(detection.keypoints, width, height)
        feet = None if detection.feet is None else self._turned(detection.feet, width, height)
        corners = self._pixels_back(detection.bounding_box.reshape(2, 2), width, height)
        box = np.concatenate([corners.min(axis=0), corners.max(axis=0)]).astype(np.float32)
        return replace(detection, keypoints=keypoints, bounding_box=box, feet=feet)

    def _turned(self, keypoints: NDArray[np.float32], width: int, height: int
                ) -> NDArray[np.float32]:
        turned = keypoints.copy()
        turned[:, :2] = self._pixels_back(keypoints[:, :2], width, height)
        return turned

    def _pixels_back(self, pixels: NDArray, width: int, height: int) -> NDArray:
        """Pixels [N,2] of the turned image to those of the image of this size."""
        x, y = pixels[:, 0], pixels[:, 1]
        if self._turns == 1:
            return np.stack([width - 1 - y, x], axis=-1)
        if self._turns == 2:
            return np.stack([width - 1 - x, height - 1 - y], axis=-1)
        return np.stack([y, height - 1 - x], axis=-1)
