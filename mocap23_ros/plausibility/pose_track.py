# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of a camera over some seconds, and what they were in between."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.geometry.poses import interpolate_pose

_GAP = 0.5  # seconds between poses, over which the camera may have done anything


@dataclass(frozen=True)
class PoseTrack:
    """stamps: [N] s, increasing; world_T_camera: [N,4,4], N at least 2."""

    stamps: NDArray[np.float64]
    world_T_camera: NDArray[np.float64]

    def at(self, stamps: ArrayLike) -> NDArray[np.float64]:
        """world_T_camera [...,4,4] at stamps [...] (s), interpolated; NaN where it is not known."""
        wanted = np.asarray(stamps, np.float64)
        after = np.clip(np.searchsorted(self.stamps, wanted), 1, len(self.stamps) - 1)
        step = self.stamps[after] - self.stamps[after - 1]
        share = (wanted - self.stamps[after - 1]) / step
        found = interpolate_pose(self.world_T_camera[after - 1], self.world_T_camera[after],
                                 np.clip(share, 0, 1))
        found[(step > _GAP) | (share < -1e-6) | (share > 1 + 1e-6)] = np.nan
        return found
