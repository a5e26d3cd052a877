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
    """The log likelihood of each of OFFSETS, and how many times too large the turns seem.

    NaN in place of the second where they do not tell it.
    """
    seen = np.array([turn.turn for turn in turns]).reshape(-1, 3)
    stamps = np.array([(turn.first, turn.second) for turn in turns]).reshape(-1, 2)
    poses = track.at(stamps.T - OFFSETS[:, None, None])[..., :3, :3]  # [G,2,N,3,3]
    known = np.isfinite(poses).all(axis=(0, 1, 3, 4))
    if known.sum() < _FEWEST:
        return np.zeros(len(OFFSETS)), np.nan
    poses, seen = poses[:, :, known], seen[known]
    relative = np.swapaxes(poses[:, 0], -1, -2) @ poses[:, 1]
    told = Rotation.from_matrix(relative.reshape(-1, 3, 3)).as_rotvec().reshape(
        len(OFFSETS), -1, 3)
    weight = np.ones(told.shape[:2])
    for _ in range(3):  # the apparent size of the turns is fitted for each offset
        scale = ((weight[..., None] * told * seen).sum(axis=(1, 2))
                 + _LEAST ** 2) / ((weight[..., None] * told ** 2).sum(axis=(1, 2)) + _LEAST ** 2)
        left = ((seen - np.clip(scale, 0.5, 2.0)[:, None, None] * told) ** 2).sum(axis=-1)
        weight = 1 / (1 + left / (_FREEDOM * _NOISE ** 2))
    curve = 0.5 * (_FREEDOM + 1) * np.log(weight).sum(axis=1)
    best = int(np.argmax(curve))
    is_told = (np.linalg.norm(told[best], axis=1) > _LEAST).sum() >= _FEWEST
    return curve, float(scale[best]) if is_told else np.nan
