# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Places every joint along its ray by bone lengths, parents first.

A bone of known length that hangs from a placed parent meets the ray of its child at two points,
in front of the parent and behind it. The odds differ by joint: knees and wrists are usually
before, ankles behind the body's frontal plane. The expected point between the two has the least
squared error; their distance is the uncertainty. For the left/right pairs of hips and shoulders
the odds follow from the nose's place between the ears and from the walking direction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.body_proportions import (
    FOREARM,
    HIP_WIDTH,
    SHANK,
    SHOULDER_WIDTH,
    THIGH,
    TRUNK,
    UPPER_ARM,
)
from mocap23_ros.skeletons.coco17 import (
    ANKLES,
    COCO_JOINTS,
    ELBOWS,
    FACE,
    HIPS,
    KNEES,
    NECK,
    PELVIS,
    SHOULDERS,
    WRISTS,
)

_NOSE_SCALE = 0.012  # of stature: nose off the ears' middle at which the turn is fairly sure
_WALKING_SCALE = 0.4  # m/s
_BASE_SD = 0.02  # metres; bone lengths of this person, keypoints that are not joint centres
_SIGN_SD_SHARE = 0.8  # of the half distance of both points that counts as sd when it is a toss-up
_LOOSE_SD = 0.12  # of stature
Level = tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...], tuple[float, ...]]

# Levels of the tree below pelvis and neck: children, parents, lengths as fractions of stature, and
# shares. The length leaves a depth difference open; the share is the part of it that is expected
# along the body's forward direction (1 = always before the body, -1 = always behind it). It is the
# regression of true depth over the clips of body_proportions, seen from random directions.
_CHAIN_LEVELS: tuple[Level, ...] = (
    ((NECK,), (PELVIS,), (TRUNK,), (.39,)),
    (FACE, (NECK,) * 5, (.117, .132, .132, .124, .124), (.95, .94, .94, .57, .57)),
    ((*ELBOWS, *KNEES), (*SHOULDERS, *HIPS), (UPPER_ARM, UPPER_ARM, THIGH, THIGH),
     (.15, .15, .85, .85)),
    ((*WRISTS, *ANKLES), (*ELBOWS, *KNEES), (FOREARM, FOREARM, SHANK, SHANK),
     (.85, .85, -.95, -.95)),
)
# The same for the ends of hips and shoulders; +1 for those on the left.
_PAIR_LEVEL: Level = (
    (*HIPS, *SHOULDERS), (PELVIS, PELVIS, NECK, NECK),
    (HIP_WIDTH / 2, HIP_WIDTH / 2, SHOULDER_WIDTH / 2, SHOULDER_WIDTH / 2), (1., -1., 1., -1.))


@dataclass(frozen=True)
class ChainDepths:
    """Depths in levelled axes with the camera's height plane as origin.

    ahead: [...,19] distance along the heading; a joint is at ahead * (1, u, v). NaN where it is
        not seen.
    sd: [...,19] of ``ahead`` relative to the pelvis, metres.
    u, v: [...,19] levelled coordinates, pelvis and neck added.
    """

    ahead: NDArray[np.float64]
    sd: NDArray[np.float64]
    u: NDArray[np.float64]
    v: NDArray[np.float64]


