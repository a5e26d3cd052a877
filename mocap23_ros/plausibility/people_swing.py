# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the offset of image stamps by people who seem to swing in the world as the camera turns.

If images are d seconds late, somebody who stands appears d times the turn rate beside the true
place. People walk, and a robot may turn after them: each is modelled to move along a line, and
beside it in proportion to the camera's heading, by a share that is estimated too. The better the
offset, the smaller the residuals of the bearings.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.plausibility.image_delay import OFFSETS
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.pose_track import PoseTrack
from mocap23_ros.plausibility.set_up_check import PEOPLE_SEEN
from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS

SWINGING = f'{PEOPLE_SEEN} swing to and fro'
"""What is seen of it, in messages."""

_PIECE = 8.0  # seconds of one person
_FEWEST = 12  # sightings of a piece
_TRUNK = 0.5  # metres between the middles of shoulders and hips
_NOISE = 0.004  # radians of a bearing: detector and gait
_DISTANCE_SD, _SPEED_SD, _SHARE_SD = 0.3, 1.0, 0.15  # relative; m/s; of the heading
_INDEPENDENT = 0.3  # seconds, within which sightings err alike
_UNKNOWN = 5  # of a piece
_STEEPEST = 0.9  # vertical part of the axis of a camera that has a heading


def swing_curve(samples: PeopleSamples, track: PoseTrack) -> NDArray[np.float64]:
    """The log likelihood of each of OFFSETS; all the same where nothing can be told.

    samples: sightings, oldest first; track: the camera's poses, told at all frames.
    """
    curve = np.zeros(len(OFFSETS))
    for person_id in np.unique(samples.person_ids):
        own = samples.select(np.flatnonzero(samples.person_ids == person_id))
        shoulders, hips = (own.points[:, pair].mean(axis=1) for pair in (SHOULDERS, HIPS))
        middle, trunk = 0.5 * (shoulders + hips), np.linalg.norm(shoulders - hips, axis=1)
        known = np.isfinite(middle).all(axis=1) & (trunk > 0)
        stamps, middle, trunk = own.stamps[known], middle[known], trunk[known]
        pieces = ((stamps - stamps[:1]) // _PIECE).astype(int)
        for piece in np.unique(pieces):
            rows = pieces == piece
            if rows.sum() >= _FEWEST:
                curve += _piece_curve(stamps[rows], middle[rows],
                                      _TRUNK / float(np.median(trunk[rows])), track)
    return curve


def _piece_curve(stamps: NDArray, points: NDArray, distance: float, track: PoseTrack
                 ) -> NDArray[np.float64]:
    poses = track.at(stamps - OFFSETS[:, None])  # [G,N,4,4]
    known = np.isfinite(poses).all(axis=(0, 2, 3))
    if known.sum() < _FEWEST or not np.ptp(stamps[known]):
        return np.zeros(len(OFFSETS))
    poses, stamps, points = poses[:, known], stamps[known], points[known]
    if (np.abs(poses[..., 2, 2]) > _STEEPEST).any():
        return np.zeros(len(OFFSETS))
    rays = poses[..., :3, :2] @ points[:, :, None]
    rays = rays[..., 0] + poses[..., :3, 2]
    bearing = np.arctan2(rays[..., 1], rays[..., 0])
    heading = np.unwrap(np.arctan2(poses[..., 1, 2], poses[..., 0, 2]), axis=-1)
    heading -= heading.mean(axis=-1, keepdims=True)
    across = np.stack([-np.sin(bearing), np.cos(bearing)], axis=-1)
    ahead = rays[..., :2].mean(axis=1)
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    beside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=-1)
    time = stamps - stamps.mean()
    place = poses[..., :2, 3] - poses[..., :2, 3].mean(axis=1, keepdims=True)
    # In units of the distance: the person is ahead by 1, and beside that by the unknowns; the
    # velocity; the inverse of the distance, by which the camera moves; the share of the heading.
    slope = np.stack([(across * beside[:, None]).sum(axis=-1), across[..., 0] * time,
                      across[..., 1] * time, -(across * place).sum(axis=-1) / distance, heading],
                     axis=-1)
    aim = -(across * ahead[:, None]).sum(axis=-1)
    known_before = np.array([0, distance / _SPEED_SD, distance / _SPEED_SD, 1 / _DISTANCE_SD,
                             1 / _SHARE_SD])
    normal = np.swapaxes(slope, -1, -2) @ slope + np.diag((_NOISE * known_before) ** 2)
    vector = np.swapaxes(slope, -1, -2) @ aim[..., None]
    vector[:, 3] += (_NOISE / _DISTANCE_SD) ** 2
    left = aim - (slope @ np.linalg.solve(normal, vector))[..., 0]
    number = np.ptp(stamps) / _INDEPENDENT - _UNKNOWN
    if number <= 0:
        return np.zeros(len(OFFSETS))
    return -0.5 * number * np.log((left ** 2).mean(axis=-1) + _NOISE ** 2)
