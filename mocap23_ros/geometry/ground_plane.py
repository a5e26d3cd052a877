# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Rays against the horizontal floor."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def camera_rays(normalised: NDArray, world_T_camera: NDArray) -> NDArray[np.float64]:
    """Direction in the world, [...,3], of rays through normalised image points [...,2].

    Not unit length: depth 1 along the optical axis, so that ``centre + depth * direction`` is the
    point at that depth. world_T_camera: [...,4,4], its leading axes are those of the points (or
    the first ones of them; one pose per row of points). The centre is world_T_camera[...,:3,3].
    """
    missing = normalised.ndim - 1 - (world_T_camera.ndim - 2)
    shape = world_T_camera.shape[:-2] + (1,) * missing
    rotation = world_T_camera[..., :3, :3].reshape(shape + (3, 3))
    return (rotation[..., 0] * normalised[..., 0, None]
            + rotation[..., 1] * normalised[..., 1, None] + rotation[..., 2])


def ray_floor_intersection(centre: ArrayLike, direction: ArrayLike,
                           height: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Points [...,3] in which rays meet the horizontal plane z = height.

    centre, direction: [...,3] world, metres, any length; height: [...] metres; all broadcast.
    NaN where a ray is parallel to the plane or leads away from it, and for NaN.
    """
    centre, direction = np.asarray(centre, np.float64), np.asarray(direction, np.float64)
    height = np.asarray(height, np.float64)
    with np.errstate(all='ignore'):
        reach = (height - centre[..., 2]) / direction[..., 2]
        reach = np.where((reach > 0) & (reach < np.inf), reach, np.nan)
        points = centre + reach[..., None] * direction
    points[..., 2] = np.where(np.isnan(reach), np.nan, height)  # exact, without rounding
    return points


def inverse_floor_range(centre: ArrayLike, direction: ArrayLike,
                        height: ArrayLike = 0.0) -> NDArray[np.float64]:
    """One over the length of each ray [...,3] from the centre down to the plane z = height, 1/m.

    ``-d_z / H`` for the unit direction d and the centre H above the plane: zero at the horizon,
    negative above it, and smooth throughout, where the range itself is not. NaN where the centre
    is not above the plane.
    """
    centre, direction = np.asarray(centre, np.float64), np.asarray(direction, np.float64)
    above = centre[..., 2] - np.asarray(height, np.float64)
    with np.errstate(all='ignore'):
        unit_z = direction[..., 2] / np.sqrt(np.einsum('...i,...i->...', direction, direction))
        return -unit_z / np.where(above > 0, above, np.nan)
