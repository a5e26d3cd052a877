# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera's pitch, roll and height from vertical edges in its image and one known height.

Vertical edges meet in the image of the vertical, which may be at infinity: the fit is on rays. What
no vertical tells, heading and place on the floor, is chosen: x along the view, origin below the
camera.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from mocap23_ros.calibration.floor_fit import WORST_ANGLE, WORST_HEIGHT
from mocap23_ros.calibration.floor_start import CameraAboveFloor, rays
from mocap23_ros.calibration.pose_from_points import POINT_SD
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import wrap_angle

PLUMB_SD = np.radians(0.15)  # of the tilt of walls and door frames: 5 mm over 2 m
LENGTH_SD = 0.01  # metres, of the known height
_SHORTEST = 20.0  # px; a shorter line has no direction
_MOST_ROLL, _MOST_PITCH = np.radians(30.0), np.radians(80.0)
_NEAREST = np.radians(10.0)  # of an end to straight down or up
_WORST_FIT = 4.0  # times the expected error, over all lines
_HEIGHTS = (0.05, 100.0)  # metres, of a camera above a floor that it sees
_STEP = 0.5  # px


@dataclass(frozen=True)
class LinesFit(CameraAboveFloor):
    """The camera above the floor; error: float64 [N] px by which lines miss their direction."""

    error: NDArray[np.float64]


def pose_from_lines(lines: NDArray, camera: CameraModel, *, camera_height: float | None = None,
                    edge_height: float | None = None, turned: float = 0.0) -> LinesFit:
    """Fit pitch, roll and height of a camera to N >= 2 vertical edges.

    lines: raw pixels [N,2,2], of each edge the lower end, then the upper one. One of camera_height
    (metres above the floor) and edge_height (of the first edge, which stands on the floor and is
    marked from foot to top) is given. turned: radians, about the roll that the camera is mounted
    with. Raises InputError for lines that do not fix the camera, that cannot all be vertical, or
    that say another roll, and for a height that cannot be.
    """
    lines = np.asarray(lines, np.float64)
    _check_marks(lines, camera)
    edges = _Edges(lines, camera)
    up, information = edges.fit()
    error = np.abs(edges.pixels_off(up))
    # A misfit of more than two lines above the expected one widens what the pixels tell.
    excess = (edges.residuals(up) ** 2).sum() / max(len(lines) - 2, 1)
    if 1 > WORST_ANGLE ** 2 * np.linalg.eigvalsh(information)[0]:
        raise InputError('these lines do not fix pitch and roll: mark longer ones, far apart in '
                         'the image')
    if excess > _WORST_FIT ** 2:
        raise InputError(f'these lines cannot all be vertical: number {int(error.argmax()) + 1} '
                         f'is {error.max():.1f} px off; check it, and the camera matrix')
    edges.check_meeting(up)
    up *= edges.sense(up)
    pitch, roll = _pitch_roll(up)
    _check_direction(pitch, roll, turned)
    tangents, change = _tangents(up), np.zeros((3, 2))
    change[:2] = _slope(lambda x: _pitch_roll(_moved(up, tangents, x)), np.zeros(2), 1e-6)
    excess = max(excess, 1.0)
    if edge_height is None:
        assert camera_height is not None
        height, variance = camera_height, LENGTH_SD ** 2
    else:
        height = _height_over_foot(edges.ray[0], up, edge_height)
        change[2] = _slope(lambda x: _height_over_foot(
            edges.ray[0], _moved(up, tangents, x), edge_height), np.zeros(2), 1e-6)
        by_pixel = _slope(lambda p: _height_over_foot(
            rays(camera.undistort(p.reshape(2, 2))), up, edge_height), lines[0].ravel(), _STEP)
        variance = (excess * POINT_SD ** 2 * (by_pixel ** 2).sum()
                    + (LENGTH_SD * height / edge_height) ** 2)
    covariance = change @ (excess * np.linalg.inv(information)) @ change.T
    covariance[2, 2] += variance
    _check_height(height, float(np.sqrt(covariance[2, 2])))
    return LinesFit(pitch, roll, height, covariance, error)


