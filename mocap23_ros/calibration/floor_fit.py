# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Pitch, roll and height of a still camera from people who walk about before it.

Feet lie on the floor and bodies stand upright above them, on average over directions of walking;
statures are known roughly. Everything metric scales with the statures: without a given one the
height is as uncertain as those of adults are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from mocap23_ros.calibration.floor_start import CameraAboveFloor, floor_T_camera, guess_floor, rays
from mocap23_ros.calibration.gait import directions
from mocap23_ros.calibration.standing_people import (
    AHEAD,
    AHEAD_SD_OF_PEOPLE,
    GIVEN_STATURE_SD,
    HEIGHT_SD_OF_PEOPLE,
    HEIGHTS,
    KEYPOINT_SD,
    StandingPeople,
    body_points,
    middles_sd,
)
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, STATURE_SD

FOCAL_SD = 0.35  # of the log focal length, where it is unknown
WORST_ANGLE, WORST_HEIGHT = np.radians(2.0), 0.15  # sd of a usable fit
_CAMERA = 4  # unknowns: pitch, roll, log height, log focal factor
_PERSON = 1 + 2 * len(HEIGHTS)  # unknowns: log stature, own heights and leads of the middles
_FEWEST = 12  # samples
_BLOCK = 1.5  # seconds; samples nearer than that err together
_THOROUGH, _QUICK = (5, 1e-8), (3, 1e-3)  # rounds, and the tolerance of each
_DOUBT = 6.0  # times the median squared error: such a sample counts a quarter
_FEW_BLOCKS = 10
_PLACING_STEPS = 3
_STEP = 1e-6  # of numerical derivatives
_FEWEST_BLOCKS = 4  # of _BLOCK; fewer show one posture, not that of people


@dataclass(frozen=True)
class FloorFit(CameraAboveFloor):
    """The camera above the floor, and its people.

    covariance: float64 [4,4] of (pitch, roll, height, focal_factor). focal_factor: the true focal
    length over the given one, 1 where that was trusted. stature: float64 [P] metres, NaN for those
    not used. samples: bodies used; misfit: their median distance (px) from where the fit puts them.
    scale_known: whether a stature was given.
    """

    focal_factor: float
    stature: NDArray[np.float64]
    samples: int
    misfit: float
    scale_known: bool

    def check(self) -> None:
        """Raise InputError where the people seen do not fix the camera well enough to use it."""
        sd = np.sqrt(np.diag(self.covariance))
        if max(sd[:2]) > WORST_ANGLE or sd[2] > WORST_HEIGHT * self.height:
            raise InputError(
                f'the people seen do not fix the camera: pitch and roll are known to '
                f'{np.degrees(max(sd[:2])):.1f} degrees, the height to '
                f'{100 * sd[2] / self.height:.0f} %; let somebody walk about for 30 s in several '
                'directions, near and far, whole in view')


def fit_floor(people: StandingPeople, focal_known: bool = True, quick: bool = False) -> FloorFit:
    """Fit the camera's pitch, roll and height, and its focal length where that is not known.

    quick: in less time, and within 0.1 degrees of the same. Raises InputError where too few samples
    are there, or the people contradict every camera.
    """
    if len(people) < _FEWEST:
        raise InputError(f'only {len(people)} views of a whole standing person; {_FEWEST} are '
                         'needed, and 30 s of walking about are better')
    if len(np.unique(np.floor(people.stamp / _BLOCK))) < _FEWEST_BLOCKS:
        raise InputError(f'people are seen whole for less than {_FEWEST_BLOCKS * _BLOCK:g} s, too '
                         'short to tell how they stand from how the camera does; let somebody '
                         'walk about for 30 s')
    return _Fit(people, focal_known).solve(*(_QUICK if quick else _THOROUGH))


