# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One camera of the sample: lens, pose and how to resize both for playing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import invert_transform, transform_points


@dataclass(frozen=True, eq=False)
class SampleCamera:
    """A calibrated camera that stands still.

    model: lens; world_T_camera: float64 [4,4], z-up world, metres.
    """

    name: str
    model: CameraModel
    world_T_camera: NDArray[np.float64]

    def project(self, p_world: NDArray) -> NDArray[np.float64]:
        """Points [...,3] of the world to pixels [...,2]; NaN behind the camera."""
        return self.model.project(transform_points(invert_transform(self.world_T_camera), p_world))

    def letterboxed(self, width: int, height: int) -> 'SampleCamera':
        """The camera of videos whose images were shrunk to fit and centred between black bars.

        cam01 and cam02 of the sample are 1080x1920 videos of a 1088x1920 sensor: scaled by
        1080/1088 with 7.06 px of black above and below.
        """
        full_width, full_height = self.model.image_size
        if (width, height) == (full_width, full_height):
            return self
        scale = min(width / full_width, height / full_height)
        K = self.model.K.copy()
        K[:2] *= scale
        # Whole numbers are pixel centres, the corner of the image is at (-0.5, -0.5).
        K[0, 2] += 0.5 * (width - 1) - 0.5 * scale * (full_width - 1)
        K[1, 2] += 0.5 * (height - 1) - 0.5 * scale * (full_height - 1)
        model = CameraModel.from_calibration(
            K, self.model.distortion, self.model.distortion_model, (width, height))
        return replace(self, model=model)

    def resized(self, image_size: Sequence[int]) -> 'SampleCamera':
        """The camera of images resized to (width, height) px."""
        return replace(self, model=self.model.with_image_size(image_size))

    def moved(self, world_T_camera: NDArray[np.float64]) -> 'SampleCamera':
        """The same camera at another place."""
        return replace(self, world_T_camera=world_T_camera)
