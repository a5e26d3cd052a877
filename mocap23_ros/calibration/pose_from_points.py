# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera's pose from image points whose places in the world are known."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import invert_transform, transform_points

POINT_SD = 1.0  # pixels, the least error that a marked point is believed to have
_LARGEST_ERROR = 0.02  # of the focal length; a worse fit has a wrong point or a wrong K


@dataclass(frozen=True)
class PointsFit:
    """Where the camera stands, from N points.

    world_T_camera: float64 [4,4]. covariance: float64 [6,6], as in geometry.pose_covariance.
    error: float64 [N] pixels between the points as marked and as the pose puts them.
    """

    world_T_camera: NDArray[np.float64]
    covariance: NDArray[np.float64]
    error: NDArray[np.float64]


def pose_from_points(p_pixel: NDArray, p_world: NDArray, camera: CameraModel) -> PointsFit:
    """Fit the pose of a camera to N >= 4 points: raw pixels [N,2] and metres in the world [N,3].

    Raises InputError for too few points, points on one line, and points that no pose explains.
    """
    p_pixel, p_world = np.asarray(p_pixel, np.float64), np.asarray(p_world, np.float64)
    if len(p_pixel) < 4:
        raise InputError(f'{len(p_pixel)} points cannot fix a pose; mark at least 4, far apart')
    spread = np.linalg.svd(p_world - p_world.mean(axis=0), compute_uv=False)
    if spread[1] < 0.02 * spread[0]:
        raise InputError('all points lie on one line; mark some beside it')
    normalised = camera.undistort(p_pixel)
    if not np.isfinite(normalised).all():
        raise InputError('a point lies outside the field of the lens model; check the calibration')
    camera_T_world = _start(normalised, p_world)

    def residuals(x: NDArray) -> NDArray:
        points = transform_points(_moved(camera_T_world, x), p_world)
        error = points[:, :2] / np.maximum(points[:, 2:], 1e-3) - normalised
        return camera.focal_length * error.ravel()

    result = least_squares(residuals, np.zeros(6), x_scale='jac')
    world_T_camera = invert_transform(_moved(camera_T_world, result.x))
    error = np.linalg.norm(result.fun.reshape(-1, 2), axis=1)
    if not np.median(error) < _LARGEST_ERROR * camera.focal_length:
        worst = int(np.argmax(error))
        raise InputError(f'no pose explains these points: the median error is '
                         f'{np.median(error):.0f} px; point {worst + 1} fits worst. Check the '
                         'coordinates (metres), the order of pixels and places, and the camera '
                         'matrix')
    variance = max(POINT_SD ** 2, (result.fun ** 2).sum() / max(result.fun.size - 6, 1))
    covariance = variance * np.linalg.inv(result.jac.T @ result.jac)
    return PointsFit(world_T_camera, _of_camera(covariance, world_T_camera), error)


def _start(normalised: NDArray, p_world: NDArray) -> NDArray[np.float64]:
    found, turn, shift = cv2.solvePnP(
        np.ascontiguousarray(p_world), np.ascontiguousarray(normalised), np.eye(3), None,
        flags=cv2.SOLVEPNP_SQPNP)
    if not found or not np.isfinite(turn).all():
        raise InputError('no pose explains these points; check their coordinates and order')
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec(turn.ravel()).as_matrix()
    pose[:3, 3] = shift.ravel()
    return pose


def _moved(camera_T_world: NDArray, x: NDArray) -> NDArray[np.float64]:
    """The pose turned by x[:3] (rad, camera axes) and shifted by x[3:] (m)."""
    pose = camera_T_world.copy()
    pose[:3, :3] = Rotation.from_rotvec(x[:3]).as_matrix() @ pose[:3, :3]
    pose[:3, 3] += x[3:]
    return pose


def _of_camera(covariance: NDArray, world_T_camera: NDArray) -> NDArray[np.float64]:
    """Covariance of camera_T_world's change as that of the camera's turn and place in the world."""
    R = world_T_camera[:3, :3]
    # The place is -R (t + s) after a turn w of camera_T_world: R [t]x w - R s.
    t = -R.T @ world_T_camera[:3, 3]
    cross = np.array([[0, -t[2], t[1]], [t[2], 0, -t[0]], [-t[1], t[0], 0]])
    change = np.block([[-R @ cross, -R], [-R, np.zeros((3, 3))]])
    return change @ covariance @ change.T
