# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a stated covariance is honest: ellipsoid coverage and normalised squared errors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

COVERAGE_68 = float(chdtri(3, 1 - 0.68))
COVERAGE_95 = float(chdtri(3, 1 - 0.95))


def squared_mahalanobis(error: NDArray[Any], covariance: NDArray[Any]) -> NDArray[np.float64]:
    """error^T covariance^-1 error for error [...,3], covariance [...,3,3]; NaN where unusable.

    Unusable: NaN, or not positive definite (a claimed certainty of 0 cannot be tested).
    """
    s = np.asarray(covariance, np.float64)
    s = (s + np.swapaxes(s, -1, -2)) / 2
    usable = np.isfinite(s).all(axis=(-1, -2)) & np.isfinite(error).all(axis=-1)
    s = np.where(usable[..., None, None], s, np.eye(3))
    values, vectors = np.linalg.eigh(s)
    usable &= values[..., 0] > 1e-12
    rotated = (np.where(usable[..., None], error, 0.0)[..., None, :] @ vectors)[..., 0, :]
    distance = (rotated ** 2 / np.maximum(values, 1e-12)).sum(axis=-1)
    return np.where(usable, distance, np.nan)


def depth_nees(along: NDArray[np.float64], ray: NDArray[np.float64],
               covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared error along a ray over its stated variance, [F]; honest estimates average 1."""
    variance = np.einsum('fi,fij,fj->f', ray, covariance, ray)
    with np.errstate(invalid='ignore', divide='ignore'):
        return np.where(variance > 1e-12, along ** 2 / variance, np.nan)
