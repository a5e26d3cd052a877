# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Kalman filter of root position and velocity, one state per person, all people at once."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_ACCELERATION_SD = 20.0  # m/s^2 at a time scale of one second
_FIRST_VELOCITY_SD = 1.0  # m/s
_FADE = 0.5  # seconds in which the velocity of somebody unseen fades to a third


class RootFilter:
    """White-acceleration model with full 3x3 measurement noise.

    The noise of one camera is long along the ray and short across it: depth is smoothed, the image
    position followed.
    """

    def __init__(self) -> None:
        self._ids: dict[int, int] = {}
        self._mean = np.zeros((0, 6))
        self._covariance = np.zeros((0, 6, 6))
        self._stamp = np.zeros(0)

    def __contains__(self, person_id: int) -> bool:
        return person_id in self._ids

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people; everybody when None."""
        gone = set(self._ids if person_ids is None else (int(i) for i in person_ids))
        kept = [i for i in self._ids if i not in gone]
        rows = [self._ids[i] for i in kept]
        self._mean, self._covariance = self._mean[rows], self._covariance[rows]
        self._stamp = self._stamp[rows]
        self._ids = {person_id: row for row, person_id in enumerate(kept)}

    def update(self, stamp: float, person_ids: NDArray, p_root: NDArray, noise: NDArray
               ) -> tuple[NDArray, NDArray, NDArray]:
        """Take in measured roots.

        p_root: [P,3] world; noise: [P,3,3] m^2; both finite. Returns the filtered position [P,3],
        velocity [P,3] and state covariance [P,6,6].
        """
        self._add_new(stamp, person_ids, p_root, noise)
        rows = self._rows(person_ids)
        mean, covariance = self._predicted(rows, stamp)
        innovation = p_root - mean[:, :3]
        total = covariance[:, :3, :3] + noise
        gain = np.swapaxes(np.linalg.solve(total, covariance[:, :3, :]), -1, -2)
        mean = mean + np.einsum('pij,pj->pi', gain, innovation)
        covariance = covariance - gain @ covariance[:, :3, :]
        covariance = 0.5 * (covariance + np.swapaxes(covariance, -1, -2))
        self._mean[rows], self._covariance[rows] = mean, covariance
        self._stamp[rows] = stamp
        return mean[:, :3], mean[:, 3:], covariance

    def predict(self, stamp: float, person_ids: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Position [P,3], fading velocity [P,3] and covariance [P,6,6] at a later stamp."""
        rows = self._rows(person_ids)
        mean, covariance = self._predicted(rows, stamp)
        elapsed = np.maximum(stamp - self._stamp[rows], 0.0)[:, None]
        velocity = self._mean[rows, 3:]
        position = self._mean[rows, :3] + velocity * _FADE * (1 - np.exp(-elapsed / _FADE))
        return position, velocity * np.exp(-elapsed / _FADE), covariance

    def _rows(self, person_ids: NDArray) -> list[int]:
        return [self._ids[int(i)] for i in person_ids]

    def _add_new(self, stamp: float, person_ids: NDArray, p_root: NDArray, noise: NDArray) -> None:
        new = [row for row, i in enumerate(person_ids) if int(i) not in self._ids]
        if not new:
            return
        for row in new:
            self._ids[int(person_ids[row])] = len(self._ids)
        mean = np.zeros((len(new), 6))
        mean[:, :3] = p_root[new]
        covariance = np.zeros((len(new), 6, 6))
        covariance[:, :3, :3] = 4 * noise[new]
        covariance[:, [3, 4, 5], [3, 4, 5]] = _FIRST_VELOCITY_SD**2
        self._mean = np.concatenate([self._mean, mean])
        self._covariance = np.concatenate([self._covariance, covariance])
        self._stamp = np.concatenate([self._stamp, np.full(len(new), stamp)])

    def _predicted(self, rows: list[int], stamp: float) -> tuple[NDArray, NDArray]:
        dt = np.maximum(stamp - self._stamp[rows], 0.0)
        transition = np.zeros((len(rows), 6, 6))
        transition[:] = np.eye(6)
        transition[:, [0, 1, 2], [3, 4, 5]] = dt[:, None]
        covariance = transition @ self._covariance[rows] @ np.swapaxes(transition, -1, -2)
        for first, second, power, factor in ((0, 0, 3, 1 / 3), (0, 3, 2, 1 / 2), (3, 0, 2, 1 / 2),
                                             (3, 3, 1, 1.0)):
            added = _ACCELERATION_SD**2 * factor * dt**power
            for axis in range(3):
                covariance[:, first + axis, second + axis] += added
        return np.einsum('pij,pj->pi', transition, self._mean[rows]), covariance
