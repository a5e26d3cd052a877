# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Covariance [6,6] of a camera's pose, in the order of geometry_msgs/PoseWithCovariance.

(x, y, z, rotation about x, y, z) in world axes about the camera's place, metres and radians.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

MOST_ROTATION, MOST_POSITION = 0.5, 5.0  # rad, m


def check_pose_covariance(covariance: NDArray, name: str = 'the covariance of the pose') -> None:
    """Raise InputError, with the name, unless [6,6] can be the covariance of a usable pose."""
    if covariance.shape != (6, 6) or not np.isfinite(covariance).all():
        raise InputError(f'{name} must be 6 x 6 finite numbers')
    largest = float(np.abs(covariance).max())
    if not np.allclose(covariance, covariance.T, rtol=1e-3, atol=1e-6 * largest) \
            or np.linalg.eigvalsh(covariance).min() < -1e-6 * largest:
        raise InputError(f'{name} is no covariance: it must be symmetric, without negative '
                         'eigenvalues')
    rotation, position = largest_sd(covariance)
    if position > MOST_POSITION or rotation > MOST_ROTATION:
        raise InputError(f'{name} has standard deviations above {MOST_POSITION:g} m or '
                         f'{MOST_ROTATION:g} rad; its order is x, y, z (m), then the rotations '
                         'about them (rad)')


def largest_sd(covariance: NDArray) -> tuple[float, float]:
    """Standard deviations (rad, m) about and along the axes that are known least."""
    position, rotation = (float(np.sqrt(max(np.linalg.eigvalsh(part)[-1], 0.0)))
                          for part in (covariance[:3, :3], covariance[3:, 3:]))
    return rotation, position


def of_pitch_roll_height(covariance: NDArray, floor_T_camera: NDArray) -> NDArray[np.float64]:
    """Covariance [6,6] of a pose [4,4] whose heading and place on the floor are exact.

    covariance: [3,3] of pitch, roll (radians) and height (metres), signs as in
    calibration.floor_start.
    """
    forward = floor_T_camera[:3, 2]
    change = np.zeros((6, 3))
    change[3:5, 0] = np.array([-forward[1], forward[0]]) / max(np.hypot(*forward[:2]), 1e-9)
    change[3:, 1] = forward
    change[2, 2] = 1
    return np.asarray(change @ covariance @ change.T)
