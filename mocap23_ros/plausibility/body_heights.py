# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Measures people who stand straight, and whether they would grow or shrink as they walk away.

A body keeps its height. Under a wrong pitch or K it changes with the distance; under a wrong
height of the camera everybody is too tall or too small.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.standing import Standing, foot_distance, standing
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES, SHOULDERS

_UPRIGHT, _STRAIGHT = 0.95, 0.96  # cosine; hip to ankle against thigh and shank
_LEGS = (0.52, 0.68)  # of shoulders to ankles, in the image
_BROAD = 0.36  # shoulders against shoulders to ankles: beyond it somebody crouches, seen frontally
_GROWN_UP_LEGS = 0.56  # toddlers' are shorter
_FEWEST, _FEWEST_OF_ONE = 15, 8  # sightings a fifth of a second apart: three seconds
_TALLEST, _SMALLEST = 2.15, 0.95  # metres; smaller ones are toddlers
_TREND_SIGHTINGS = 25
_FARTHER, _CHANGE, _CORRELATION = 1.4, 0.15, 0.9


@dataclass(frozen=True)
class BodyHeights:
    """Heights of all people who stand straight.

    stature: metres, the median of people. grown_up: they have the proportions of adults.
    distances: metres, near and far. change: of the logarithm of a height from near to far.
    correlation: -1..1 of it with that of the distance. sightings: their number.
    """

    stature: float
    grown_up: bool
    distances: tuple[float, float]
    change: float
    correlation: float
    sightings: int

    @property
    def are_tall(self) -> bool:
        """Taller than people are."""
        return self.stature > _TALLEST

    @property
    def are_small(self) -> bool:
        """Adults who are as small as toddlers."""
        return self.stature < _SMALLEST and self.grown_up

    @property
    def change_with_distance(self) -> bool:
        """They grow or shrink as they walk away, as no body does."""
        near, far = self.distances
        return far > _FARTHER * near and self.changes_by(_CHANGE, _CORRELATION)

    def changes_by(self, change: float, correlation: float) -> bool:
        """Whether heights change with distance by at least that much, and as surely."""
        return (self.sightings >= _TREND_SIGHTINGS and abs(self.change) > change
                and abs(self.correlation) > correlation)


def body_heights(samples: PeopleSamples, stature: NDArray[np.float64],
                 straight: NDArray[np.bool_]) -> BodyHeights | None:
    """Measure those who stand straight, see straight_bodies(); None where too few do.

    stature: [N] m, as Standing has it.
    """
    distance = foot_distance(samples)
    with np.errstate(invalid='ignore'):
        rows = np.flatnonzero(straight & np.isfinite(stature) & (stature > 0) & (distance > 0))
    people, counts = np.unique(samples.person_ids[rows], return_counts=True)
    people = people[counts >= _FEWEST_OF_ONE]
    rows = rows[np.isin(samples.person_ids[rows], people)]
    if len(rows) < _FEWEST:
        return None
    height, away = np.log(stature[rows]), np.log(distance[rows])
    for person in people:
        his = samples.person_ids[rows] == person
        height[his] -= height[his].mean()
        away[his] -= away[his].mean()
    statures = [np.median(stature[rows][samples.person_ids[rows] == p]) for p in people]
    near, far = np.percentile(away, (5, 95))
    product = away @ height
    slope = product / max(away @ away, 1e-12)
    legs = np.median(_leg_shares(samples)[0][rows])
    middle = float(np.exp(np.log(distance[rows]).mean()))
    return BodyHeights(
        float(np.median(statures)), bool(legs > _GROWN_UP_LEGS),
        (middle * float(np.exp(near)), middle * float(np.exp(far))), float(slope * (far - near)),
        float(product / np.sqrt(max((away @ away) * (height @ height), 1e-12))), len(rows))


def heights_of_people(samples: PeopleSamples) -> list[float]:
    """The stature [m] of everybody who stands straight often enough, under the given pose."""
    judged = standing(samples)
    rows = np.flatnonzero(straight_bodies(samples, judged) & np.isfinite(judged.stature)
                          & (judged.stature > 0))
    people, counts = np.unique(samples.person_ids[rows], return_counts=True)
    return [float(np.median(judged.stature[rows][samples.person_ids[rows] == person]))
            for person in people[counts >= _FEWEST_OF_ONE]]


def straight_bodies(samples: PeopleSamples, judged: Standing) -> NDArray[np.bool_]:
    """Which samples [N] show somebody who stands or walks with straight legs."""
    legs, straightness = _leg_shares(samples)
    points = samples.points
    breadth = np.linalg.norm(points[:, SHOULDERS[0]] - points[:, SHOULDERS[1]], axis=1)
    length = np.linalg.norm(
        points[:, SHOULDERS].mean(axis=1) - points[:, ANKLES].mean(axis=1), axis=1)
    with np.errstate(invalid='ignore'):
        straight: NDArray[np.bool_] = (
            (judged.upright > _UPRIGHT) & (straightness > _STRAIGHT) & (legs > _LEGS[0])
            & (legs < _LEGS[1]) & (breadth < _BROAD * length))
    return straight


def _leg_shares(samples: PeopleSamples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The legs' share [N] of the body from the shoulders down, and how straight they are [N]."""
    shoulders, hips, knees, ankles = (
        samples.points[:, pair].mean(axis=1) for pair in (SHOULDERS, HIPS, KNEES, ANKLES))
    trunk, thigh, shank, leg = (np.linalg.norm(a - b, axis=1) for a, b in (
        (shoulders, hips), (hips, knees), (knees, ankles), (hips, ankles)))
    with np.errstate(invalid='ignore', divide='ignore'):
        return (thigh + shank) / (trunk + thigh + shank), leg / (thigh + shank)
