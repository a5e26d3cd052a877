# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Proportions of a body, without its size: what a network is told of somebody whom it knows."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.kinematic_tree import MEASURED
from mocap23_ros.skeletons.body_proportions import AVERAGE_FRACTIONS, LENGTHS

_SPREAD = 0.05  # relative, of lengths among people of one stature


def bone_lengths(joints: NDArray) -> NDArray[np.float64]:
    """Lengths [...,7] in the order of LENGTHS, of joints [...,T,19,3]; metres.

    Medians over the samples; both sides of the body are one length.
    """
    lengths = [np.linalg.norm(joints[..., pairs[:, 1], :] - joints[..., pairs[:, 0], :], axis=-1)
               for pairs in (MEASURED[name] for name in LENGTHS)]
    return np.stack([np.median(length, axis=-2).mean(axis=-1) for length in lengths], axis=-1)


def log_proportions(lengths: NDArray) -> NDArray[np.float64]:
    """Log of lengths [...,7] over the average body's, free of the body's size: their mean is 0."""
    ratio = np.log(lengths / AVERAGE_FRACTIONS)
    return ratio - ratio.mean(axis=-1, keepdims=True)


def proportion_features(log_ratio: NDArray, sd: NDArray) -> NDArray[np.float32]:
    """Features [P,14] of ``log_proportions`` [P,7] and their standard deviations.

    First the ratios as far as they are known (shrunk towards the average body), then how far that
    is: 1 = exactly, 0 = not at all. All zeros: nothing is known.
    """
    known = _SPREAD**2 / (_SPREAD**2 + np.square(sd))
    return np.concatenate([10 * known * log_ratio, known], axis=-1).astype(np.float32)
