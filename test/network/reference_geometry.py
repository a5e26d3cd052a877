# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the networks' geometry is held against: plain float64 numpy, one view or point at a time."""

import numpy as np


def triangulate_dlt(points, view_T_world, weight):
    """Homogeneous linear triangulation by SVD.

    points: [...,V,2] normalised; view_T_world: [...,V,4,4]; weight: [...,V] on the squares of the
    equations. Returns [...,3].
    """
    rows = (points[..., None] * view_T_world[..., 2:3, :] - view_T_world[..., :2, :])
    rows = rows * np.sqrt(weight)[..., None, None]
    rows = rows.reshape(*rows.shape[:-3], -1, 4)
    solution = np.linalg.svd(rows, full_matrices=False)[2][..., -1, :]
    return solution[..., :3] / solution[..., 3:]


def unit_rays(window_T_camera, size, field_of_view):
    """Unit rays [size,size,3] through the cell centres of a square pinhole image."""
    half = np.tan(field_of_view / 2)
    line = half * ((2 * np.arange(size) + 1) / size - 1)
    x, y = np.meshgrid(line, line)
    rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ window_T_camera[:3, :3].T
    return rays / np.linalg.norm(rays, axis=-1, keepdims=True)


def pointmap(window_T_camera, size, field_of_view):
    """Floor points [size,size,3] that the pixels see; NaN where a ray does not descend."""
    rays = unit_rays(window_T_camera, size, field_of_view)
    centre = window_T_camera[:3, 3]
    reach = np.where(rays[..., 2] < 0, -centre[2] / rays[..., 2], np.nan)
    return centre + reach[..., None] * rays
