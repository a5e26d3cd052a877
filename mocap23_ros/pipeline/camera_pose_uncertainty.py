# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What an uncertain camera pose adds to the covariance of joints in the world.

A lifter knows how well it places a joint against the camera that it was told of. Where that camera
stood is somebody else's estimate: a calibrated mount or odometry, and a stamp that is a little off
while the camera turns. All joints share that error; here each joint gets its share.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation


@dataclass(frozen=True)
class CameraPoseUncertainty:
    """Standard deviations of the believed camera pose.

    rotation: radians about each axis; position: metres along each axis; stamp: seconds between
    image and pose.
    """

    rotation: float = np.radians(0.2)
    position: float = 0.01
    stamp: float = 0.01

    def covariance(self, joints: NDArray, before: NDArray, now: NDArray,
                   spacing: float) -> NDArray[np.float64]:
        """Covariance [...,P,J,3,3] (m^2, world axes) to be added to that of joints [...,P,J,3].

        before, now: [...,4,4] world_T_camera at ``spacing`` seconds before the joints' stamp, and
        at it. A joint at the lever arm r from the camera moves by d x r when the camera is turned
        by d, and by t (w x r + v) when the pose is t seconds late, for its angular velocity w and
        velocity v.
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
        return added + self.position ** 2 * np.eye(3)
