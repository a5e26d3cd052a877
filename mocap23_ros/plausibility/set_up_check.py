# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the set-up against the people seen, and names the mistake that explains them."""

from dataclasses import dataclass

import numpy as np

from mocap23_ros.plausibility.crop_or_pitch import crop_or_pitch
from mocap23_ros.plausibility.height_doubt import height_doubt
from mocap23_ros.plausibility.keypoint_order import order_doubt
from mocap23_ros.plausibility.mistakes import K_OF_ANOTHER_SIZE, MISTAKES, RECTIFICATION, Mistake
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.standing import Standing, standing
from mocap23_ros.plausibility.walking_sides import walking_doubt
from mocap23_ros.skeletons.body_proportions import USUAL_STATURE

PEOPLE_SEEN = 'the people seen'  # in every message about them
_FEWEST_FRAMES, _FEWEST_SIGHTINGS = 8, 8  # a fifth of a second apart
_CONTRADICTED = 0.3  # share of sightings that stand or lie as people do
_FEW = 0.1
_EXPLAINED = 0.55  # others are phantoms, or cut by the edge of the image
_AS_GOOD = 0.9  # another explanation is named, too
_STATURES = (0.75, 2.4)  # metres, of most people in view
_ODD_SIZE, _BETTER_SIZE = 0.2, 0.1  # of the logarithm of statures
_MOSTLY = 0.6


@dataclass(frozen=True)
class Finding:
    """A mistake in the set-up that the data show.

    key: short name. message: what is seen, its likely cause and remedy, in words. is_named: the
    cause is known.
    """

    key: str
    message: str
    is_named: bool


def diagnose(samples: PeopleSamples) -> list[Finding] | None:
    """Judge sightings of people; empty where all is well, None where too little was seen."""
    told = standing(samples)
    if told.known.sum() < _FEWEST_SIGHTINGS or \
            len(np.unique(samples.stamps[told.known])) < _FEWEST_FRAMES:
        return None
    order = order_doubt(samples.points)
    if order:
        return [Finding('keypoint order', order, True)]
    size = _size(told)
    if _plausible_share(told) >= _CONTRADICTED and _STATURES[0] <= size <= _STATURES[1]:
        return (_doubt_k(samples, size) or _doubt_heights(samples, told)
                or _doubt_sides(samples))
    order = order_doubt(samples.points, contradicted=True)
    return [Finding('keypoint order', order, True) if order else _explain(samples, told, size)]


def _plausible_share(judged: Standing) -> float:
    """Share of plausible sightings; people who seem to lie among implausible ones do not count."""
    stand, lie = ((which & judged.known).sum() / judged.known.sum()
                  for which in (judged.stands, judged.lies & ~judged.stands))
    return float(stand if stand < _FEW and 1 - stand - lie > _CONTRADICTED else stand + lie)


def _size(judged: Standing) -> float:
    """Median stature of those who are not head down; the usual one where it cannot be told."""
    tall = ~np.isnan(judged.stature) & ~(judged.upright < 0) & ~judged.lies
    enough = tall.sum() >= _FEWEST_SIGHTINGS
    return float(np.median(judged.stature[tall])) if enough else USUAL_STATURE


def _doubt_k(samples: PeopleSamples, size: float) -> list[Finding]:
    """K of another size puts people far off, but they still look like people of a wrong size."""
    undone = K_OF_ANOTHER_SIZE.undo(samples)
    if undone is None:
        return []
    off, off_undone = (abs(np.log(s / USUAL_STATURE)) for s in (size, _size(standing(undone))))
    if off < max(_ODD_SIZE, off_undone + _BETTER_SIZE):
        return []
    return [Finding(K_OF_ANOTHER_SIZE.key, (
        f'{PEOPLE_SEEN} would be {size:.2g} m tall. It looks as if {K_OF_ANOTHER_SIZE.words}'),
        True)]


def _doubt_heights(samples: PeopleSamples, told: Standing) -> list[Finding]:
    key, words = height_doubt(samples, told)
    return [Finding(key, f'{PEOPLE_SEEN} {words}', key == RECTIFICATION.key)] if key else []


def _doubt_sides(samples: PeopleSamples) -> list[Finding]:
    words = walking_doubt(samples)
    return [Finding('sides', f'{PEOPLE_SEEN} {words}', False)] if words else []


def _explain(samples: PeopleSamples, told: Standing, size: float) -> Finding:
    seen = f'{PEOPLE_SEEN} contradict the camera: {_contradiction(told, size)}'
    before = float(told.likelihood.mean())
    scores: list[tuple[float, Mistake]] = []
    for mistake in MISTAKES:
        undone = mistake.undo(samples)
        if undone is None:
            continue
        judged = standing(undone)
        # A mistake that hides people must not win by the few whom it leaves.
        stand = judged.stands.sum() / max(judged.known.sum(), _MOSTLY * told.known.sum())
        if stand >= _EXPLAINED:
            scores.append((float(judged.likelihood.mean()), mistake))
    best = max((score for score, _ in scores), default=0.0)
    if best <= 2 * before:
        key, words = crop_or_pitch(samples, _EXPLAINED * told.known.sum())
        return Finding(key or 'people seen', f'{seen}. ' + (
            words or 'Check the camera pose (its axes, height and pitch above the floor at '
            'z = 0), K, and the order of the keypoints'), False)
    likely = [mistake for score, mistake in scores if score >= _AS_GOOD * best][:2]
    return Finding(likely[0].key, f'{seen}. It looks as if '
                   f'{"; or as if ".join(mistake.words for mistake in likely)}', True)


def _contradiction(told: Standing, size: float) -> str:
    """What is odd about people, the most telling oddity first."""
    upright = float(np.nanmedian(told.upright)) if np.isfinite(told.upright).any() else 1.0
    if upright < -0.5:
        return 'under its pose they would be head down'
    if upright < 0.5:
        return 'under its pose they would lie or lean'
    if told.above_horizon.mean() > 0.5:
        return 'under its pose their feet are above the horizon'
    if np.isfinite(size) and not _STATURES[0] <= size <= _STATURES[1]:
        return f'under its pose they would be {size:.2g} m tall'
    return 'under its pose they would not stand on the floor'
