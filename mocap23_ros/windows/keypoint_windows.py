# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The input of every lifter: windows of undistorted keypoints of several people."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class KeypointWindows:
    """T samples at constant spacing of P people seen by one calibrated, possibly moving camera.

    stamps: float64 [T] seconds, oldest first, spacing 1/rate.
    keypoints: float32 [P,T,J,3]: x, y = undistorted normalised image coordinates, so that
        (x, y, 1) is the ray in the camera optical frame; confidence 0..1. Unobserved: x, y NaN and
        confidence 0 (also before the person entered).
    world_T_camera: float64 [T,4,4] pose of the optical frame in a z-up world with floor at z = 0.
    focal_length: pixels, sqrt(fx fy): turns normalised noise into pixels.
    person_ids: int64 [P]; lifters keep state per id.
    stature: float32 [P] known body height in metres, NaN = unknown.
    """

    stamps: NDArray[np.float64]
    keypoints: NDArray[np.float32]
    world_T_camera: NDArray[np.float64]
    focal_length: float
    person_ids: NDArray[np.int64]
    stature: NDArray[np.float32]

    def __post_init__(self) -> None:
        people, length = self.keypoints.shape[:2]
        assert self.keypoints.ndim == 4 and self.keypoints.shape[3] == 3, self.keypoints.shape
        assert self.stamps.shape == (length,), self.stamps.shape
        assert self.world_T_camera.shape == (length, 4, 4), self.world_T_camera.shape
        assert self.person_ids.shape == (people,) and self.stature.shape == (people,)

    @property
    def people(self) -> int:
        """P, the number of people."""
        return self.keypoints.shape[0]

    @property
    def length(self) -> int:
        """T, the number of samples."""
        return self.keypoints.shape[1]

    def of_joints(self, count: int) -> 'KeypointWindows':
        """The windows of the first so many joints."""
        return self if count == self.keypoints.shape[2] else replace(
            self, keypoints=np.ascontiguousarray(self.keypoints[:, :, :count]))

    @cached_property
    def seen_share(self) -> NDArray[np.float64]:
        """Share [P,J] of the samples with anything of a person in which a joint is seen."""
        observed = np.nan_to_num(self.keypoints[..., 2]) > 0
        return observed.sum(axis=1) / np.maximum(observed.any(axis=2).sum(axis=1), 1)[:, None]
