# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Learns each person's stature slowly, from every frame in which size and floor agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, STATURE_RANGE, STATURE_SD

KNOWN_SD = 0.01  # relative, of a stature that the user gave
_CORRELATION_TIME = 1.0  # seconds over which posture and calibration err alike
_FLOOR_SD = 0.02  # relative; proportions of this person, calibration: never averaged away
_GATE = 2.5
_WELL_KNOWN = 0.015  # relative, of what frames tell: after seconds in which they agree
_SAME = 0.05  # relative, of a person who is as tall as before after all


@dataclass
class _Person:
    log_stature: float
    variance: float
    newest_stamp: float
    log_before: float = np.nan  # where it was well known and is smaller now


class StatureState(PersonMemory[_Person]):
    """Log-normal estimate of stature by person id: a Kalman filter of a constant.

    Each frame enters once, although windows overlap. Frames within a correlation time share the
    information of one.
    """

    def current(self, person_ids: NDArray, known: NDArray) -> tuple[NDArray, NDArray]:
        """Stature [P] in metres and its relative sd [P]; a ``known`` one (not NaN) wins.

        The sd holds what ``shrunk`` says of those who are not known.
        """
        prior = _Person(float(np.log(MEAN_STATURE)), STATURE_SD**2, -np.inf)
        people = [self._people.get(int(i), prior) for i in person_ids]
        stature = np.exp([person.log_stature for person in people])
        sd = np.hypot(_relative_sd(people), _less_than_before(people))
        given = np.isfinite(known) & (known > 0)
        return (np.where(given, known, stature).astype(np.float64),
                np.where(given, KNOWN_SD, sd))

    def shrunk(self, person_ids: NDArray, known: NDArray) -> NDArray[np.float64]:
        """Relative sd [P] of the distance of people who seem smaller than they are.

        They were well known to be taller before: nobody shrinks. They stood on the floor before and
        are below it now, or stood higher, and the less people are as tall as they were, the
        likelier so. Or a ``known`` stature [m], where it is not NaN, says so. 0 for all others.
        """
        unseen = _Person(np.nan, np.nan, -np.inf)
        people = [self._people.get(int(i), unseen) for i in person_ids]
        given = np.isfinite(known) & (known > 0)
        lacks = np.log(np.where(given, known, 1.0)) - [person.log_stature for person in people]
        is_less = lacks > np.maximum(_SAME, _GATE * _relative_sd(people))
        return np.where(given, np.where(is_less, lacks, 0.0), _less_than_before(people))

    def update(self, person_ids: NDArray, stamps: NDArray, stature: NDArray, relative_sd: NDArray
               ) -> None:
        """Take in measured statures [P,T] of frames at ``stamps`` [T]; NaN = none.

        Only frames newer than the last one of a person count. Measurements that are too tall by
        more than 2.5 sd are feet off the floor rather than giants and are left out; too small
        ones are children: as much less is then known as makes them possible. Who is as tall again
        as was well known before has that stature again.
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
                if np.isnan(person.log_before) and person.variance < _WELL_KNOWN**2:
                    person.log_before = person.log_stature
                person.variance = float(too_small**2)
            if measured[-1] > person.log_before - _SAME:
                person.log_stature, person.log_before = person.log_before, np.nan
            too_tall = measured - person.log_stature > _GATE * np.sqrt(variance + person.variance)
            information = np.where(too_tall, 0.0, share / variance)
            total = 1 / person.variance + information.sum()
            person.log_stature = float(
                (person.log_stature / person.variance + information @ measured) / total)
            person.variance = float(1 / total)


def _relative_sd(people: Sequence[_Person]) -> NDArray[np.float64]:
    """Of the statures [P], with what is never averaged away."""
    return np.sqrt([person.variance + _FLOOR_SD**2 for person in people])


def _less_than_before(people: Sequence[_Person]) -> NDArray[np.float64]:
    """Relative sd [P] of those who were well known to be taller; 0 for all others."""
    now = np.array([person.log_stature for person in people])
    before = np.array([person.log_before for person in people])
    tall, usual = (np.exp(-0.5 * (np.maximum(size - np.log(MEAN_STATURE), 0) / STATURE_SD) ** 2)
                   for size in (before, now))
    return np.asarray(np.nan_to_num(np.sqrt(tall / (tall + usual)) * (before - now)))
