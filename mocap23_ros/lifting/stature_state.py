# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Learns each person's stature slowly, from every frame in which size and floor agree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, STATURE_RANGE, STATURE_SD

KNOWN_SD = 0.01  # relative, of a stature that the user gave
_CORRELATION_TIME = 1.0  # seconds over which posture and calibration err alike
_FLOOR_SD = 0.02  # relative; proportions of this person, calibration: never averaged away
_GATE = 2.5


@dataclass
class _Person:
    log_stature: float
    variance: float
    newest_stamp: float


class StatureState(PersonMemory[_Person]):
    """Log-normal estimate of stature by person id: a Kalman filter of a constant.

    Each frame enters once, although windows overlap. Frames within a correlation time share the
    information of one.
    """

    def current(self, person_ids: NDArray, known: NDArray) -> tuple[NDArray, NDArray]:
        """Stature [P] in metres and its relative sd [P]; a ``known`` one (not NaN) wins."""
        prior = _Person(float(np.log(MEAN_STATURE)), STATURE_SD**2, -np.inf)
        people = [self._people.get(int(i), prior) for i in person_ids]
        stature = np.exp([person.log_stature for person in people])
        sd = np.sqrt([person.variance + _FLOOR_SD**2 for person in people])
        given = np.isfinite(known) & (known > 0)
        return (np.where(given, known, stature).astype(np.float64),
                np.where(given, KNOWN_SD, sd))

    def update(self, person_ids: NDArray, stamps: NDArray, stature: NDArray, relative_sd: NDArray
               ) -> None:
        """Take in measured statures [P,T] of frames at ``stamps`` [T]; NaN = none.

        Only frames newer than the last one of a person count. Measurements that are too tall by
        more than 2.5 sd are feet off the floor rather than giants and are left out; too small
        ones are children: as much less is then known as makes them possible.
        """
        spacing = (stamps[-1] - stamps[0]) / max(len(stamps) - 1, 1)
        share = min(1.0, max(spacing, 1e-3) / _CORRELATION_TIME)
        usable = np.isfinite(stature) & np.isfinite(relative_sd) & (stature > 0)
        for row, person_id in enumerate(person_ids):
            person = self._people.get(int(person_id))
            if person is None:
                person = _Person(float(np.log(MEAN_STATURE)), STATURE_SD**2, -np.inf)
                self._people[int(person_id)] = person
            new = usable[row] & (stamps > person.newest_stamp)
            person.newest_stamp = max(person.newest_stamp, float(stamps[-1]))
            if not new.any():
                continue
            measured = np.log(np.clip(stature[row, new], *STATURE_RANGE))
            variance = relative_sd[row, new] ** 2
            too_small = max(person.log_stature - measured[-1], 0.0) / _GATE
            if too_small**2 > variance[-1] + person.variance:
                person.variance = float(too_small**2)
            too_tall = measured - person.log_stature > _GATE * np.sqrt(variance + person.variance)
            information = np.where(too_tall, 0.0, share / variance)
            total = 1 / person.variance + information.sum()
            person.log_stature = float(
                (person.log_stature / person.variance + information @ measured) / total)
            person.variance = float(1 / total)
