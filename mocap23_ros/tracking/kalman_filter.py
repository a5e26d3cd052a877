# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The two steps of a linear Kalman filter."""

import numpy as np
from numpy.typing import NDArray


def predict(state: NDArray, covariance: NDArray, transition: NDArray, noise: NDArray
            ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """State [n] and covariance [n,n] a step later; transition, noise: [n,n]."""
    return transition @ state, transition @ covariance @ transition.T + noise


def update(state: NDArray, covariance: NDArray, measured: NDArray, noise: NDArray,
           seen: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """State [n] and covariance [n,n] once ``seen`` [m,n] @ state is measured [m], noise [m,m]."""
    gain = covariance @ seen.T @ np.linalg.inv(seen @ covariance @ seen.T + noise)
    rest = np.eye(len(state)) - gain @ seen
    # Joseph's form: symmetric and positive whatever is rounded.
    return (state + gain @ (measured - seen @ state),
            rest @ covariance @ rest.T + gain @ noise @ gain.T)
