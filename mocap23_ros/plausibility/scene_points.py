# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Points of the scene around people, recognised in another image of the same camera (ORB)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel

_SIZE = 480  # pixels of the longer side of the images that are compared
_POINTS, _CONTRAST = 500, 8  # most of them; grey values
_AROUND = 0.15  # of a person's box, that is left out around it
_SURELY = 0.8  # distance of the best likeness to that of the second best
_MISSED = 2.5  # pixels between a point and its place under the homography
FEWEST, _AGREE = 25, 0.4  # points that agree; their share of those that are recognised
_SPREAD = 0.12  # of the image, standard deviation of the points' places


@dataclass(frozen=True)
class ScenePoints:
    """N points: rays of depth 1 [N,2], and how they look, uint8 [N,32]. pixel: a pixel's size."""

    rays: NDArray[np.float64]
    looks: NDArray[np.uint8]
    spread: NDArray[np.float64]
    pixel: float

    def __len__(self) -> int:
        return len(self.rays)


def shrunk(image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The small grey image [h,w] that is compared, of an image uint8 [H,W,3]."""
    scale = min(1.0, _SIZE / max(image_bgr.shape[:2]))
    small = cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def scene_points(image: NDArray[np.uint8], boxes: NDArray, camera: CameraModel) -> ScenePoints:
    """Points of a small image of ``shrunk``; boxes [P,4]: people in raw pixels of ``camera``."""
    scale = image.shape[1] / camera.image_size[0]
    free = _free(image.shape[:2], np.asarray(boxes, np.float64).reshape(-1, 4) * scale)
    orb = cv2.ORB.create(_POINTS, nlevels=6, fastThreshold=_CONTRAST)
    keypoints, descriptors = orb.detectAndCompute(image, free)
    pixels = np.array(cv2.KeyPoint.convert(keypoints), np.float64).reshape(-1, 2)
    looks = np.asarray([] if descriptors is None else descriptors, np.uint8).reshape(-1, 32)
    rays = camera.undistort(pixels / scale)
    known = np.isfinite(rays).all(axis=1)
    return ScenePoints(rays[known], looks[known],
                       _SPREAD * np.array(camera.image_size) / camera.focal_length,
                       1 / (scale * camera.focal_length))


def agreeing_rays(before: ScenePoints, now: ScenePoints
                  ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Rays [N,2] of the points that both images show; None where too few, or too near together.

    The homography on which most agree (RANSAC) selects them.
    """
    if min(len(before), len(now)) < FEWEST:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(before.looks, now.looks, 2)
    sure = [a for a, b in pairs if a.distance < _SURELY * b.distance]
    if len(sure) < FEWEST:
        return None
    first = before.rays[[match.queryIdx for match in sure]]
    second = now.rays[[match.trainIdx for match in sure]]
    _, agree = cv2.findHomography(first, second, cv2.RANSAC, _MISSED * now.pixel)
    if agree is None:
        return None
    agree = agree[:, 0] == 1
    if agree.sum() < max(FEWEST, _AGREE * len(agree)) or (
            first[agree].std(axis=0) < now.spread).any():
        return None
    return first[agree], second[agree]


def with_depth(rays: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors [N,3] along rays of depth 1 [N,2]."""
    vectors = np.concatenate([rays, np.ones((len(rays), 1))], axis=1)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _free(shape: tuple[int, ...], boxes: NDArray[np.float64]) -> NDArray[np.uint8]:
    """255 where nobody is, uint8 [h,w]."""
    free = np.full(shape, 255, np.uint8)
    for box in boxes[np.isfinite(boxes).all(axis=1)]:
        around = _AROUND * (box[2:] - box[:2])
        low = np.clip(box[:2] - around, 0, None).astype(int)
        high = np.clip(box[2:] + around, 0, None).astype(int)
        free[low[1]:high[1], low[0]:high[0]] = 0
    return free
