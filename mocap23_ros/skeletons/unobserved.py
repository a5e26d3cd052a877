# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints that nobody observed are written the same everywhere: x and y NaN, confidence 0."""

import numpy as np
from numpy.typing import NDArray

UNOBSERVED: NDArray[np.float32] = np.array([np.nan, np.nan, 0], np.float32)
UNOBSERVED.flags.writeable = False


def unobserved_keypoints(*shape: int) -> NDArray[np.float32]:
    """Keypoints [*shape,3] of which none is observed."""
    return np.full((*shape, 3), UNOBSERVED)


def is_observed(keypoints: NDArray) -> NDArray[np.bool_]:
    """Which of the keypoints [...,3] (x, y, confidence) are observed, [...].

    They have finite x and y and a confidence above 0.
    """
    observed: NDArray[np.bool_] = np.isfinite(keypoints).all(axis=-1) & (keypoints[..., 2] > 0)
    return observed


def clear_unobserved(keypoints: NDArray) -> None:
    """Write all of the keypoints [...,3] that are not observed as UNOBSERVED, in place."""
    keypoints[~is_observed(keypoints)] = UNOBSERVED
