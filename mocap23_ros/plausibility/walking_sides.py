# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds people who always walk backwards: their sides, or those of the image, are exchanged.

The floor under the feet tells where somebody goes, and the image which shoulder is on which side.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.rays import world_rays
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.skeletons.body_proportions import WALKING_ANKLE_HEIGHT
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, SHOULDERS

_SLOPE = -0.1  # of the ankles' rays; flatter ones say too little about where somebody is
_SPEEDS = (0.5, 4.0)  # m/s
_LONGEST_STEP = 0.7  # seconds
_FEWEST_STEPS = 25  # five seconds: somebody may step back
_BACKWARDS = -0.06  # metres; half of what is usual
_CERTAIN = 4.0  # standard errors


def walking_sides(samples: PeopleSamples) -> NDArray[np.float64]:
    """How far left shoulder and hip are left of the right ones, seen along the way [m], per step.

    Only the part across the line of sight is seen: people who walk across it say nothing.
    """
    poses, points = samples.floor_T_camera, samples.points
    ankles = world_rays(points[:, ANKLES].mean(axis=1, keepdims=True), poses)[:, 0]
    distance = np.linalg.norm(ankles[:, :2], axis=-1)
    with np.errstate(invalid='ignore', divide='ignore'):
        reach = np.where(ankles[:, 2] < _SLOPE * distance,
                         (poses[:, 2, 3] - WALKING_ANKLE_HEIGHT) / -ankles[:, 2], np.nan)
        feet = poses[:, :2, 3] + ankles[:, :2] * reach[:, None]
        sides = []
        for pair in (SHOULDERS, HIPS):
            ways = world_rays(points[:, pair], poses)[..., :2]
            places = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
            sides.append((places[:, 0] - places[:, 1]) * (distance * reach)[:, None])
        across = np.mean(sides, axis=0)
        offsets = [np.zeros(0)]
        for person in np.unique(samples.person_ids):
            rows = np.flatnonzero(samples.person_ids == person)
            time = samples.stamps[rows][2:] - samples.stamps[rows][:-2]
            way, side = feet[rows][2:] - feet[rows][:-2], across[rows][1:-1]
            speed = np.linalg.norm(way, axis=1) / time
            walks = (speed > _SPEEDS[0]) & (speed < _SPEEDS[1]) & (time < _LONGEST_STEP)
            left = (way[:, 0] * side[:, 1] - way[:, 1] * side[:, 0]) / (speed * time)
            offsets.append(left[walks & np.isfinite(left)])
    return np.concatenate(offsets)


def walk_backwards(samples: PeopleSamples) -> bool:
    """Whether people walk backwards beyond doubt."""
    left = walking_sides(samples)
    if len(left) < _FEWEST_STEPS or left.mean() > _BACKWARDS:
        return False
    return bool(left.mean() < -_CERTAIN * left.std() / np.sqrt(len(left)))
