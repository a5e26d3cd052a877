# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Sightings of people who walk, and how they would look under a biased camera pose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.floor_start import floor_T_camera
from mocap23_ros.calibration.gait import on_floor
from mocap23_ros.calibration.standing_people import (
    AHEAD,
    HEIGHTS,
    KEYPOINT_SD,
    body_points,
    middles_sd,
)
from mocap23_ros.geometry.rays import world_rays
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE

# Unknowns: pitch, roll and log height of the camera, then log stature, heights, leads and a lean to
# the left that all bodies have in common; a person's own are further ones, bodies first.
CAMERA, BODY = 3, 2 + 2 * len(HEIGHTS)
SHARED = CAMERA + BODY
OWN = BODY + CAMERA  # an unusual gait looks like a bias, so no person counts more

_STEP = 1e-4  # of slopes


@dataclass
class Sightings:
    """N whole people, and what they would look like under a state [N, shared + own unknowns].

    middles: [N,4,2], ankles: [N,2,2] in normalised coordinates; told: [N,3] pitch, roll, height;
    walk: [N,2]; log_stature: [N] against the mean, NaN = not given.
    """

    middles: NDArray
    ankles: NDArray
    told: NDArray
    walk: NDArray
    focal_length: float
    log_stature: NDArray

    def __post_init__(self) -> None:
        self.seen = np.isfinite(self.middles)
        self.observed = np.where(self.seen, self.middles, 0.0)

    def places_in(self, world_T_camera: NDArray) -> NDArray[np.float64]:
        """Where they stand in the given world, [N,2]."""
        return on_floor(self.observed[:, 0], world_T_camera)

    def linearised(self, state: NDArray) -> tuple[NDArray, NDArray]:
        """Errors [N,8] over their sd at the best places, and their slope by the state [N,8,S].

        Of observed - predicted and of predicted; what a place can explain is taken out of both.
        """
        pose = self._pose(state)
        place = self._first_place(pose)
        self.bend = self._bend(pose, place)
        count, units = len(place), state.shape[1]
        for _ in range(2):
            base, sd = self._predicted(state, place)
            error = (self._error(base) / sd).reshape(count, -1)
            by_place = self._differences(
                base, self._predicted(state, place + _STEP * np.eye(2)[:, None])[0] / _STEP, sd)
            square = np.swapaxes(by_place, 1, 2) @ by_place + 1e-9 * np.eye(2)
            inverse = np.linalg.solve(square, np.swapaxes(by_place, 1, 2))
            place = place + np.clip((inverse @ error[..., None])[..., 0], -1, 1)
        base, sd = self._predicted(state, place)
        error = (self._error(base) / sd).reshape(count, -1)
        slope = self._differences(
            base, self._predicted(state + _STEP * np.eye(units)[:, None], place)[0] / _STEP, sd)
        remaining = np.eye(error.shape[1]) - by_place @ inverse
        return (remaining @ error[..., None])[..., 0], remaining @ slope

    def _differences(self, base: NDArray, moved: NDArray, sd: NDArray) -> NDArray[np.float64]:
        """Slopes [N,8,U] over sd, of what [U,N,4,2] over the step each unknown makes of it."""
        slope = np.where(self.seen, (moved - base / _STEP) / sd, 0.0)
        return np.moveaxis(slope.reshape(len(moved), len(base), -1), 0, -1)

    def _error(self, predicted: NDArray) -> NDArray:
        return np.where(self.seen, self.focal_length * self.observed - predicted, 0.0)

    def _pose(self, state: NDArray) -> NDArray[np.float64]:
        bias = state[..., :CAMERA] + state[..., SHARED + BODY:]
        return floor_T_camera(self.told[:, 0] + bias[..., 0], self.told[:, 1] + bias[..., 1],
                              self.told[:, 2] * np.exp(bias[..., 2]))

    def _stature(self, state: NDArray) -> NDArray[np.float64]:
        given = np.isfinite(self.log_stature)
        mean = np.where(given, self.log_stature, state[..., CAMERA])
        return MEAN_STATURE * np.exp(mean + state[..., SHARED])

    def _predicted(self, state: NDArray, place: NDArray) -> tuple[NDArray, NDArray]:
        """Middles [...,N,4,2] in px from the principal point, and their sd.

        state: [...,N,S]; place: [...,N,2].
        """
        pose, stature = self._pose(state), self._stature(state)
        body = state[..., CAMERA:SHARED] + state[..., SHARED:SHARED + BODY]
        points = body_points(place, self.walk, stature, HEIGHTS + body[..., 1:5],
                             AHEAD + body[..., 5:9], body[..., 9])
        p_camera = (points - pose[..., None, :3, 3]) @ pose[..., :3, :3]
        image = p_camera[..., :2] / np.maximum(p_camera[..., 2:], 0.1)
        image[..., 0, :] += self.bend
        sd = middles_sd(p_camera[..., 2], stature, self.told[:, 0], self.focal_length,
                        KEYPOINT_SD)
        return self.focal_length * image, sd

    def _first_place(self, pose: NDArray) -> NDArray[np.float64]:
        place = on_floor(self.observed[:, 0], pose)
        return np.where(np.isfinite(place), place, 20.0)

    def _bend(self, pose: NDArray, place: NDArray) -> NDArray[np.float64]:
        drop = np.maximum(-world_rays(self.ankles, pose)[..., 2], 0.02)
        apart = (pose[:, 2, 3] - HEIGHTS[0] * MEAN_STATURE)[:, None] / drop
        half = np.clip((apart[:, 0] - apart[:, 1]) / 2, -0.4, 0.4)
        depth = np.maximum(np.hypot(*place.T), 0.3)
        return (half / depth)[:, None] * (self.ankles[:, 1] - self.ankles[:, 0]) / 2
