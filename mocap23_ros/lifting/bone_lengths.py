# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Bone lengths of each person, constant over its track: a running weighted median."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.kinematic_tree import MEASURED
from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.skeletons.body_proportions import AVERAGE_FRACTIONS, LENGTHS

MEMORY = 256  # measurements of each length kept per person
_BASE_VARIANCE = 0.02**2  # m^2
_PRIOR_MEASUREMENTS = 8.0  # worth of the average body of the person's stature
_PLAUSIBLE = (0.6, 1.6)  # times the average body
# The two joints [2,7,2] of each length on either side, and whether it has that side [2,7].
_PAIRS = np.stack([MEASURED[name][[0, -1]] for name in LENGTHS], axis=1)
_HAS_SIDE = np.array([[True] * len(LENGTHS), [len(MEASURED[name]) > 1 for name in LENGTHS]])


class BoneLengths(PersonMemory[tuple[NDArray, NDArray]]):
    """Measured lengths by person id; bones seen across the view count most."""

    def worth(self, person_ids: NDArray) -> NDArray[np.float64]:
        """Measurements of every length [P,7] that these people, all known, are known from."""
        return _BASE_VARIANCE * np.array(
            [self._people[int(i)][1].sum(axis=0) for i in person_ids]
        ).reshape(len(person_ids), len(LENGTHS))

    def update(self, person_ids: NDArray, joints: NDArray, covariance: NDArray, stature: NDArray
               ) -> NDArray[np.float64]:
        """Take in frames joints [P,T,19,3] with covariance [P,T,19,3,3]; stature: [P].

        Returns the lengths [P,7] in the order of LENGTHS, metres.
        """
        average = AVERAGE_FRACTIONS * np.asarray(stature, np.float64)[:, None]
        measured, weight = _measure(joints, covariance)
        result = np.empty(average.shape)
        for row, person_id in enumerate(person_ids):
            old = self._people.get(int(person_id))
            values, weights = measured[row], weight[row]
            if old is not None:
                values = np.concatenate([old[0], values])
                weights = np.concatenate([old[1], weights])
            if len(values) > MEMORY:  # thin out evenly, so that the whole track stays in view
                keep = np.linspace(0, len(values) - 1, MEMORY).round().astype(int)
                values, weights = values[keep], weights[keep]
            self._people[int(person_id)] = values, weights
            result[row] = _median_with_prior(values, weights, average[row])
        return result


def bone_lengths(joints: NDArray) -> NDArray[np.float64]:
    """Lengths [...,7] in the order of LENGTHS, of joints [...,T,19,3]; metres.

    Medians over the samples; both sides of the body are one length.
    """
    lengths = [np.linalg.norm(joints[..., pairs[:, 1], :] - joints[..., pairs[:, 0], :], axis=-1)
               for pairs in (MEASURED[name] for name in LENGTHS)]
    return np.stack([np.median(length, axis=-2).mean(axis=-1) for length in lengths], axis=-1)


def _measure(joints: NDArray, covariance: NDArray) -> tuple[NDArray, NDArray]:
    """Lengths and weights [P,2T,7]; both sides of the body are measurements of one length."""
    people, frames = joints.shape[:2]
    bone = (joints[:, :, _PAIRS[..., 1]] - joints[:, :, _PAIRS[..., 0]]).astype(np.float64)
    length = np.linalg.norm(bone, axis=-1)  # [P,T,2,7]
    with np.errstate(invalid='ignore', divide='ignore'):
        direction = bone / length[..., None]
        spread = np.einsum('ptsli,ptslij,ptslj->ptsl', direction,
                           covariance[:, :, _PAIRS[..., 1]].astype(np.float64), direction)
        weight = 1 / (_BASE_VARIANCE + np.clip(spread, 0, None))
    usable = np.isfinite(weight) & _HAS_SIDE
    lengths, weights = (np.swapaxes(values, 1, 2).reshape(people, 2 * frames, len(LENGTHS))
                        for values in (np.where(usable, length, np.nan),
                                       np.where(usable, weight, 0.0)))
    return lengths, weights


def _median_with_prior(values: NDArray, weights: NDArray, average: NDArray) -> NDArray:
    """Weighted medians [7], drawn to the average body while there are few measurements."""
    order = np.argsort(values, axis=0)  # what was not measured is NaN and comes last
    ordered = np.take_along_axis(values, order, axis=0)
    cumulative = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    total = cumulative[-1]
    middle = np.minimum((cumulative < 0.5 * total).sum(axis=0), len(values) - 1)
    median = np.where(total > 0, ordered[middle, np.arange(values.shape[1])], average)
    worth = total * _BASE_VARIANCE
    mean = (worth * median + _PRIOR_MEASUREMENTS * average) / (worth + _PRIOR_MEASUREMENTS)
    return np.clip(mean, average * _PLAUSIBLE[0], average * _PLAUSIBLE[1])
