# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Adds an uncertain camera pose to the covariance of joints in the world.

A lifter knows how well it places a joint against the camera that it was told of. Where that camera
stood is somebody else's estimate: a calibrated mount or odometry, and a stamp that is a little off
while the camera turns. All joints share that error; here each joint gets its share. Most of it is
depth: people are placed where they stand on the floor, and a floor that is tilted by an angle moves
them by distance^2 / camera height times that angle.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError

DETECTED_JOINT_SD = 0.025
"""Metres along each axis between joints as detectors have them, on people in shoes, and as the
motion capture has them that lifters learn from; a detector's noise does not tell of it."""
MOST_ROTATION, MOST_POSITION, MOST_STAMP = 0.5, 5.0, 1.0  # rad, m, s
_LOWEST = 0.1  # metres of a camera above the floor
_DEPTH_BY_SIZE = 0.1  # relative, how well a person's size alone tells the distance


@dataclass(frozen=True)
class CameraPoseUncertainty:
    """Standard deviations of the believed camera pose.

    rotation: radians about each axis; position: metres along each axis; stamp: seconds between
    image and pose. Raises InputError for values that no camera pose that is of use can have.
    """

    rotation: float = 0.0035  # 0.2 degrees
    position: float = 0.01
    stamp: float = 0.01

    def __post_init__(self) -> None:
        for name, unit, most in (('rotation', 'rad', MOST_ROTATION),
                                 ('position', 'm', MOST_POSITION), ('stamp', 's', MOST_STAMP)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise InputError(f'the {name} of the camera cannot have a standard deviation of '
                                 f'{value:g} {unit}; give 0 to {most:g}')

    def covariance(self, joints: NDArray, before: NDArray, now: NDArray,
                   spacing: float, joint_sd: float = 0.0) -> NDArray[np.float64]:
        """Covariance [...,P,J,3,3] (m^2, world axes) to be added to that of joints [...,P,J,3].

        before, now: [...,4,4] world_T_camera at ``spacing`` seconds before the joints' stamp, and
        at it. A joint at the lever arm r from the camera moves by d x r when the camera is turned
        by d, and by t (w x r + v) when the pose is t seconds late, for its angular velocity w and
        velocity v. The depth that the floor gives adds to that. joint_sd: m, see DETECTED_JOINT_SD;
        it counts as the position of the camera does.
        """
        arm = joints - now[..., None, None, :3, 3]
        square = (arm * arm).sum(-1)[..., None, None]
        added = self.rotation ** 2 * (square * np.eye(3) - arm[..., :, None] * arm[..., None, :])
        relative = now[..., :3, :3] @ np.swapaxes(before[..., :3, :3], -1, -2)
        turn = Rotation.from_matrix(relative.reshape(-1, 3, 3)).as_rotvec().reshape(
            *relative.shape[:-2], 1, 1, 3) / spacing
        velocity = (now[..., :3, 3] - before[..., :3, 3])[..., None, None, :] / spacing
        sweep = self.stamp * (np.cross(turn, arm) + velocity)
        added += sweep[..., :, None] * sweep[..., None, :]
        place = self.position ** 2 + joint_sd ** 2
        added += self._of_depth(arm, now[..., 2, 3], turn, place)[..., None, None] \
            * arm[..., :, None] * arm[..., None, :] / np.maximum(square, 1e-6)
        return added + place * np.eye(3)

    def _of_depth(self, arm: NDArray, height: NDArray, turn: NDArray, place: float
                  ) -> NDArray[np.float64]:
        """Variance [...,P,1] m^2 of people's depth over a floor that the pose misplaces.

        arm: [...,P,J,3] joints from the camera; height: [...] m of the camera above the floor;
        turn: [...,1,1,3] rad/s; place: m^2 along each axis. A person's size bounds the
        depth from another side.
        """
        person = arm.mean(axis=-2)[..., :2]
        far = np.linalg.norm(person, axis=-1)
        height = np.maximum(height, _LOWEST)[..., None]
        # About the horizontal axis across the view.
        tilting = (turn[..., 0, :, 1] * person[..., 0] - turn[..., 0, :, 0] * person[..., 1]) \
            / np.maximum(far, 1e-6)
        tilt = self.rotation ** 2 + (self.stamp * tilting) ** 2
        floor = ((far ** 2 + height ** 2) / height) ** 2 * tilt \
            + (far / height) ** 2 * place
        size = (_DEPTH_BY_SIZE * far) ** 2
        return np.asarray(floor * size / np.maximum(floor + size, 1e-12))[..., None]
