# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera sees of the floor: dense pointmaps (paper section 3.3) and compact forms of them.

A pointmap is unbounded at the horizon and undefined above it, yet has only the eight degrees of
freedom of a homography. ``grid_tokens`` and ``camera_vector`` hold the same information bounded
and smooth. All float32.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.ground_plane import (
    camera_rays,
    inverse_floor_range,
    ray_floor_intersection,
)

MINIMUM_HEIGHT = 0.1  # metres; keeps the tokens of a camera lying on the floor finite


def pointmap(camera: CameraModel, world_T_camera: NDArray, height: float = 0.0,
             shape: tuple[int, int] | None = None) -> NDArray[np.float32]:
    """Floor point seen by every pixel, in the world: float32 [H,W,3] metres, NaN off the floor.

    world_T_camera: [4,4]. height: of the floor. shape: (rows, columns) of a coarser map over the
    whole image (its cell centres); None = every pixel. Distortion is accounted for.
    """
    direction = camera_rays(camera.undistort(image_grid(camera.image_size, shape)), world_T_camera)
    return ray_floor_intersection(world_T_camera[:3, 3], direction, height).astype(np.float32)


def grid_tokens(camera: CameraModel, world_T_camera: NDArray, grid_size: int = 4
                ) -> NDArray[np.float32]:
    """Floor tokens [..., grid_size^2, 4] of a grid over the image, row by row.

    Each is the unit ray d in the frame of world_T_camera [...,4,4] (world, or window for a result
    that does not depend on heading) and ``-d_z / H``, the inverse range of the floor along it.
    Smooth through the horizon. NaN where the lens model has no inverse.
    """
    pixels = image_grid(camera.image_size, (grid_size, grid_size)).reshape(-1, 2)
    normalised = camera.undistort(pixels)
    normalised = np.broadcast_to(normalised, world_T_camera.shape[:-2] + normalised.shape)
    direction = camera_rays(normalised, world_T_camera)
    return direction_tokens(direction, world_T_camera[..., 2, 3][..., None])


def direction_tokens(direction: NDArray, camera_height: NDArray) -> NDArray[np.float32]:
    """Tokens [...,4] (unit ray, inverse floor range) of rays [...,3]; camera_height: [...] m."""
    unit = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    tokens = np.empty(unit.shape[:-1] + (4,), np.float32)
    tokens[..., :3] = unit
    centre = np.zeros(unit.shape)
    centre[..., 2] = np.maximum(camera_height, MINIMUM_HEIGHT)
    tokens[..., 3] = inverse_floor_range(centre, unit)
    return tokens


CAMERA_VECTOR = ('log_fx', 'log_fy', 'cx', 'cy', 'height', 'sin_pitch', 'cos_pitch', 'sin_roll',
                 'cos_roll', 'sin_azimuth', 'cos_azimuth', 'x', 'y')


def camera_vector(camera: CameraModel, window_T_camera: NDArray, p_anchor: NDArray | None = None
                  ) -> NDArray[np.float32]:
    """The camera as the numbers named in CAMERA_VECTOR, float32 [...,13].

    Focal lengths in image widths; principal point relative to the image centre, in widths;
    height in metres; pitch > 0 looks up; roll > 0: the image's right side dips; azimuth of the
    optical axis from +x; x, y of the centre relative to p_anchor [...,3] (default: the origin).
    """
    width, height = camera.image_size
    K, rotation = camera.K, window_T_camera[..., :3, :3]
    forward, right_z = rotation[..., 2], rotation[..., 2, 0]
    level = np.hypot(forward[..., 0], forward[..., 1])
    safe = np.maximum(level, 1e-9)
    centre = window_T_camera[..., :3, 3]
    place = centre[..., :2] - (0 if p_anchor is None else np.asarray(p_anchor)[..., :2])
    vector = np.empty(rotation.shape[:-2] + (len(CAMERA_VECTOR),), np.float32)
    vector[..., 0] = np.log(K[0, 0] / width)
    vector[..., 1] = np.log(K[1, 1] / width)
    vector[..., 2] = (K[0, 2] - (width - 1) / 2) / width
    vector[..., 3] = (K[1, 2] - (height - 1) / 2) / width
    vector[..., 4] = centre[..., 2]
    vector[..., 5] = forward[..., 2]
    vector[..., 6] = level
    vector[..., 7] = -right_z / safe
    vector[..., 8] = -rotation[..., 2, 1] / safe
    vector[..., 9] = forward[..., 1] / safe
    vector[..., 10] = forward[..., 0] / safe
    vector[..., 11:] = place
    return vector


def image_grid(image_size: tuple[int, int], shape: tuple[int, int] | None = None
               ) -> NDArray[np.float64]:
    """Pixel coordinates [rows, columns, 2] of the centres of a grid of cells over the image.

    shape: (rows, columns); None = one cell per pixel. Whole numbers are pixel centres.
    """
    width, height = image_size
    rows, columns = (height, width) if shape is None else shape
    u = (np.arange(columns) + 0.5) * (width / columns) - 0.5
    v = (np.arange(rows) + 0.5) * (height / rows) - 0.5
    return np.stack(np.meshgrid(u, v), axis=-1)
