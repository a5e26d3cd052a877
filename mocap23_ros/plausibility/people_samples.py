# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps what a camera saw of people in the last seconds, thinned, in arrays of fixed size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel

MEMORY = 12.0  # seconds
INTERVAL = 0.2  # seconds between frames that are kept: neighbours say the same
CAPACITY = 800  # people x frames
MOST_PEOPLE = 8  # of a frame: more would push out the past
_CONFIDENCE = 0.3


@dataclass(frozen=True)
class PeopleSamples:
    """N sightings of one person in one frame each, oldest first.

    stamps: float64 [N] seconds. person_ids: int64 [N]. points: float64 [N,17,2] COCO keypoints in
    undistorted normalised image coordinates, NaN = unobserved. floor_T_camera: float64 [N,4,4].
    middle: float64 [N,2] middle of the image in normalised coordinates, (0, 0) where the principal
    point lies in it. principal_point: float64 [N,2] from the image's corner, in focal lengths.
    counterpart_points: float64 [N,17,2] as points, by the camera's counterpart (raw images for
    rectified ones, or the other way round); NaN where it has none.
    """

    stamps: NDArray[np.float64]
    person_ids: NDArray[np.int64]
    points: NDArray[np.float64]
    floor_T_camera: NDArray[np.float64]
    middle: NDArray[np.float64]
    principal_point: NDArray[np.float64]
    counterpart_points: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.stamps)

    @classmethod
    def empty(cls, number: int) -> 'PeopleSamples':
        """Arrays to be filled in."""
        return cls(np.full(number, -np.inf), np.zeros(number, np.int64),
                   np.full((number, 17, 2), np.nan), np.zeros((number, 4, 4)),
                   np.zeros((number, 2)), np.zeros((number, 2)),
                   np.full((number, 17, 2), np.nan))

    def arrays(self) -> tuple[NDArray, ...]:
        """All arrays, in the order of the fields."""
        return (self.stamps, self.person_ids, self.points, self.floor_T_camera, self.middle,
                self.principal_point, self.counterpart_points)

    def select(self, rows: NDArray) -> 'PeopleSamples':
        """Some of the samples, in this order."""
        return PeopleSamples(*(array[rows] for array in self.arrays()))


class PeopleMemory:
    """Keeps samples of the last seconds. Time and memory are bounded by constants."""

    def __init__(self, memory: float = MEMORY, interval: float = INTERVAL) -> None:
        """memory: seconds that are kept. interval: seconds between frames that are looked at."""
        self._memory, self._interval = memory, interval
        self._ring = PeopleSamples.empty(CAPACITY)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._ring.stamps[:] = -np.inf
        self._next = 0
        self._newest = -np.inf

    def is_due(self, stamp: float) -> bool:
        """Whether a frame of this stamp would be kept; most frames are not."""
        return stamp - self._newest >= self._interval - 1e-3

    def add(self, stamp: float, person_ids: Sequence[int], keypoints: NDArray,
            camera: CameraModel, floor_T_camera: NDArray) -> None:
        """Take in a frame: keypoints [P,17,3], raw px and confidence."""
        self._newest = stamp
        keypoints = keypoints[:MOST_PEOPLE]
        count = len(keypoints)
        if not count:
            return
        seen = keypoints[..., 2] > _CONFIDENCE
        pixels = np.where(seen[..., None], keypoints[..., :2], np.nan)
        points = camera.undistort(pixels)
        other = np.nan if camera.counterpart is None else camera.counterpart.undistort(pixels)
        principal_point = (camera.K[:2, 2] + 0.5) / camera.K.diagonal()[:2]
        middle = 0.5 * np.array(camera.image_size) / camera.K.diagonal()[:2] - principal_point
        rows = (self._next + np.arange(count)) % CAPACITY
        self._next = int(rows[-1] + 1) % CAPACITY
        values = (stamp, list(person_ids)[:MOST_PEOPLE], points, floor_T_camera, middle,
                  principal_point, other)
        for array, value in zip(self._ring.arrays(), values, strict=True):
            array[rows] = value

    def recent(self) -> PeopleSamples:
        """The samples of the last seconds, oldest first."""
        stamps = self._ring.stamps
        rows = np.flatnonzero((stamps > -np.inf) & (stamps >= self._newest - self._memory))
        return self._ring.select(rows[np.argsort(self._ring.stamps[rows], kind='stable')])
