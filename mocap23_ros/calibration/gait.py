# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds people who walk, upright and steadily, and the direction in which they walk."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.standing_people import HEIGHTS, KEYPOINT_SD, PAIRS
from mocap23_ros.geometry.rays import world_rays
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE

REACH = 0.75  # seconds on either side that are looked at
_FEWEST = 5  # sightings in that time
_SPEED = (0.5, 2.2)  # m/s
_STEPS = 0.3  # metres, by which one foot is now before, now behind the other
_STEADY = 0.025  # sd of the shoulders' height, relative
_SLOWEST = 0.3  # m/s, below which a person walks nowhere
_STRIDE = 0.55  # s on either side, over which the direction of a known place is taken


def walking(stamps: NDArray, person_ids: NDArray, points: NDArray, world_T_camera: NDArray,
            focal_length: float) -> NDArray[np.float64]:
    """Unit directions of walking [N,2] in the frame under the camera, zero for people who do not.

    stamps: [N] s; person_ids: [N]; points: [N,17,2] COCO keypoints in normalised coordinates;
    world_T_camera: [N,4,4], z up and the floor at 0; focal_length: px.
    """
    ankles = points[:, PAIRS[0]]
    place = on_floor(ankles.mean(axis=1), world_T_camera)
    apart = on_floor(ankles[:, 0], world_T_camera) - on_floor(ankles[:, 1], world_T_camera)
    tall, noise = _shoulder_height(points, place, world_T_camera, focal_length)
    heading = np.arctan2(world_T_camera[:, 1, 2], world_T_camera[:, 0, 2])
    walk = np.zeros((len(stamps), 2))
    for person in np.unique(person_ids):
        own = np.flatnonzero((person_ids == person) & np.isfinite(apart[:, 0])
                             & np.isfinite(tall))
        near = np.abs(stamps[own][:, None] - stamps[own]) <= REACH
        count = np.maximum(near.sum(axis=1), 1)
        time = np.where(near, stamps[own] - (near @ stamps[own] / count)[:, None], 0.0)
        square = np.maximum((time ** 2).sum(axis=1), 1e-9)
        velocity = time @ place[own] / square[:, None]
        speed = np.maximum(np.linalg.norm(velocity, axis=1), 1e-9)
        along = velocity / speed[:, None]
        ahead = along @ apart[own].T
        steps = (np.where(near, ahead, -np.inf).max(axis=1, initial=-np.inf)
                 - np.where(near, ahead, np.inf).min(axis=1, initial=np.inf))
        mean = near @ tall[own] / count
        spread = np.sqrt(np.maximum(near @ tall[own] ** 2 / count - mean ** 2, 0.0)) / mean
        walks = ((count >= _FEWEST) & (speed > _SPEED[0]) & (speed < _SPEED[1])
                 & (steps > _STEPS) & (spread < np.hypot(_STEADY, noise[own])))
        c, s = np.cos(heading[own]), np.sin(heading[own])
        turned = np.stack([c * along[:, 0] + s * along[:, 1],
                           c * along[:, 1] - s * along[:, 0]], axis=1)
        walk[own[walks]] = turned[walks]
    return walk


def _shoulder_height(points: NDArray, place: NDArray, world_T_camera: NDArray,
                     focal_length: float) -> tuple[NDArray, NDArray]:
    """Height [N] m of the shoulders over the ankles' place, and its relative noise [N]."""
    ray = world_rays(points[:, PAIRS[2]].mean(axis=1)[:, None], world_T_camera)[:, 0]
    flat = place - world_T_camera[:, :2, 3]
    reach = (flat * ray[:, :2]).sum(axis=1) / np.maximum((ray[:, :2] ** 2).sum(axis=1), 1e-9)
    tall = world_T_camera[:, 2, 3] + reach * ray[:, 2]
    with np.errstate(invalid='ignore'):
        tall = np.where(tall > 0.3, tall, np.nan)
    return tall, KEYPOINT_SD * np.linalg.norm(flat, axis=1) / focal_length / tall


def on_floor(ankles: NDArray, world_T_camera: NDArray) -> NDArray[np.float64]:
    """Where rays [N,2] are as high as ankles, [N,2]; NaN where nowhere."""
    ray = world_rays(ankles[:, None], world_T_camera)[:, 0]
    with np.errstate(invalid='ignore', divide='ignore'):
        reach = (world_T_camera[:, 2, 3] - HEIGHTS[0] * MEAN_STATURE) / -ray[:, 2]
        reach = np.where((reach > 0) & (ray[:, 2] < 0), reach, np.nan)
    return np.asarray(world_T_camera[:, :2, 3] + reach[:, None] * ray[:, :2])


def directions(persons: NDArray, stamps: NDArray, places: NDArray) -> NDArray[np.float64]:
    """Unit directions of walking [N,2] of bodies at known places [N,2] m, zero for those who stand.

    persons: [N] numbers of people; stamps: [N] s, increasing for each of them.
    """
    walk = np.zeros_like(places)
    for person in np.unique(persons):
        own = np.flatnonzero(persons == person)
        stamp, place = stamps[own], places[own]
        for row, first, last in zip(own, np.searchsorted(stamp, stamp - _STRIDE),
                                    np.searchsorted(stamp, stamp + _STRIDE, 'right'), strict=True):
            time = stamp[first:last] - stamp[first:last].mean()
            if (time ** 2).sum() < 0.05:
                continue
            velocity = time @ place[first:last] / (time ** 2).sum()
            speed = np.linalg.norm(velocity)
            if speed > _SLOWEST:
                walk[row] = velocity / speed
    return walk
