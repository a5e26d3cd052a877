# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes and colours that every viewer draws: ellipsoids and the floor."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

COLOURS = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (213, 94, 0),
           (240, 228, 66), (0, 114, 178))  # Okabe and Ito's, RGB
GREY = (120, 120, 120)
FRUSTUM = 0.4  # m, the distance at which the image is drawn
_WITHIN_95 = 7.815  # squared deviations of three normal variables
_GRID, _MOST_LINES = 1.0, 200  # m


def colour_of(number: int) -> tuple[int, int, int]:
    """RGB 0..255 of the person, or of the method, at this place."""
    return COLOURS[number % len(COLOURS)]


def ellipsoids(covariance: NDArray[np.floating]
               ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half axes [...,3] (m) and quaternions xyzw [...,4] of the 95 % ellipsoids; NaN as given.

    covariance: [...,3,3] m^2.
    """
    half_sizes = np.full(covariance.shape[:-1], np.nan)
    quaternions = np.full((*covariance.shape[:-2], 4), np.nan)
    known = np.isfinite(covariance).all(axis=(-2, -1))
    if known.any():
        values, vectors = np.linalg.eigh(covariance[known].astype(np.float64))
        vectors[np.linalg.det(vectors) < 0, :, 0] *= -1
        half_sizes[known] = np.sqrt(_WITHIN_95 * np.maximum(values, 0))
        quaternions[known] = Rotation.from_matrix(vectors).as_quat()
    return half_sizes, quaternions


def floor_grid(points: NDArray[np.floating]) -> list[NDArray[np.float64]]:
    """Lines [2,3] of the floor z = 0, a metre apart, about points [N,2] and the origin."""
    points = points[np.isfinite(points).all(axis=1)]
    everywhere = np.concatenate([points, np.zeros((1, 2))])
    low, high = np.floor(everywhere.min(axis=0)) - 1, np.ceil(everywhere.max(axis=0)) + 1
    step = _GRID * max(1.0, np.ceil((high - low).max() / _MOST_LINES))
    x, y = (np.arange(low[axis], high[axis] + step / 2, step) for axis in (0, 1))
    return [*(np.array([[v, low[1], 0], [v, high[1], 0]]) for v in x),
            *(np.array([[low[0], v, 0], [high[0], v, 0]]) for v in y)]
