# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What an image tells about exchanged sides: offsets of pairs, and the bearing of the torso."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.tracking.side_model import BITS, GROUPS, SIGN, STATES, PairTable

_TOGETHER = 0.6  # pairs of a group err together: their evidence counts by this much
_TORSO_EVIDENCE = 6.0  # nats / s for shoulders and hips that point the same way
_LEAST_OFFSET = 0.05  # body heights from which such an offset means something


def measure_offsets(pairs: PairTable, keypoints: NDArray, size: NDArray
                    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offsets [P,K,2] from right to left in body heights, their variance [P,K]; inf unseen.

    keypoints: [P,J,3] as of SideFilter.update. size: [P] body heights in the image.
    """
    left, right = keypoints[:, pairs.left], keypoints[:, pairs.right]
    size = np.maximum(size, 1e-6)
    offset = (left[..., :2] - right[..., :2]) / size[:, None, None]
    confidence = np.clip(np.minimum(left[..., 2], right[..., 2]), 0.0, 1.0)
    seen = confidence > 0
    noise = np.where(seen, (pairs.noise / np.maximum(confidence, 0.1))**2, np.inf)
    return np.where(seen[..., None], offset, 0.0), noise


def evidence_of_motion(pairs: PairTable, likelihood: NDArray) -> NDArray[np.float64]:
    """Log likelihood [P,from,to] of the states; likelihood: [P,S,2,K] of OffsetFilters."""
    by_group = np.zeros((len(likelihood), STATES, 2, len(GROUPS)))
    for group in range(len(GROUPS)):
        by_group[..., group] = likelihood[..., pairs.group == group].sum(axis=-1)
    return _TOGETHER * by_group[:, :, BITS, np.arange(len(GROUPS))].sum(axis=-1)


def evidence_of_bearing(pairs: PairTable, offset: NDArray, step: float) -> NDArray[np.float64]:
    """Log evidence [P,S] of parts of the body that point the same way, in ``step`` seconds."""
    if pairs.shoulders < 0 or pairs.hips < 0:
        return np.zeros((len(offset), STATES))
    alike = _alike(offset[:, pairs.shoulders], offset[:, pairs.hips])
    return 0.5 * _TORSO_EVIDENCE * step * alike[:, None] * (SIGN[:, 1] * SIGN[:, 2])


def _alike(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Cosine -1..1 between offsets [P,2], towards 0 for short ones."""
    least = _LEAST_OFFSET**2
    return (first * second).sum(axis=-1) / np.sqrt(
        ((first**2).sum(axis=-1) + least) * ((second**2).sum(axis=-1) + least))
