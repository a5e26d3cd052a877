# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What is published about one person at one instant."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.tracking.track import TrackState


@dataclass(frozen=True)
class SkeletonEstimate:
    """One person at one stamp, in the z-up world (metres, seconds).

    stamp: the image stamp that the estimate is FOR (older than the newest image when lag > 0).
    joints: float32 [J,3] p_world, NaN = no estimate. confidence: float32 [J] 0..1.
    covariance: float32 [J,3,3] m^2.
    world_T_root: float64 [4,4]: origin mid-hip, x forward out of the body, y left, z up the spine.
    root_covariance: float64 [6,6] of (x, y, z, rotation about world x, y, z).
    root_velocity: float64 [3] m/s. contact: float32 [2] left, right.
    stature, stature_sd: metres.
    """

    person_id: int
    state: TrackState
    stamp: float
    joints: NDArray[np.float32]
    confidence: NDArray[np.float32]
    covariance: NDArray[np.float32]
    world_T_root: NDArray[np.float64]
    root_covariance: NDArray[np.float64]
    root_velocity: NDArray[np.float64]
    contact: NDArray[np.float32]
    stature: float
    stature_sd: float

    def raised(self, height: float) -> 'SkeletonEstimate':
        """The same in a world whose floor is at z = ``height`` metres instead of 0."""
        if height == 0.0:
            return self
        up = np.array([0.0, 0.0, height])
        pose = self.world_T_root.copy()
        pose[:3, 3] += up
        return replace(self, joints=self.joints + up.astype(np.float32), world_T_root=pose)
