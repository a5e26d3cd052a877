# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints as rays in the world, and rays as seen by a levelled camera."""

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


def ray_covariance(ray: NDArray, along: NDArray | float, across: NDArray) -> NDArray[np.float64]:
    """Covariance [...,3,3] of variances [...] along unit rays [...,3] and across them, each way."""
    outer = ray[..., :, None] * ray[..., None, :]
    return np.asarray(across[..., None, None] * (np.eye(3) - outer)
                      + np.asarray(along)[..., None, None] * outer)


def depth_covariance(points: NDArray, centre: NDArray, relative_sd: NDArray
                     ) -> NDArray[np.float64]:
    """Covariance [...,J,3,3] of points [...,J,3] that move together along their rays.

    centre: [...,3] of the camera; relative_sd: [...] of their distance from it.
    """
    rays = (points - centre[..., None, :]) * relative_sd[..., None, None]
    return np.asarray(rays[..., :, None] * rays[..., None, :])


def levelled(vectors: NDArray, heading: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Components ahead, to the left and up of vectors [...,3] of a frame with z up.

    heading: [...,2] horizontal unit vector that is ahead; the leading axes broadcast.
    """
    cosine, sine = heading[..., 0], heading[..., 1]
    x, y = vectors[..., 0], vectors[..., 1]
    return x * cosine + y * sine, y * cosine - x * sine, vectors[..., 2]


def from_levelled(p_centre: NDArray, heading: NDArray, ahead: NDArray, left: NDArray,
                  up: NDArray) -> NDArray[np.float64]:
    """Points [...,3] at these distances from p_centre [...,3]; see ``levelled``."""
    cosine, sine = heading[..., 0], heading[..., 1]
    return np.stack(np.broadcast_arrays(p_centre[..., 0] + ahead * cosine - left * sine,
                                        p_centre[..., 1] + ahead * sine + left * cosine,
                                        p_centre[..., 2] + up), axis=-1)
