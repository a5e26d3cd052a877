# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Adds an uncertain camera pose to the covariance of joints in the world.

A lifter knows how well it places a joint relative to the camera. Where that camera stood is
somebody else's estimate: a calibrated mount or odometry, and a stamp that is slightly off while the
camera turns. All joints share that error; this module adds each joint's share. Most of it is depth:
people are placed where they stand on the floor, and a floor tilted by an angle moves them by
distance^2 / camera height times that angle. Correlated errors of pitch and height may cancel or add
up: ``pose_covariance`` says which.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.pose_covariance import MOST_POSITION, MOST_ROTATION, check_pose_covariance

DETECTED_JOINT_SD = 0.015
"""Metres along each axis between joints as detectors have them, on people in shoes, and as the
motion capture has them that lifters learn from; a detector's noise does not tell of it."""
MOST_STAMP = 1.0  # s
_LOWEST = 0.1  # metres of a camera above the floor
_DEPTH_BY_SIZE = 0.1  # relative, how well a person's size alone tells the distance


@dataclass(frozen=True)
class CameraPoseUncertainty:
    """Standard deviations of the believed camera pose.

    rotation: radians about each axis; position: metres along each axis; stamp: seconds between
    image and pose. pose_covariance: float64 [6,6] in place of rotation and position, where it is
    known: (x, y, z, rotation about x, y, z) in world axes about the camera's place, metres and
    radians, as in geometry_msgs/PoseWithCovariance.
    Raises InputError for values that no usable camera pose can have.
    """

    rotation: float = 0.0035  # 0.2 degrees
    position: float = 0.01
    stamp: float = 0.01
    pose_covariance: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name, unit, most in (('rotation', 'rad', MOST_ROTATION),
                                 ('position', 'm', MOST_POSITION), ('stamp', 's', MOST_STAMP)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise InputError(f'the {name} of the camera cannot have a standard deviation of '
                                 f'{value:g} {unit}; give 0 to {most:g}')
        if self.pose_covariance is not None:
            check_pose_covariance(self.pose_covariance)

    def of_pose(self) -> NDArray[np.float64]:
        """Covariance [6,6] of the pose, without that of the stamp."""
        if self.pose_covariance is not None:
            return self.pose_covariance
        return np.diag(np.repeat([self.position ** 2, self.rotation ** 2], 3))

    def covariance(self, joints: NDArray, before: NDArray, now: NDArray,
                   spacing: float, joint_sd: float = 0.0) -> NDArray[np.float64]:
        """Covariance [...,P,J,3,3] (m^2, world axes) to be added to that of joints [...,P,J,3].

        before, now: [...,4,4] world_T_camera at ``spacing`` seconds before the joints' stamp, and
        at it. A joint at the lever arm r from the camera moves by s + d x r when the camera is
        shifted by s and turned by d, and then along its ray until the person stands on the floor.
        A pose that is t seconds late is shifted by t v and turned by t w, for its velocity v and
        angular velocity w. joint_sd: m, see DETECTED_JOINT_SD; each joint's own, and what
        that of the feet makes of a person's depth.
        """
        arm = joints - now[..., None, None, :3, 3]
        relative = now[..., :3, :3] @ np.swapaxes(before[..., :3, :3], -1, -2)
        turn = Rotation.from_matrix(relative.reshape(-1, 3, 3)).as_rotvec().reshape(
            *relative.shape[:-2], 3)
        late = self.stamp / spacing * np.concatenate(
            [now[..., :3, 3] - before[..., :3, 3], turn], axis=-1)
        of_pose = self.of_pose() + late[..., :, None] * late[..., None, :]
        growth = self._growth(arm, now[..., 2, 3], of_pose, joint_sd)
        slope = self._slope(arm) + arm[..., :, None] * growth[..., None, None, :]
        added = slope @ of_pose[..., None, None, :, :] @ np.swapaxes(slope, -1, -2)
        # Of z alone: the feet are that far from the floor where the lifter believes them on it.
        along = joint_sd * growth[..., None, 2, None] * arm
        return np.asarray(added + joint_sd ** 2 * np.eye(3)
                          + along[..., :, None] * along[..., None, :])

    @staticmethod
    def _slope(arm: NDArray) -> NDArray[np.float64]:
        """What a shift and a turn of the camera make of joints, [...,P,J,3,6].

        arm: [...,P,J,3] joints from the camera.
        """
        slope = np.zeros((*arm.shape, 6))
        slope[..., :3] = np.eye(3)
        for k in range(3):  # d x r
            slope[..., (k + 1) % 3, 3 + (k + 2) % 3] = arm[..., k]
            slope[..., (k + 2) % 3, 3 + (k + 1) % 3] = -arm[..., k]
        return slope

    @staticmethod
    def _growth(arm: NDArray, height: NDArray, of_pose: NDArray, joint_sd: float
                ) -> NDArray[np.float64]:
        """Share by which people's distance grows with the pose's error, [...,P,6].

        arm: [...,P,J,3] joints from the camera; height: [...] m of the camera above the floor;
        of_pose: [...,6,6]; joint_sd: m. It is how far the feet leave the floor, over the camera's
        height. A person's size bounds the depth from another side: a floor that is too uncertain
        moves people by less.
        """
        known = np.isfinite(arm).all(axis=-1, keepdims=True)
        person = (np.where(known, arm, 0).sum(axis=-2)
                  / np.maximum(known.sum(axis=-2), 1))[..., :2]
        height = np.maximum(height, _LOWEST)[..., None]
        growth = np.zeros((*person.shape[:-1], 6))
        growth[..., 2] = 1
        growth[..., 3], growth[..., 4] = person[..., 1], -person[..., 0]
        growth /= height[..., None]
        far = (person * person).sum(-1)
        floor = (far + height ** 2) * (np.einsum('...pi,...ij,...pj->...p', growth, of_pose, growth)
                                       + (joint_sd / height) ** 2)
        size = _DEPTH_BY_SIZE ** 2 * far
        return np.asarray(growth * np.sqrt(size / np.maximum(floor + size, 1e-12))[..., None])
