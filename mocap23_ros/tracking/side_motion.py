# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Kalman filters of the offsets from left joints to their right partners, one for every state.

Lengths are in body heights in the image. An offset either follows the filter's motion or, rarely,
obeys no motion at all.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.tracking.side_model import PairTable

_OUTLIER = 0.02  # share of offsets that obey no motion
_OUTLIER_DENSITY = 2.0  # of such offsets, per square body height
_DOUBT = 0.5  # of such an offset's squared innovation, added to the variance
_IMPOSSIBLE = 0.01  # likelihood against an outlier's, below which an offset is not believed
_FIRST_OFFSET, _FIRST_SPEED = 0.3, 2.0  # standard deviations, body heights, body heights / s
_SPEED_MEMORY = 0.2  # s in which an unseen limb forgets its speed


class OffsetFilters:
    """Filters of N people in rows, S states and K pairs."""

    def __init__(self, states: int, pairs: PairTable) -> None:
        self._acceleration = pairs.acceleration
        shape = (0, states, len(self._acceleration))
        self._offset, self._speed = np.zeros((*shape, 2)), np.zeros((*shape, 2))
        self._variance = np.zeros((*shape, 3))  # of offset, of both, of speed; one axis

    def grow(self, rows: int) -> None:
        """Have that many rows."""
        self._offset, self._speed, self._variance = (
            grown(a, rows) for a in (self._offset, self._speed, self._variance))

    def begin(self, row: int) -> None:
        """Know nothing about this row."""
        self._offset[row] = self._speed[row] = 0
        self._variance[row] = (_FIRST_OFFSET**2, 0, _FIRST_SPEED**2)

    def predict(self, rows: NDArray, step: float) -> None:
        """Move on by ``step`` seconds."""
        fade = np.exp(-step / _SPEED_MEMORY)
        reach = _SPEED_MEMORY * (1 - fade)
        self._offset[rows] += reach * self._speed[rows]
        self._speed[rows] *= fade
        variance = self._variance[rows]
        new = np.empty_like(variance)
        new[..., 0] = (variance[..., 0] + 2 * reach * variance[..., 1]
                       + reach**2 * variance[..., 2] + self._acceleration * step**3 / 3)
        new[..., 1] = fade * (variance[..., 1] + reach * variance[..., 2]) \
            + self._acceleration * step**2 / 2
        new[..., 2] = fade**2 * variance[..., 2] + self._acceleration * step
        # An unseen limb may be anywhere, but not outside the body. A contradicted one may.
        new[..., 0] = np.minimum(new[..., 0], np.maximum(variance[..., 0], _FIRST_OFFSET**2))
        new[..., 2] = np.minimum(new[..., 2], _FIRST_SPEED**2)
        limit = np.sqrt(new[..., 0] * new[..., 2])
        new[..., 1] = np.clip(new[..., 1], -0.99 * limit, 0.99 * limit)
        self._variance[rows] = new

    def log_likelihood(self, rows: NDArray, offset: NDArray, noise: NDArray
                       ) -> NDArray[np.float64]:
        """Of measured offsets [P,K,2] as they are and turned round, [P,S,2,K]; 0 where unseen.

        noise: [P,K] variance of one axis; inf unseen.
        """
        seen = np.isfinite(noise)
        variance = self._variance[rows][..., 0] + np.where(seen, noise, 1.0)[:, None]  # [P,S,K]
        predicted = self._offset[rows]
        squared = np.stack([((predicted - sign * offset[:, None])**2).sum(axis=-1)
                            for sign in (1, -1)], axis=2)
        motion = -0.5 * squared / variance[:, :, None] - np.log(2 * np.pi * variance)[:, :, None]
        likelihood = np.logaddexp(np.log(1 - _OUTLIER) + motion,
                                  np.log(_OUTLIER * _OUTLIER_DENSITY))
        return likelihood * seen[:, None, None]

    def follow(self, rows: NDArray, before: NDArray) -> None:
        """Carry the filters of every state [N,S] on from those of the state before it."""
        chosen = rows[:, None], before
        self._offset[rows], self._speed[rows], self._variance[rows] = (
            self._offset[chosen], self._speed[chosen], self._variance[chosen])

    def update(self, rows: NDArray, offset: NDArray, noise: NDArray) -> NDArray[np.bool_]:
        """Take in offsets [P,S,K,2] as every state has them; say which [P,S,K] are impossible.

        noise: [P,K] variance of one axis; inf unseen.
        """
        seen = np.isfinite(noise)[:, None]
        noise = np.where(seen, noise[:, None], 1.0)
        spread = self._variance[rows]
        innovation = offset - self._offset[rows]
        total = spread[..., 0] + noise
        squared = (innovation**2).sum(axis=-1)
        motion = (1 - _OUTLIER) * np.exp(-0.5 * squared / total) / (2 * np.pi * total)
        gain0, gain1 = spread[..., 0] / total, spread[..., 1] / total
        updated = np.stack([
            (1 - gain0) * spread[..., 0], (1 - gain0) * spread[..., 1],
            spread[..., 2] - gain1 * spread[..., 1]], axis=-1)
        # An offset that obeys no motion does not move the filter, but widens the gate of the next.
        doubted = spread.copy()
        doubted[..., 0] += _DOUBT * squared
        take = seen & (motion > _OUTLIER * _OUTLIER_DENSITY)
        self._offset[rows] += np.where(take, gain0, 0.0)[..., None] * innovation
        self._speed[rows] += np.where(take, gain1, 0.0)[..., None] * innovation
        self._variance[rows] = np.where(take[..., None], updated,
                                        np.where(seen[..., None], doubted, spread))
        return seen & (motion < _IMPOSSIBLE * _OUTLIER * _OUTLIER_DENSITY)


def grown(array: NDArray, rows: int) -> NDArray:
    """The array with zeros behind its rows."""
    return np.concatenate([array, np.zeros((rows - len(array), *array.shape[1:]), array.dtype)])
