# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Kalman filter of a person's bounding box in the image: constant velocity, any time step."""

import math

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.tracking.kalman_filter import predict, update

# As fractions of the box's larger side, so that near and far people are treated alike.
_CENTRE_NOISE = 0.03
_SIZE_NOISE = 0.06
_FIRST_SPEED = 1.0  # 1/s, standard deviation of the unknown first velocity
_ACCELERATION = 2.0  # 1/s^2 over a second: a person starts or stops within half a second
_SIZE_CHANGE_MEMORY = 0.25  # s; a size that grew for a moment (an arm raised) does not go on

_MEASURED = np.eye(4, 8)
_MEASUREMENT_NOISE = np.diag(
    [_CENTRE_NOISE**2, _CENTRE_NOISE**2, _SIZE_NOISE**2, _SIZE_NOISE**2])
_FIRST_NOISE = np.diag([*np.diag(_MEASUREMENT_NOISE), *[_FIRST_SPEED**2] * 4])


class MotionModel:
    """Matrices of one time step in seconds, shared by everybody in an image."""

    def __init__(self, time_step: float) -> None:
        self.transition = np.eye(8)
        self.transition[:4, 4:] = np.eye(4) * time_step
        self.transition[6, 6] = self.transition[7, 7] = np.exp(-time_step / _SIZE_CHANGE_MEMORY)
        # For a person of size 1; it grows with the square of the size.
        cube, square = time_step**3 / 3, time_step**2 / 2
        self.noise = np.kron([[cube, square], [square, time_step]], np.eye(4)) * _ACCELERATION**2


class BoxFilter:
    """State: centre x, y, width, height in px, then their rates in px/s."""

    def __init__(self, bounding_box: NDArray) -> None:
        self._state = np.zeros(8)
        self._state[:4] = centre_and_size(bounding_box)
        self._covariance = _FIRST_NOISE * self._scale**2

    @property
    def _scale(self) -> float:
        return max(float(self._state[2]), float(self._state[3]), 1.0)

    @property
    def bounding_box(self) -> NDArray[np.float64]:
        """x_min, y_min, x_max, y_max px."""
        half = 0.5 * np.maximum(self._state[2:4], 1.0)
        return np.concatenate([self._state[:2] - half, self._state[:2] + half])

    @property
    def centre_deviation(self) -> float:
        """Standard deviation of the centre, px."""
        return math.sqrt(0.5 * float(self._covariance[0, 0] + self._covariance[1, 1]))

    def predict(self, model: MotionModel) -> None:
        """Move on by the model's time step."""
        self._state, self._covariance = predict(
            self._state, self._covariance, model.transition, model.noise * self._scale**2)

    def update(self, bounding_box: NDArray) -> None:
        """Take in a measured box."""
        self._state, self._covariance = update(
            self._state, self._covariance, centre_and_size(bounding_box),
            _MEASUREMENT_NOISE * self._scale**2, _MEASURED)


def centre_and_size(bounding_box: NDArray) -> NDArray[np.float64]:
    """Boxes [...,4] as corners to centre x, y, width, height."""
    box = np.asarray(bounding_box, np.float64)
    low, high = box[..., :2], box[..., 2:]
    return np.concatenate([0.5 * (low + high), high - low], axis=-1)
