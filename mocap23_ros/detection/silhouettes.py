# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Paints people out of an image by rough outlines from their landmarks."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import LIMBS, SHOULDERS
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17

_TORSO = [BLAZEPOSE33.index(name) for name in (
    'left_shoulder', 'right_shoulder', 'right_hip', 'left_hip')]
_NOSE = BLAZEPOSE33.index('nose')
_JOINT = [BLAZEPOSE33.index(name) for name in COCO17.joint_names]
_DRAWN = [*((_JOINT[a], _JOINT[b]) for a, b in LIMBS),
          *((_NOSE, _JOINT[shoulder]) for shoulder in SHOULDERS)]

OTHERS_THICKNESS = 0.45
"""Thickness of limbs as a fraction of the torso's length: loose, clothes and hair included."""
OWN_THICKNESS = 0.3


def paint_out(
    image: NDArray[np.uint8], others: Sequence[NDArray], own: NDArray | None = None
) -> None:
    """Fill people's outlines with the mean colour, in place.

    image: [H,W,3]. others, own: landmarks [33,2] px in BlazePose order; pixels of ``own`` stay.
    """
    mask = np.zeros(image.shape[:2], np.uint8)
    for landmarks in others:
        draw_silhouette(mask, landmarks, 255, OTHERS_THICKNESS)
    if own is not None:
        draw_silhouette(mask, own, 0, OWN_THICKNESS)
    colour = cv2.mean(image[::4, ::4])[:3]
    cv2.copyTo(np.full_like(image, np.rint(colour).astype(np.uint8)), mask, image)


def draw_silhouette(
    mask: NDArray[np.uint8], landmarks: NDArray, value: int, thickness: float
) -> None:
    """Draw torso, limbs and head of landmarks [33,2] px into a mask [H,W]."""
    points = np.clip(landmarks[:, :2], -4096, 4096)
    corners = points[_TORSO]
    torso = float(np.linalg.norm(corners[:2].mean(axis=0) - corners[2:].mean(axis=0)))
    pixels = np.rint(points).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(pixels[_TORSO]), value)
    line = int(np.clip(thickness * torso, 3, 255))
    for first, second in _DRAWN:
        cv2.line(mask, pixels[first].tolist(), pixels[second].tolist(), value, line)
    radius = int(np.clip(thickness * torso, 3, 1000))
    cv2.circle(mask, pixels[_NOSE].tolist(), radius, value, -1)
