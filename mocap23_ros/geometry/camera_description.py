# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera file, or parameters, say about a camera."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import above_floor


@dataclass(frozen=True)
class GivenCamera:
    """A camera as far as it is described.

    camera: None where topics give it. world_T_camera: float64 [4,4] pose of its optical frame,
    None where it is not given (the camera moves, or it is only a calibration). Where the camera
    has a rectification R, that frame is the rectified one, as in ROS; a camera file itself holds
    the pose of the lens, which is what solvePnP gives with K and D.
    floor_height: z of the floor in that world, metres. doubt: what is strange about the
    calibration but may be right, '' for nothing. pose_sd: standard deviations of the pose,
    (radians about each axis, metres along each), None where they are not given.
    pose_covariance: float64 [6,6] of (x, y, z, rotation about x, y, z) in world axes, metres and
    radians, as in geometry_msgs/PoseWithCovariance; None where only pose_sd is known, or nothing.
    """

    camera: CameraModel | None = None
    world_T_camera: NDArray[np.float64] | None = None
    floor_height: float = 0.0
    doubt: str = ''
    pose_sd: tuple[float, float] | None = None
    pose_covariance: NDArray[np.float64] | None = None

    @property
    def floor_T_camera(self) -> NDArray[np.float64] | None:
        """The pose in the same world shifted so that its floor is at z = 0."""
        if self.world_T_camera is None:
            return None
        return above_floor(self.world_T_camera, self.floor_height)