def chain_depths(u: NDArray, v: NDArray, weight: NDArray, pelvis_ahead: NDArray,
                 pelvis_v: NDArray, stature: NDArray, walking_left: NDArray) -> ChainDepths:
    """Place the 19 joints given the pelvis.

    u, v, weight: [...,17] of FrameEvidence. pelvis_ahead, pelvis_v: [...] its distance and
    levelled height. stature: [...] metres. walking_left: [...] m/s of the root to the left of
    the heading; 0 = unknown.
    """
    shape = u.shape[:-1]
    seen = weight > 0
    ahead = np.full(shape + (19,), np.nan)
    sd = np.full(shape + (19,), np.nan)
    all_u, all_v = np.full((2,) + shape + (19,), np.nan)
    all_u[..., COCO_JOINTS] = np.where(seen, u, np.nan)
    all_v[..., COCO_JOINTS] = np.where(seen, v, np.nan)
    hips_u = _pair_mean(u, seen, HIPS)
    shoulders_u, shoulders_v = _pair_mean(u, seen, SHOULDERS), _pair_mean(v, seen, SHOULDERS)
    all_u[..., PELVIS] = np.where(np.isnan(hips_u), shoulders_u, hips_u)
    all_v[..., PELVIS] = pelvis_v
    all_u[..., NECK], all_v[..., NECK] = shoulders_u, shoulders_v
    ahead[..., PELVIS], sd[..., PELVIS] = pelvis_ahead, 0.0

    facing_ahead, turned = _facing(u, seen, pelvis_ahead, stature, walking_left)
    trunk, *limbs = _CHAIN_LEVELS
    # Left and right of one line: when its left end is nearer, the right one is further.
    for level, odds in ((trunk, facing_ahead), (_PAIR_LEVEL, turned),
                        *((level, facing_ahead) for level in limbs)):
        _place(ahead, sd, all_u, all_v, level, stature, odds)
    # Seen, but what it hangs from is not: somewhere about the pelvis.
    loose = np.isnan(ahead) & np.isfinite(all_u) & np.isfinite(pelvis_ahead)[..., None]
    ahead = np.where(loose, np.asarray(pelvis_ahead)[..., None], ahead)
    sd = np.where(loose, _LOOSE_SD * np.asarray(stature)[..., None], sd)
    return ChainDepths(ahead, sd, all_u, all_v)


def _pair_mean(values: NDArray, seen: NDArray, joints: NDArray) -> NDArray:
    """Mean of a left/right pair, the one that is seen, or NaN."""
    pair, both = values[..., joints], seen[..., joints]
    count = both.sum(axis=-1)
    return np.where(both, pair, 0.0).sum(axis=-1) / np.where(count > 0, count, np.nan)


def _facing(u: NDArray, seen: NDArray, distance: NDArray, stature: NDArray, walking_left: NDArray
            ) -> tuple[NDArray, NDArray]:
    """Forward component of the body away from the camera, and the odds that left is further.

    The second is in -1..1: +1 = the left hip and shoulder are surely further than the right ones.
    """
    metres = distance / stature
    span, width = np.zeros_like(distance), np.full_like(distance, 1e-9)
    for (left, right), fraction in ((SHOULDERS, SHOULDER_WIDTH), (HIPS, HIP_WIDTH)):
        both = seen[..., left] & seen[..., right]
        span = span + np.where(both, (u[..., left] - u[..., right]) * metres, 0.0)
        width = width + np.where(both, fraction, 0.0)
    facing_ahead = np.clip(span / width, -1.0, 1.0)
    nose, _, _, *ears = FACE
    face = seen[..., [nose, *ears]].all(axis=-1)
    turned = u[..., nose] - 0.5 * (u[..., ears[0]] + u[..., ears[1]])
    nose_left = np.where(face, turned * metres, 0.0)
    facing_left = np.tanh(nose_left / _NOSE_SCALE) + np.tanh(walking_left / _WALKING_SCALE)
    # Facing to the camera's left turns the body's left side towards the camera.
    return np.nan_to_num(facing_ahead), -np.tanh(np.nan_to_num(facing_left))


def _place(ahead: NDArray, sd: NDArray, u: NDArray, v: NDArray, level: Level, stature: NDArray,
           odds: NDArray) -> None:
    """Expected depth of the children of a level.

    odds: [...] times the level's own share: +1 = surely behind the parent, -1 = surely before.
    """
    child, parent = list(level[0]), list(level[1])
    length = stature[..., None] * level[2]
    odds = odds[..., None] * level[3]
    a, pu, pv = ahead[..., parent], u[..., parent], v[..., parent]
    cu, cv = u[..., child], v[..., child]
    square = 1 + cu * cu + cv * cv
    closest = a * (1 + pu * cu + pv * cv) / square
    rest = length * length - (a * a * (1 + pu * pu + pv * pv) - closest * closest * square)
    half_square = np.maximum(rest, 0.0) / square
    ahead[..., child] = closest + odds * np.sqrt(half_square)
    toss_up = _SIGN_SD_SHARE**2 * half_square * np.maximum(1 - odds * odds, 0.0)
    sd[..., child] = np.sqrt(sd[..., parent] ** 2 + toss_up + _BASE_SD**2)
