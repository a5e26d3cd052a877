# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How much the calibration of a camera changed from one image to the next."""

import numpy as np

from mocap23_ros.geometry.camera_model import CameraModel


def largest_turn(before: CameraModel, after: CameraModel) -> float:
    """The largest angle in degrees between the rays of the same pixel of two models.

    Of nine pixels spread over the image; both models are of images of one size.
    """
    width, height = after.image_size
    pixels = np.stack(np.meshgrid(
        (0.1 * width, 0.5 * width, 0.9 * width), (0.1 * height, 0.5 * height, 0.9 * height)),
        axis=-1).reshape(-1, 2)
    rays = []
    for model in (before, after):
        ray = np.column_stack([model.undistort(pixels), np.ones(len(pixels))])
        rays.append(ray / np.linalg.norm(ray, axis=1, keepdims=True))
    sines = np.linalg.norm(np.cross(*rays), axis=1)
    angles = np.arctan2(sines, np.sum(rays[0] * rays[1], axis=1))
    angles = angles[np.isfinite(angles)]  # a lens model may not reach the corners
    return float(np.degrees(angles.max())) if len(angles) else 0.0
