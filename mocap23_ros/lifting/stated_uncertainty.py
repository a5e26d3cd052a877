# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""From what a network states of its joints' uncertainty to what its streams show of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.rays import ray_covariance


@dataclass(frozen=True)
class StatedUncertainty:
    """What training/uncertainty_calibration.py found; the default changes nothing.

    along, across: factors on the network's standard deviations along and across the viewing ray,
    across that of joints that are seen: what these miss in the image is added by
    pipeline/missed_keypoints.py. floor: m, a further deviation along the ray, of bodies that differ
    from those of the training in what no window tells.
    """

    along: float = 1.0
    across: float = 1.0
    floor: float = 0.0

    def covariance(self, stated: NDArray, joints: NDArray, centre: NDArray, seen: NDArray
                   ) -> NDArray[np.float64]:
        """Covariance [P,T,J,3,3] in place of the stated one, m^2.

        joints: [P,T,J,3], centre: [T,3] of the camera, in the same axes; seen: bool [P,T,J].
        """
        if self == AS_STATED:
            return stated
        ray = joints - centre[:, None]
        ray = ray / np.maximum(np.linalg.norm(ray, axis=-1, keepdims=True), 1e-9)
        along = np.einsum('...i,...ij,...j->...', ray, stated, ray)
        across = 0.5 * (np.trace(stated, axis1=-2, axis2=-1) - along)
        along = self.along**2 * along + self.floor**2
        across = np.where(seen, self.across**2, 1.0) * across
        return ray_covariance(ray, along, across)


AS_STATED = StatedUncertainty()