class _Fit:
    """Unknowns x: camera (_CAMERA), then for each of the Q persons seen _PERSON.

    The place [N,2] of every body on the floor is fitted inside, by a few Gauss-Newton steps.
    """

    def __init__(self, people: StandingPeople, focal_known: bool) -> None:
        self.people = people
        self.persons, self.index = np.unique(people.person, return_inverse=True)
        given = people.given_stature[self.persons]
        self.given = np.isfinite(given)
        self.mean_stature = np.where(self.given, given, MEAN_STATURE)
        own_sd = np.concatenate([HEIGHT_SD_OF_PEOPLE, AHEAD_SD_OF_PEOPLE])
        self.prior_sd = np.concatenate([
            [1e3, 1e3, 1e3, 1e-6 if focal_known else FOCAL_SD],
            np.concatenate([np.where(self.given, GIVEN_STATURE_SD, STATURE_SD)[:, None],
                            np.tile(own_sd, (len(self.persons), 1))], axis=1).ravel()])
        self.prior_mean = np.zeros(len(self.prior_sd))
        self.seen = np.isfinite(people.middles)
        self.observed = np.where(self.seen, people.middles, 0.0)
        self.pixel_sd = KEYPOINT_SD
        self.walk = np.zeros((len(people), 2))  # unit direction of walking in the floor frame
        self.bend = np.zeros((len(people), 2))  # middle of projections - projection of the middle
        self.sd = np.ones((len(people), len(HEIGHTS), 2))
        self.place = np.zeros((len(people), 2))
        self.trust = np.ones(len(people))  # of whole samples: not of people who sit or bend

    def solve(self, rounds: int, tolerance: float) -> FloorFit:
        pitch, roll, height = guess_floor(self.people)
        x = self.prior_mean.copy()
        x[:3] = pitch, roll, np.log(height)
        self.place = self._first_places(x)
        for _ in range(rounds):
            self._follow(x)
            x = least_squares(self._residuals, x, self._jacobian, loss='soft_l1', x_scale='jac',
                              ftol=tolerance, xtol=tolerance, gtol=tolerance).x
            self.place = self._placed(x)
            self._learn_noise(x)
        self._follow(x)
        focal_factor, height = float(np.exp(x[3])), float(np.exp(x[2]))
        scale = np.diag([1.0, 1.0, height, focal_factor])
        stature = np.full(len(self.people.given_stature), np.nan)
        stature[self.persons] = self._statures(x)
        misfit = np.linalg.norm(self._errors(x, self.place), axis=-1)[self.seen[..., 0]]
        return FloorFit(float(x[0]), float(x[1]), height, scale @ self._covariance(x) @ scale,
                        focal_factor, stature, len(self.people), float(np.median(misfit)),
                        bool(self.given.any()))

    def _statures(self, x: NDArray) -> NDArray:
        return self.mean_stature * np.exp(x[_CAMERA::_PERSON])

    def _first_places(self, x: NDArray) -> NDArray:
        """Where the ankles' rays hit the floor, or nearly would."""
        floor = floor_T_camera(x[0], x[1], np.exp(x[2]))
        ray = rays(self.observed[:, 0] / np.exp(x[3])) @ floor[:3, :3].T
        return ray[:, :2] * (floor[2, 3] / np.maximum(-ray[:, 2], 0.02))[:, None]

    def _points(self, x: NDArray, place: NDArray) -> NDArray:
        """Middles [N,4,3] in the camera frame for bodies at place [N,2]."""
        floor = floor_T_camera(x[0], x[1], np.exp(x[2]))
        own = x[_CAMERA:].reshape(-1, _PERSON)[self.index]
        heights = HEIGHTS + own[:, 1:1 + len(HEIGHTS)]
        points = body_points(place, self.walk, self._statures(x)[self.index], heights,
                             AHEAD + own[:, 1 + len(HEIGHTS):])
        return (points - floor[:3, 3]) @ floor[:3, :3]

    def _errors(self, x: NDArray, place: NDArray) -> NDArray:
        """Predicted - observed [N,4,2], pixels."""
        points = self._points(x, place)
        image = points[..., :2] / np.maximum(points[..., 2:], 0.1)
        image[:, 0] += self.bend
        focal = self.people.focal_length
        return np.where(self.seen, focal * (np.exp(x[3]) * image - self.observed), 0.0)

    def _weighted(self, x: NDArray, place: NDArray) -> NDArray:
        """Errors [N,8] over their sd."""
        return (self._errors(x, place) / self.sd).reshape(len(place), -1)

    def _slope(self, x: NDArray, place: NDArray, error: NDArray) -> tuple[NDArray, NDArray]:
        """Derivatives [N,8,2] of weighted errors by the places, and their pseudo-inverse."""
        slope = np.stack([(self._weighted(x, place + _STEP * unit) - error) / _STEP
                          for unit in np.eye(2)], axis=-1)
        across = np.swapaxes(slope, 1, 2)
        return slope, np.linalg.solve(across @ slope + 1e-9 * np.eye(2), across)

    def _placed(self, x: NDArray) -> NDArray:
        """The places [N,2] that fit best."""
        place = self.place
        for _ in range(_PLACING_STEPS):
            error = self._weighted(x, place)
            move = (self._slope(x, place, error)[1] @ error[..., None])[..., 0]
            place = place - np.clip(move, -1.0, 1.0)
        return place

    def _residuals(self, x: NDArray) -> NDArray:
        data = self._weighted(x, self._placed(x)) * self.trust[:, None]
        return np.concatenate([data.ravel(), (x - self.prior_mean) / self.prior_sd])

    def _jacobian(self, x: NDArray) -> NDArray:
        """Derivatives [R,X] of the residuals, whose places follow x.

        The derivatives for fixed places lose what the places can explain (Kaufman's variable
        projection). Nobody's errors depend on others: each unknown of people is moved for all.
        """
        place = self._placed(x)
        error = self._weighted(x, place)
        slope, inverse = self._slope(x, place, error)
        own = np.tile(np.eye(_PERSON), (1, len(self.persons)))
        moves = [*np.eye(_CAMERA, len(x)), *np.pad(own, ((0, 0), (_CAMERA, 0)))]
        moved = np.stack([(self._weighted(x + _STEP * move, place) - error) / _STEP
                          for move in moves], axis=-1)
        moved = (moved - slope @ (inverse @ moved)) * self.trust[:, None, None]
        data = np.zeros((*error.shape, len(x)))
        data[..., :_CAMERA] = moved[..., :_CAMERA]
        columns = _CAMERA + _PERSON * self.index[:, None, None] + np.arange(_PERSON)
        np.put_along_axis(data, np.broadcast_to(columns, moved[..., _CAMERA:].shape),
                          moved[..., _CAMERA:], axis=-1)
        return np.concatenate([data.reshape(-1, len(x)), np.diag(1 / self.prior_sd)])

    def _follow(self, x: NDArray) -> None:
        """Expected errors, trust, directions of walking and ankles apart, held while x is fitted.

        If the errors followed x, bodies would come near, where they may be large.
        """
        points = self._points(x, self.place)
        self.sd = middles_sd(points[..., 2], self._statures(x)[self.index], x[0],
                             self.people.focal_length * np.exp(x[3]), self.pixel_sd)
        self.walk = directions(self.index, self.people.stamp, self.place)
        square = (self._weighted(x, self._placed(x)) ** 2).mean(axis=1)
        self.trust = 1 / (1 + (square / (_DOUBT * np.median(square))) ** 2)
        depth = points[:, 0, 2]
        ankles = self.people.ankles / np.exp(x[3])
        floor = floor_T_camera(x[0], x[1], np.exp(x[2]))
        drop = np.maximum(-(rays(ankles) @ floor[:3, :3].T)[..., 2], 0.02)
        apart = (floor[2, 3] - HEIGHTS[0] * self._statures(x)[self.index, None]) / drop
        half = np.clip((apart[:, 0] - apart[:, 1]) / 2, -0.4, 0.4)
        # Of ankles at depth +- half the nearer one counts more in the middle of the two points.
        self.bend = (half / depth)[:, None] * (ankles[:, 1] - ankles[:, 0]) / 2

    def _learn_noise(self, x: NDArray) -> None:
        """Set the keypoints' sd to what the errors leave after sway and stature."""
        square = self._errors(x, self.place) ** 2 - (self.sd ** 2 - self.pixel_sd ** 2)
        trusted = self.seen & (self.trust > 0.5)[:, None, None]
        # The median of a squared normal error is 0.455 variances; places took a quarter of it.
        self.pixel_sd = float(np.sqrt(np.clip(np.median(square[trusted]) / 0.34, 0.5 ** 2,
                                              30.0 ** 2)))

    def _covariance(self, x: NDArray) -> NDArray[np.float64]:
        """Sandwich estimate over blocks of time, [4,4]: pitch, roll, log height, log focal."""
        jacobian, residual = self._jacobian(x), self._residuals(x)
        count = self.seen.size
        data, prior = jacobian[:count], jacobian[count:]
        weight = 1 / np.sqrt(1 + residual[:count] ** 2)
        information = data.T @ (weight[:, None] * data) + prior.T @ prior
        block = np.unique(np.stack([self.index, np.floor(self.people.stamp / _BLOCK)]), axis=1,
                          return_inverse=True)[1].ravel()
        sums = np.zeros((block.max() + 1, len(x)))
        np.add.at(sums, np.repeat(block, count // len(block)),
                  (weight * residual[:count])[:, None] * data)
        inverse = np.linalg.inv(information)
        # Few blocks show too little of their spread: so much of it is taken from the model, in
        # which a block's samples err as one.
        blocks = len(sums)
        doubt = (0.5 + _FEW_BLOCKS / blocks) * len(block) / blocks
        spread = (sums.T @ sums * blocks / max(blocks - 1, 1) + prior.T @ prior
                  + doubt * (information - prior.T @ prior))
        return (inverse @ spread @ inverse)[:_CAMERA, :_CAMERA]
