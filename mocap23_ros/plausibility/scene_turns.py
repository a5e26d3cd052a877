# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Compares the turns of a camera that its images show with those of its given poses.

The scene around people shows how the camera turned between two images. If images are d seconds
late, poses have turned further meanwhile by d times the change of the turn rate. A given focal
length that is too small makes all turns seem too large, at any time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.plausibility.image_delay import OFFSETS
from mocap23_ros.plausibility.pose_track import PoseTrack
from mocap23_ros.plausibility.scene_points import ScenePoints, agreeing_rays, with_depth

_NOISE = 0.004  # radians of a turn between two images
_FREEDOM = 2.0  # of Student's t: some turns are those of people, or of what is near
_LEAST = 0.01  # radians of a turn that counts for the scale
_FEWEST = 6  # turns
_NEAREST = 1.0  # 1/m, of what robots drive past
_ON_THE_SPOT = 0.5  # metres on the way of a turn by a radian
_OTHER_WAY = 12.0  # log likelihood that opposite turns have over the given ones
_EXPLAINED, _CLEAR = 0.3, 0.02  # share of the turns that are seen, and radians of their median


@dataclass(frozen=True)
class SceneTurn:
    """first, second: stamps of two images, s. turn: [3] before_R_now as a rotation vector, rad."""

    first: float
    second: float
    turn: NDArray[np.float64]


def scene_turn(first: float, before: ScenePoints, second: float, now: ScenePoints
               ) -> SceneTurn | None:
    """The turn between two images; None where they do not show it. first, second: stamps, s."""
    rays = agreeing_rays(before, now)
    if rays is None:
        return None
    turn, _ = Rotation.align_vectors(with_depth(rays[0]), with_depth(rays[1]))
    return SceneTurn(first, second, turn.as_rotvec())


def turn_curve(turns: list[SceneTurn], track: PoseTrack) -> tuple[NDArray[np.float64], float]:
    """The log likelihood of each of OFFSETS, and how many times as large the turns seem.

    The second is negative where they, or what is driven past, go the other way, and 0 where they
    have nothing in common with those of the poses (all of the first is 0 in both cases); NaN where
    they do not tell it.
    """
    seen = np.array([turn.turn for turn in turns]).reshape(-1, 3)
    stamps = np.array([(turn.first, turn.second) for turn in turns]).reshape(-1, 2)
    poses = track.at(stamps.T - OFFSETS[:, None, None])  # [G,2,N,4,4]
    known = np.isfinite(poses).all(axis=(0, 1, 3, 4))
    if known.sum() < _FEWEST:
        return np.zeros(len(OFFSETS)), np.nan
    poses, seen = poses[:, :, known], seen[known]
    relative = np.swapaxes(poses[:, 0, :, :3, :3], -1, -2) @ poses[:, 1, :, :3, :3]
    told = Rotation.from_matrix(relative.reshape(-1, 3, 3)).as_rotvec().reshape(
        len(OFFSETS), -1, 3)
    # What is near seems to turn as one drives past it: about an axis across way and view, by as
    # much as it is near. Only turns on the spot tell how large they are.
    way = np.einsum('gnji,gnj->gni', poses[:, 0, :, :3, :3],
                    poses[:, 1, :, :3, 3] - poses[:, 0, :, :3, 3])
    drift = np.cross([0.0, 0.0, 1.0], way)
    now = len(OFFSETS) // 2
    spot = np.linalg.norm(way[now], axis=1) < _ON_THE_SPOT * np.maximum(
        *np.linalg.norm([seen, told[now]], axis=2))
    scale = (_scale(told[:, spot], seen[spot], drift[:, spot])
             if spot.sum() >= _FEWEST else np.nan)
    curve, passing = (_fitted(told, seen, side * drift)[0] for side in (1, -1))
    if passing.max() > curve.max() + _OTHER_WAY:
        scale = -1.0
    return np.zeros(len(OFFSETS)) if scale <= 0 else curve, scale


def _scale(told: NDArray, seen: NDArray, drift: NDArray) -> float:
    """How many times as large turns seem; as turn_curve has it, of what _fitted takes."""
    (curve, scale), (opposite, other_scale) = (
        _fitted(sign * told, seen, drift) for sign in (1, -1))
    if opposite.max() > curve.max() + _OTHER_WAY:
        curve, scale = opposite, -other_scale
    best = int(np.argmax(curve))
    left = np.linalg.norm(seen - scale[best] * told[best], axis=1).sum()
    size = np.linalg.norm(seen, axis=1)
    if left > (1 - _EXPLAINED) * size.sum() and np.median(size) > _CLEAR:
        return 0.0
    is_told = (np.linalg.norm(told[best], axis=1) > _LEAST).sum() >= _FEWEST
    return float(scale[best]) if is_told else np.nan


def _fitted(told: NDArray, seen: NDArray, drift: NDArray
            ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log likelihoods [G] of turns [N,3] that are seen, under G times those told [G,N,3].

    And how many times as large they seem [G], which is fitted for each, as is how near (1/m) what
    drifts by is: it seems to turn by as much of drift [G,N,3].
    """
    weight = np.ones(told.shape[:2])
    for _ in range(3):
        def total(product: NDArray, weight: NDArray = weight) -> NDArray:
            return np.asarray((weight[..., None] * product).sum(axis=(1, 2)))

        a, b, c = total(told ** 2) + _LEAST ** 2, total(told * drift), total(drift ** 2)
        p, q = total(told * seen) + _LEAST ** 2, total(drift * seen)
        nearness = np.clip((a * q - b * p) / np.maximum(a * c - b ** 2, 1e-12), 0, _NEAREST)
        scale = (p - nearness * b) / a
        left = ((seen - np.clip(scale, 0.5, 2.0)[:, None, None] * told
                 - nearness[:, None, None] * drift) ** 2).sum(axis=-1)
        weight = 1 / (1 + left / (_FREEDOM * _NOISE ** 2))
    return 0.5 * (_FREEDOM + 1) * np.log(weight).sum(axis=1), scale
