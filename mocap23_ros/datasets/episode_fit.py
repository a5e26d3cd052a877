# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How often, and for how long, a detector exchanges sides, loses people and misplaces joints."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.detected_clips import ClipErrors
from mocap23_ros.detection.detector_noise import GROUPS, Episodes, Outliers

# Values where nothing is known, and the seconds of a person that they count for.
_EXCHANGES, _DROPPED, _OUTLIERS = (0.01, 0.2), (0.02, 0.1), (0.005, 0.1)
_PRIOR_SECONDS, _PRIOR_EPISODES = 5.0, 1.0
_PRIOR_SIZE = 0.1  # of the person


class _Runs:
    """Counts over stretches within sequences [F,...]: what they take, and how often one ends."""

    def __init__(self) -> None:
        self.total = self.inside = self.exposed = 0.0  # seconds
        self.episodes = self.ends = 0

    def add(self, inside: NDArray[np.bool_], valid: NDArray[np.bool_], rate: float) -> None:
        inside = inside & valid
        self.total += float(valid.sum()) / rate
        self.inside += float(inside.sum()) / rate
        # A stretch that the clip cuts off did not end.
        followed = inside[:-1] & valid[1:]
        self.exposed += float(followed.sum()) / rate
        self.ends += int((followed & ~inside[1:]).sum())
        self.episodes += int(inside[:1].sum() + (inside[1:] & ~inside[:-1]).sum())

    def share(self, prior: float) -> float:
        return min((self.inside + _PRIOR_SECONDS * prior) / (self.total + _PRIOR_SECONDS), 0.8)

    def seconds(self, prior: float) -> float:
        exposed = self.exposed + _PRIOR_EPISODES * prior
        return min(exposed / (self.ends + _PRIOR_EPISODES), 100.0)


def fit_dropped(errors: Sequence[ClipErrors]) -> Episodes:
    """Images in which a person who is followed is not found."""
    runs = _Runs()
    for clip in errors:
        lost = np.logical_not(clip.seen.any(axis=1))
        runs.add(lost, np.ones_like(lost), clip.rate)
    return _episodes(runs, _DROPPED)


def fit_exchanges(errors: Sequence[ClipErrors]) -> dict[str, Episodes]:
    """Exchanges of arms, of legs, and of both at once, where sides are apart."""
    arms, legs, both = _Runs(), _Runs(), _Runs()
    for clip in errors:
        seen = np.asarray(clip.seen.any(axis=1))
        first, second = clip.exchanged.T
        decided = np.logical_and(clip.decided, seen[:, None])
        arms.add(first & ~second, decided[:, 0], clip.rate)
        legs.add(second & ~first, decided[:, 1], clip.rate)
        both.add(first & second, np.logical_and(*decided.T), clip.rate)
    return {name: _episodes(runs, _EXCHANGES)
            for name, runs in (('arms', arms), ('legs', legs), ('both', both))}


def _episodes(runs: _Runs, prior: tuple[float, float]) -> Episodes:
    return Episodes(runs.share(prior[0]), runs.seconds(prior[1]), runs.episodes)


def fit_outliers(errors: Sequence[ClipErrors], scaled: Sequence[NDArray],
                 away: Sequence[NDArray[np.bool_]], limit: NDArray) -> dict[str, Outliers]:
    """Joints that lie elsewhere, by group.

    scaled: [F,17,2] errors; away: [F,17] those longer than limit [17].
    """
    result = {}
    for group, joints in GROUPS.items():
        columns = list(joints)
        runs = _Runs()
        more: list[NDArray] = [np.zeros(0)]
        for clip, error, out in zip(errors, scaled, away, strict=True):
            runs.add(out[:, columns], clip.seen[:, columns], clip.rate)
            excess = np.hypot(error[..., 0], error[..., 1]) - limit
            more.append(excess[:, columns][out[:, columns]])
        excess = np.concatenate(more)
        mean = float(excess.mean()) if len(excess) else 0.0
        size = ((runs.episodes * mean + _PRIOR_EPISODES * _PRIOR_SIZE)
                / (runs.episodes + _PRIOR_EPISODES))
        result[group] = Outliers(runs.share(_OUTLIERS[0]), runs.seconds(_OUTLIERS[1]),
                                 runs.episodes, size)
    return result
