# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds people who always walk backwards: sides, image or time are reversed.

The floor under the feet shows where somebody goes; the image shows which shoulder is on which side
and where the nose points.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.rays import world_rays
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.skeletons.body_proportions import WALKING_ANKLE_HEIGHT
from mocap23_ros.skeletons.coco17 import ANKLES, EARS, HIPS, SHOULDERS

_NOSE = 0
_SLOPE = -0.1  # of the ankles' rays; flatter ones say too little about where somebody is
_SPEEDS = (0.5, 4.0)  # m/s
_LONGEST_STEP = 0.7  # seconds
_FEWEST_STEPS = 25  # five seconds: somebody may step back
# Metres, half of what is usual.
_SHOULDERS, _HIPS, _NOSE_AHEAD = 0.07, 0.04, 0.03
_CERTAIN = 4.0  # standard errors
_ACROSS = 0.5  # share of a step that is seen from the side


class WalkingSides(NamedTuple):
    """Metres, one per step of a walker; only offsets across the line of sight are seen.

    shoulders, hips: how far the left one is left of the right one, of walkers along the line of
    sight. nose: how far it is ahead of the ears, of walkers across it.
    """

    shoulders: NDArray[np.float64]
    hips: NDArray[np.float64]
    nose: NDArray[np.float64]


def walking_sides(samples: PeopleSamples) -> WalkingSides:
    """Measure the steps of everybody."""
    poses, points = samples.floor_T_camera, samples.points
    ankles = world_rays(points[:, ANKLES].mean(axis=1, keepdims=True), poses)[:, 0]
    distance = np.linalg.norm(ankles[:, :2], axis=-1)
    found: list[list[NDArray[np.float64]]] = [[], [], []]
    with np.errstate(invalid='ignore', divide='ignore'):
        reach = np.where(ankles[:, 2] < _SLOPE * distance,
                         (poses[:, 2, 3] - WALKING_ANKLE_HEIGHT) / -ankles[:, 2], np.nan)
        feet = poses[:, :2, 3] + ankles[:, :2] * reach[:, None]

        def apart(ends: NDArray[np.float64]) -> NDArray[np.float64]:
            """From the second of two points [N,2,2] to the first, on the floor [N,2], metres."""
            ways = world_rays(ends, poses)[..., :2]
            places = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
            return np.asarray((places[:, 0] - places[:, 1]) * (distance * reach)[:, None])
        ears = points[:, EARS]
        ears = np.where(np.isnan(ears), ears[:, ::-1], ears).mean(axis=1)  # one is often hidden
        face = np.stack([points[:, _NOSE], ears], axis=1)
        offsets = apart(points[:, SHOULDERS]), apart(points[:, HIPS]), apart(face)
        sight = ankles[:, :2] / distance[:, None]
        for person in np.unique(samples.person_ids):
            rows = np.flatnonzero(samples.person_ids == person)
            time = samples.stamps[rows][2:] - samples.stamps[rows][:-2]
            way = (feet[rows][2:] - feet[rows][:-2]) / time[:, None]
            speed = np.linalg.norm(way, axis=1)
            walks = (speed > _SPEEDS[0]) & (speed < _SPEEDS[1]) & (time < _LONGEST_STEP)
            way /= speed[:, None]
            left = np.stack([-way[:, 1], way[:, 0]], axis=1)
            across = np.abs((left * sight[rows][1:-1]).sum(axis=1)) > _ACROSS
            for steps, offset, axis, which in zip(
                    found, offsets, (left, left, way), (walks, walks, walks & across),
                    strict=True):
                along = (offset[rows][1:-1] * axis).sum(axis=1)
                steps.append(along[which & np.isfinite(along)])
    return WalkingSides(*(np.concatenate([np.zeros(0), *steps]) for steps in found))


def walking_doubt(samples: PeopleSamples) -> str:
    """The mistake that makes people walk backwards beyond doubt, in words; '' where nobody does."""
    steps = walking_sides(samples)
    shoulders, hips, nose = map(_sign, steps, (_SHOULDERS, _HIPS, _NOSE_AHEAD))
    if nose < 0:
        return ('walk backwards all the time, and their noses point backwards, too. It looks as '
                'if the frames are in reversed order')
    if shoulders * hips < 0:
        part = 'arms' if shoulders < 0 else 'legs'
        return (f'have {part} that are not on the side of the rest of the body. It looks as if '
                f'left and right of the {part} are exchanged: check the order of the keypoints')
    if shoulders >= 0 or hips >= 0:
        return ''
    return ('walk backwards all the time. It looks as if left and right of the keypoints are '
            'exchanged, or x is counted from the right (images or keypoints mirrored after the '
            f'detection){"" if nose > 0 else ", or the frames are in reversed order"}: mend that '
            'where keypoints are made')


def _sign(offsets: NDArray[np.float64], least: float) -> int:
    """1 or -1 where the mean surely has this sign and is at least this large; else 0."""
    if len(offsets) < _FEWEST_STEPS:
        return 0
    mean = float(offsets.mean())
    surely = abs(mean) > max(least, _CERTAIN * offsets.std() / np.sqrt(len(offsets)))
    return int(np.sign(mean)) if surely else 0
