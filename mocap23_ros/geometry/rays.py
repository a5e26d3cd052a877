# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints as rays in the world."""

import numpy as np
from numpy.typing import NDArray


def world_rays(p_normalised: NDArray, world_T_camera: NDArray) -> NDArray[np.float64]:
    """Directions [...,J,3] in the world of undistorted normalised image points [...,J,2].

    Not unit length: depth 1 along the optical axis, so that ``centre + depth * direction`` is the
    point at that depth. world_T_camera: [...,4,4], one pose per row of points; the leading axes
    broadcast. NaN stays NaN.
    """
    rotation = world_T_camera[..., None, :3, :3]
    return (rotation[..., 0] * p_normalised[..., 0, None]
            + rotation[..., 1] * p_normalised[..., 1, None] + rotation[..., 2])
