# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A first guess of pitch, roll and height, from a grid over all cameras that see a floor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.calibration.standing_people import HEIGHTS, StandingPeople
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.pose_covariance import of_pitch_roll_height
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE

_SAMPLES = 80
_LEAST_DROP = 0.02  # of a unit ray to the feet; shallower ones say nothing


def floor_T_camera(pitch: ArrayLike, roll: ArrayLike, height: ArrayLike) -> NDArray[np.float64]:
    """Pose [...,4,4] of the optical frame above a floor frame under it: z up, x along the view.

    pitch, roll: [...] radians; pitch positive where the camera looks down, roll positive where the
    image's right side is the lower one. height: [...] metres.
    """
    pitch, roll, height = np.broadcast_arrays(pitch, roll, height)
    zero = np.zeros_like(pitch, np.float64)
    forward = np.stack([np.cos(pitch), zero, -np.sin(pitch)], axis=-1)
    right = np.stack([zero, zero - 1, zero], axis=-1)
    down = np.stack([-np.sin(pitch), zero, -np.cos(pitch)], axis=-1)
    c, s = np.cos(roll)[..., None], np.sin(roll)[..., None]
    pose = np.zeros((*pitch.shape, 4, 4))
    pose[..., :3, :3] = np.stack([c * right + s * down, c * down - s * right, forward], axis=-1)
    pose[..., 2, 3] = height
    pose[..., 3, 3] = 1
    return pose


@dataclass(frozen=True)
class CameraAboveFloor:
    """Pitch, roll (radians) and height (metres) of a camera; signs as in floor_T_camera.

    covariance: float64 [N,N], first of these three.
    """

    pitch: float
    roll: float
    height: float
    covariance: NDArray[np.float64]

    @property
    def floor_T_camera(self) -> NDArray[np.float64]:
        """Pose [4,4] in a frame on the floor under the camera, x along the view, z up."""
        return floor_T_camera(self.pitch, self.roll, self.height)

    @property
    def pose_covariance(self) -> NDArray[np.float64]:
        """Covariance [6,6] of floor_T_camera, as in geometry.pose_covariance."""
        return of_pitch_roll_height(self.covariance[:3, :3], self.floor_T_camera)


def pitch_roll_height(pose: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Pitch, roll and height [...] of poses [...,4,4] above z = 0, whatever their heading."""
    pitch = np.arctan2(-pose[..., 2, 2], np.hypot(pose[..., 2, 0], pose[..., 2, 1]))
    return pitch, np.arctan2(-pose[..., 2, 0], -pose[..., 2, 1]), pose[..., 2, 3]


def guess_floor(people: StandingPeople) -> tuple[float, float, float]:
    """Return pitch, roll (radians) and height (metres) to start from, for average statures.

    The best of a grid by how upright and how equally tall all people stand. Raises InputError where
    no camera above a floor sees people like that.
    """
    pick = np.linspace(0, len(people) - 1, min(_SAMPLES, len(people))).astype(int)
    ankles, shoulders = rays(people.middles[pick, 0]), rays(people.middles[pick, 2])
    best, guess = np.inf, None
    roll = np.radians(np.arange(-180, 180, 10.0))
    for pitch in np.radians(np.arange(-25, 86, 5.0)):
        camera_R_floor = np.swapaxes(floor_T_camera(pitch, roll, 1.0)[:, :3, :3], 1, 2)
        cost, height = _costs(ankles @ camera_R_floor, shoulders @ camera_R_floor)
        least = int(np.argmin(cost))
        if cost[least] < best:
            best, guess = cost[least], (float(pitch), float(roll[least]), float(height[least]))
    if guess is None:
        raise InputError('the people seen fit no camera above a floor, where feet are below '
                         'heads; check the order of the keypoints')
    return guess


def rays(normalised: NDArray) -> NDArray[np.float64]:
    """Image coordinates [...,2] as rays [...,3] of depth 1."""
    return np.concatenate([normalised, np.ones((*normalised.shape[:-1], 1))], axis=-1)


def _costs(ankles: NDArray, shoulders: NDArray) -> tuple[NDArray, NDArray]:
    """Costs [C] and the heights [C] that make people average, of C cameras.

    ankles, shoulders: rays [C,N,3] turned into the floor frame. With the camera at height 1, feet
    lie where their rays hit the floor; the shoulders' rays pass over them at ``up``, ``beside``
    them by some lean.
    """
    feet = ankles[..., :2] / -np.minimum(ankles[..., 2:], -_LEAST_DROP)
    reach = (feet * shoulders[..., :2]).sum(axis=-1) / (shoulders[..., :2] ** 2).sum(axis=-1)
    beside = np.linalg.norm(feet - reach[..., None] * shoulders[..., :2], axis=-1)
    up = 1.0 + reach * shoulders[..., 2]
    size = np.median(up, axis=-1)
    wrong = (((ankles[..., 2] > -_LEAST_DROP).mean(axis=-1) > 0.2)
             | ((reach > 0).mean(axis=-1) < 0.8) | (size < 0.05))
    size = np.where(wrong, 1.0, size)
    cost = (np.median(np.abs(up / size[:, None] - 1), axis=-1)
            + np.median(beside / size[:, None], axis=-1))
    return np.where(wrong, np.inf, cost), float(HEIGHTS[2]) * MEAN_STATURE / size
