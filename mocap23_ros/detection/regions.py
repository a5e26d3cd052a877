# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The region around a person that BlazePose's landmark network takes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17

# The landmark network was trained on squares this much larger than the circle around a person.
_REGION_MARGIN = 1.25
NEVER = 1_000_000_000  # images


@dataclass(frozen=True)
class PersonRegion:
    """Square around a person: centre (between the hips), side in px, rotation in rad.

    rotation: of the body's axis from upright, clockwise in the image.
    """

    x: float
    y: float
    side: float
    rotation: float

    @classmethod
    def from_alignment(cls, x: float, y: float, top_x: float, top_y: float) -> 'PersonRegion':
        """Region from the hip centre and a point on the circle around the person, above it."""
        dx, dy = top_x - x, top_y - y
        side = 2.0 * math.hypot(dx, dy) * _REGION_MARGIN
        return cls(x, y, side, math.atan2(dx, -dy))

    @classmethod
    def around(cls, keypoints: NDArray, box: NDArray) -> 'PersonRegion':
        """Region from COCO-17 keypoints [17,2+] px and a box [4] px of a person."""
        hips = keypoints[HIPS, :2].mean(axis=0)
        shoulders = keypoints[SHOULDERS, :2].mean(axis=0)
        corners = np.concatenate([keypoints[:, :2], np.reshape(box[:4], (2, 2))])
        radius = float(np.linalg.norm(corners - hips, axis=1).max())
        up = shoulders - hips
        length = float(np.linalg.norm(up))
        if length < 1e-3:
            up, length = np.array([0.0, -1.0]), 1.0
        top = hips + up * (radius / length)
        return cls.from_alignment(float(hips[0]), float(hips[1]), float(top[0]), float(top[1]))

    @classmethod
    def of_box(cls, box: NDArray) -> 'PersonRegion':
        """Upright region from a box [4] px of a person."""
        side = float(np.max(box[2:4] - box[:2])) * _REGION_MARGIN
        return cls(float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, side, 0.0)

    def moved(self, scale: float, x: float, y: float) -> 'PersonRegion':
        """The region in an image of which this one's is a part at x, y px, shrunk by scale."""
        return PersonRegion(self.x * scale + x, self.y * scale + y, self.side * scale,
                            self.rotation)

    def near(self, people: Sequence[NDArray]) -> list[NDArray]:
        """Those landmarks [33,2+] px of which a part may be in the region."""
        return [landmarks for landmarks in people if (np.hypot(
            landmarks[:, 0] - self.x, landmarks[:, 1] - self.y) < 0.6 * self.side).any()]

    def crop_T_image(self, size: int) -> NDArray[np.float64]:
        """Matrix [2,3] from px of the image to px of an upright crop of ``size`` px a side.

        Both count from the outer edge of the first pixel.
        """
        scale = size / self.side
        cosine, sine = scale * math.cos(self.rotation), scale * math.sin(self.rotation)
        return np.array([
            [cosine, sine, 0.5 * size - cosine * self.x - sine * self.y],
            [-sine, cosine, 0.5 * size + sine * self.x - cosine * self.y]])

    def to_image(self, points: NDArray, size: int) -> NDArray[np.float64]:
        """Points [N,2] px in a crop of ``size`` px a side to px of the image."""
        offset = (np.asarray(points, np.float64) - 0.5 * size) * (self.side / size)
        cosine, sine = math.cos(self.rotation), math.sin(self.rotation)
        return np.stack([self.x + cosine * offset[:, 0] - sine * offset[:, 1],
                         self.y + sine * offset[:, 0] + cosine * offset[:, 1]], axis=1)


@dataclass(frozen=True)
class PersonLandmarks:
    """landmarks [33,4]: x px, y px, visibility 0..1, presence 0..1 in BlazePose order; region:
    where to look in the next image; doubt: images in which to look twice, change: how else
    (second_looks.py); unjudged: images since another network judged the sides; held: images since
    this was seen, in which looks contradicted each other.
    """

    landmarks: NDArray[np.float64]
    region: PersonRegion
    doubt: int = 0
    change: int = 0
    unjudged: int = NEVER
    held: int = 0

    def moved(self, scale: float, x: float, y: float) -> 'PersonLandmarks':
        """The same in an image of which this one's is a part at x, y px, shrunk by scale."""
        landmarks = self.landmarks.copy()
        landmarks[:, :2] = landmarks[:, :2] * scale + (x, y)
        return replace(self, landmarks=landmarks, region=self.region.moved(scale, x, y))


def coco_keypoints(poses: Sequence[PersonLandmarks]) -> NDArray:
    """COCO-17 keypoints [P,17,3] of poses: px and visibility."""
    return convert_keypoints(
        np.stack([pose.landmarks[:, :3] for pose in poses]), BLAZEPOSE33, COCO17)
