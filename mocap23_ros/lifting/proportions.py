# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Proportions of a body, without its size, as a network gets them of people whom it has seen."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.engines.backend import Backend
from mocap23_ros.lifting.bone_lengths import BoneLengths
from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.skeletons.body_proportions import AVERAGE_FRACTIONS, LENGTHS

_SPREAD = 0.05  # relative, of lengths among people of one stature
_LASTING_SD = 0.03  # relative, of lengths that were measured for long


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


def takes_proportions(backend: Backend) -> bool:
    """Whether a network takes the proportions of the body besides its stature."""
    return any(spec.name == 'stature' and spec.shape[1] > 2 for spec in backend.inputs)


class RememberedProportions(PersonMemory[NDArray[np.float32]]):
    """Features by person id, as the lifted motion showed the proportions so far."""

    def __init__(self) -> None:
        super().__init__()
        self._lengths = BoneLengths()

    def features(self, person_ids: NDArray) -> NDArray[np.float32]:
        """Features [P,14]; zeros for new people."""
        nothing = np.zeros(2 * len(LENGTHS), np.float32)
        return np.array([self._people.get(int(i), nothing) for i in person_ids], np.float32
                        ).reshape(len(person_ids), len(nothing))

    def update(self, person_ids: NDArray, joints: NDArray, covariance: NDArray, stature: NDArray
               ) -> None:
        """Take in frames joints [P,T,19,3], covariance [P,T,19,3,3]; stature: [P] metres."""
        lengths = self._lengths.update(person_ids, joints, covariance, stature)
        with np.errstate(divide='ignore'):
            sd = np.sqrt(_LASTING_SD**2 + _SPREAD**2 / self._lengths.worth(person_ids))
        self._people.update(zip(
            person_ids.tolist(), proportion_features(log_proportions(lengths), sd), strict=True))

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people; everybody when None."""
        ids = None if person_ids is None else list(person_ids)
        self._lengths.forget(ids)
        super().forget(ids)