class _Edges:
    """N lines: ray [N,2,3] of both ends, per_pixel [N,2,3,2] how the rays change by a pixel."""

    def __init__(self, lines: NDArray, camera: CameraModel) -> None:
        self.ray = rays(camera.undistort(lines))
        step = _STEP * np.eye(2)
        self.per_pixel = np.zeros((*lines.shape[:2], 3, 2))
        for axis in range(2):
            self.per_pixel[..., :2, axis] = (camera.undistort(lines + step[axis])
                                             - camera.undistort(lines - step[axis])) / (2 * _STEP)
        if not (np.isfinite(self.ray).all() and np.isfinite(self.per_pixel).all()):
            raise InputError('a line ends outside the field of the lens model; check the '
                             'calibration')
        self.normal = np.cross(self.ray[:, 0], self.ray[:, 1])  # of the plane through camera, edge

    def fit(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The vertical in the camera frame [3], up or down, and the information [2,2] on it."""
        unit = self.normal / np.linalg.norm(self.normal, axis=1, keepdims=True)
        start = np.linalg.svd(unit)[2][-1]
        result = least_squares(lambda x: self.residuals(_moved(start, _tangents(start), x)),
                               np.zeros(2), x_scale='jac')
        up = _moved(start, _tangents(start), result.x)
        slope = _slope(lambda x: self.residuals(_moved(up, _tangents(up), x)), np.zeros(2), 1e-6)
        return up, slope.T @ slope

    def residuals(self, up: NDArray) -> NDArray[np.float64]:
        """What is left of normal . up = 0, [N] in standard deviations, to first order."""
        variance = (POINT_SD ** 2 * self._pixel_square(up)
                    + PLUMB_SD ** 2 * (self.normal ** 2).sum(axis=1))
        return np.asarray(self.normal @ up / np.sqrt(variance))

    def pixels_off(self, up: NDArray) -> NDArray[np.float64]:
        """How far [N] the ends are from a line to the vanishing point, pixels."""
        return np.asarray(self.normal @ up / np.sqrt(self._pixel_square(up)))

    def _pixel_square(self, up: NDArray) -> NDArray[np.float64]:
        by_ray = np.stack([np.cross(self.ray[:, 1], up), np.cross(up, self.ray[:, 0])], axis=1)
        return np.asarray((np.einsum('nki,nkij->nkj', by_ray, self.per_pixel) ** 2)
                          .sum(axis=(1, 2)))

    def check_meeting(self, up: NDArray) -> None:
        """Raise InputError where a line ends near the common point, as door frame and lintel do."""
        away = np.linalg.norm(np.cross(self.ray, up), axis=-1) / np.linalg.norm(self.ray, axis=-1)
        if away.min() < np.sin(_NEAREST):
            number = int(away.min(axis=1).argmin()) + 1
            raise InputError(f'line {number} ends where the lines meet, which vertical edges do '
                             'right below or above the camera; mark vertical edges alone')

    def sense(self, up: NDArray) -> float:
        """1 where all edges run along ``up`` from their first end to the second, -1 against it."""
        along = np.sign((self.normal * np.cross(self.ray[:, 0], up)).sum(axis=1))
        if abs(along.sum()) != len(along):
            odd = np.flatnonzero(along != (1.0 if along.sum() >= 0 else -1.0))[-1]
            raise InputError(f'line {int(odd) + 1} runs against the others; give the lower end of '
                             'every line first')
        return float(along[0])


def _check_marks(lines: NDArray, camera: CameraModel) -> None:
    if len(lines) < 2:
        raise InputError('one line cannot fix pitch and roll; mark two vertical edges or more, '
                         'far apart')
    width, height = camera.image_size
    for number, line in enumerate(lines, 1):
        if (line < -0.5).any() or (line > (width - 0.5, height - 0.5)).any():
            raise InputError(f'line {number} leaves the image of {width} x {height} px, for which '
                             'the camera is calibrated')
        if np.linalg.norm(line[1] - line[0]) < _SHORTEST:
            raise InputError(f'line {number} is shorter than {_SHORTEST:g} px; mark its ends as '
                             'far apart as they are seen')


def _check_direction(pitch: float, roll: float, turned: float) -> None:
    if abs(pitch) > _MOST_PITCH:
        raise InputError(f'by these lines the camera looks {np.degrees(abs(pitch)):.0f} degrees '
                         f'{"down" if pitch > 0 else "up"}, where roll has no meaning; calibrate '
                         'it with points at known places')
    if abs(wrap_angle(roll - turned)) > _MOST_ROLL:
        raise InputError(f'by these lines the camera is rolled by {np.degrees(roll):.0f} degrees; '
                         'mark edges that are vertical, the lower end first, or say with --turned '
                         'that it is mounted so')


def _check_height(height: float, sd: float) -> None:
    if not _HEIGHTS[0] <= height <= _HEIGHTS[1]:
        raise InputError(f'the camera would be {height:.3g} m above the floor, which cannot be; '
                         'check the known height, in metres')
    if sd > WORST_HEIGHT * height:
        raise InputError(f'these lines fix the height to {100 * sd / height:.0f} % only; take a '
                         'taller edge for the first one, nearer to the camera')


def _height_over_foot(edge: NDArray, up: NDArray, edge_height: float) -> float:
    """Height of the camera above the foot of an edge of that height; edge: rays [2,3] foot, top.

    With the foot at s * foot, s * foot + edge_height * up lies on the ray to the top.
    """
    foot, top = edge
    if foot @ up > -1e-6:
        raise InputError('the foot of the first line lies above the horizon; it must stand on '
                         'the floor, lower end first')
    normal = np.cross(foot, top)
    return float(edge_height * (foot @ up) * (np.cross(up, top) @ normal) / (normal @ normal))


def _pitch_roll(up: NDArray) -> tuple[float, float]:
    return (float(np.arctan2(-up[2], np.hypot(up[0], up[1]))), float(np.arctan2(-up[0], -up[1])))


def _tangents(up: NDArray) -> NDArray[np.float64]:
    """Two unit vectors [2,3] square to it and to each other; the same for -up."""
    return np.asarray(np.linalg.svd(np.outer(up, up))[2][1:])


def _moved(up: NDArray, tangents: NDArray, x: NDArray) -> NDArray[np.float64]:
    moved = up + x @ tangents
    return np.asarray(moved / np.linalg.norm(moved))


def _slope(function: Callable[[NDArray], ArrayLike], x: NDArray, step: float
           ) -> NDArray[np.float64]:
    """Central differences of values [M] or a number by x [K]: [M,K] or [K]."""
    return np.stack([(np.asarray(function(x + step * unit)) - np.asarray(function(x - step * unit)))
                     / (2 * step) for unit in np.eye(len(x))], axis=-1)
