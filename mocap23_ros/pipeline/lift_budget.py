# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the people to compute where time does not suffice for everybody."""

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate

_FEWEST = 2  # people who are always computed
_TURN_SHARE = 0.25  # of the places, for those who waited longest
_MEMORY = 15  # images over which the cost of a person is judged


class LiftBudget:
    """Estimates how many people fit into a time, from what the last images cost."""

    def __init__(self) -> None:
        self._costs: deque[float] = deque(maxlen=_MEMORY)

    def note(self, people: int, seconds: float) -> None:
        """Take in what an image cost."""
        if people:
            self._costs.append(seconds / people)

    def most_people(self, seconds: float) -> int | None:
        """Return how many people fit into the seconds; None: any number, or unknown."""
        if not self._costs or seconds <= 0.0:
            return None
        return max(_FEWEST, int(seconds / max(float(np.median(self._costs)), 1e-6)))


def choose_people(
    person_ids: Sequence[int], most: int | None, last: Mapping[int, SkeletonEstimate],
    first_seen: Mapping[int, float], camera_position: NDArray[np.float64],
) -> list[int]:
    """Return who is computed, in the order of ``person_ids``; everybody where ``most`` suffices.

    The nearest to the camera come first, among equally near ones the longest known. The rest take
    turns in a quarter of the places, who waited longest first.
    last: the newest estimate of each person who has one. first_seen: seconds. camera_position:
    float64 [3] m.
    """
    if most is None or len(person_ids) <= most:
        return list(person_ids)

    def nearness(person_id: int) -> tuple[float, float]:
        estimate = last.get(person_id)
        distance = np.inf if estimate is None else float(
            np.linalg.norm(estimate.world_T_root[:3, 3] - camera_position))
        return (distance if np.isfinite(distance) else np.inf, first_seen.get(person_id, np.inf))

    def waits_since(person_id: int) -> float:
        estimate = last.get(person_id)
        return first_seen.get(person_id, np.inf) if estimate is None else estimate.stamp

    turns = max(1, int(_TURN_SHARE * most))
    nearest = sorted(person_ids, key=nearness)[:most - turns]
    rest = sorted(set(person_ids) - set(nearest), key=lambda i: (waits_since(i), i))
    chosen = {*nearest, *rest[:turns]}
    return [i for i in person_ids if i in chosen]
