# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Kalman filter of a person's bounding box in the image: constant velocity, any time step."""

import numpy as np
from filterpy.common import Q_continuous_white_noise
from filterpy.kalman import predict, update
from numpy.typing import NDArray

# As fractions of the box's larger side, so that near and far people are treated alike.
_CENTRE_NOISE = 0.03
_SIZE_NOISE = 0.06
_FIRST_SPEED = 1.0  # 1/s, standard deviation of the unknown first velocity
_ACCELERATION = 2.0  # 1/s^2 over a second: a person starts or stops within half a second
_SIZE_CHANGE_MEMORY = 0.25  # s; a size that grew for a moment (an arm raised) does not go on

_MEASURED = np.eye(4, 8)


class BoxFilter:
    """State: centre x, y, width, height in px, then their rates in px/s."""

    def __init__(self, bounding_box: NDArray) -> None:
        self._state = np.zeros(8)
        self._state[:4] = centre_and_size(bounding_box)
        scale = self._scale
        noise = np.array([_CENTRE_NOISE, _CENTRE_NOISE, _SIZE_NOISE, _SIZE_NOISE] + [_FIRST_SPEED]
                         * 4)
        self._covariance = np.diag((noise * scale) ** 2)

    @property
    def _scale(self) -> float:
        return max(float(self._state[2:4].max()), 1.0)

    @property
    def bounding_box(self) -> NDArray[np.float64]:
        """x_min, y_min, x_max, y_max px."""
        half = 0.5 * np.maximum(self._state[2:4], 1.0)
        return np.concatenate([self._state[:2] - half, self._state[:2] + half])

    @property
    def centre_deviation(self) -> float:
        """Standard deviation of the centre, px."""
        return float(np.sqrt(0.5 * (self._covariance[0, 0] + self._covariance[1, 1])))

    def predict(self, time_step: float) -> None:
        """Move on by seconds."""
        transition = np.eye(8)
        transition[:4, 4:] = np.eye(4) * time_step
        transition[6:, 6:] *= np.exp(-time_step / _SIZE_CHANGE_MEMORY)
        noise = Q_continuous_white_noise(
            dim=2, dt=time_step, spectral_density=(_ACCELERATION * self._scale) ** 2, block_size=4,
            order_by_dim=False)
        self._state, self._covariance = predict(self._state, self._covariance, transition, noise)

    def update(self, bounding_box: NDArray) -> None:
        """Take in a measured box."""
        noise = np.array([_CENTRE_NOISE, _CENTRE_NOISE, _SIZE_NOISE, _SIZE_NOISE]) * self._scale
        self._state, self._covariance = update(
            self._state, self._covariance, centre_and_size(bounding_box), np.diag(noise**2),
            _MEASURED)


def centre_and_size(bounding_box: NDArray) -> NDArray[np.float64]:
    """Boxes [...,4] as corners to centre x, y, width, height."""
    low = np.asarray(bounding_box, np.float64)[..., :2]
    high = np.asarray(bounding_box, np.float64)[..., 2:]
    return np.concatenate([0.5 * (low + high), high - low], axis=-1)
