# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Kalman filter of a person's place on the floor: people walk on, and then turn anywhere."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.tracking.kalman_filter import predict, update

_SPEED_MEMORY = 1.5  # s in which an unseen person forgets where it was going
_SPEED_DEVIATION = 0.7  # m/s, of people of whom nothing is known
_DENSITY = 2 * _SPEED_DEVIATION**2 / _SPEED_MEMORY  # m^2/s^3, which keeps that deviation
_MEASURED = np.eye(2, 4)
_SURPRISE = 9.0  # squared deviations from which a place is partly believed


class FloorFilter:
    """State: x, y m in the world, then their rates in m/s; begins with a place and its variance."""

    def __init__(self, p_world: NDArray, covariance: NDArray, stamp: float) -> None:
        self._state = np.array([*p_world, 0.0, 0.0])
        self._covariance = np.zeros((4, 4))
        self._covariance[:2, :2] = covariance
        self._covariance[2, 2] = self._covariance[3, 3] = _SPEED_DEVIATION**2
        self._stamp = stamp

    @property
    def p_world(self) -> NDArray[np.float64]:
        """x, y m."""
        return self._state[:2]

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Of the place, [2,2] m^2."""
        return self._covariance[:2, :2]

    def predict(self, stamp: float) -> None:
        """Move on to a stamp in seconds."""
        step, self._stamp = stamp - self._stamp, stamp
        fade = np.exp(-step / _SPEED_MEMORY)
        reach = _SPEED_MEMORY * (1 - fade)
        transition = np.kron(np.array([[1, reach], [0, fade]]), np.eye(2))
        # The integrals of an Ornstein-Uhlenbeck speed.
        both = 0.5 * _DENSITY * reach**2
        noise = np.kron(np.array([
            [_DENSITY * _SPEED_MEMORY**2 * (step - reach - 0.5 * reach**2 / _SPEED_MEMORY), both],
            [both, 0.5 * _DENSITY * _SPEED_MEMORY * (1 - fade**2)]]), np.eye(2))
        self._state, self._covariance = predict(self._state, self._covariance, transition, noise)

    def update(self, p_world: NDArray, covariance: NDArray) -> None:
        """Take in a measured place; one that is far from the expected with less weight."""
        innovation = p_world - self._state[:2]
        squared = float(innovation @ np.linalg.solve(self.covariance + covariance, innovation))
        self._state, self._covariance = update(
            self._state, self._covariance, p_world,
            covariance * max(squared / _SURPRISE, 1.0), _MEASURED)


def squared_distances(first: NDArray, first_covariance: NDArray, second: NDArray,
                      second_covariance: NDArray) -> NDArray[np.float64]:
    """Squared Mahalanobis distances [A,B] of places [A,2] and [B,2]; NaN where one is unknown."""
    offset = second[None] - first[:, None]
    total = first_covariance[:, None] + second_covariance[None]
    a, b, c = total[..., 0, 0], total[..., 0, 1], total[..., 1, 1]
    x, y = offset[..., 0], offset[..., 1]
    return (c * x**2 - 2 * b * x * y + a * y**2) / (a * c - b**2)
