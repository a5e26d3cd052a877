# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How people stand under a camera pose, judged from their image alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.skeletons.body_proportions import USUAL_STATURE, WALKING_ANKLE_HEIGHT
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, SHOULDERS

_SHOULDER_HEIGHT = 0.79  # of the stature
_STATURES = (0.5, 2.6)  # of a crouching child, of a giant on tiptoe
_UPRIGHT = 0.7  # cosine between body and vertical in the image
_FEWEST_PIXELS = 0.25  # of a unit: shorter images of the vertical say nothing about lean
# Slopes of the ankles' ray. Under one that is not steep a degree of pitch moves people much, and
# a jump may lift it above the horizon.
_STEEP, _ABOVE, _ERROR = -0.12, 0.1, 0.1
# Metres between hips and ankles, hips and shoulders of people who lie on the floor.
_LYING_LEGS, _LYING_TRUNK = (0.3, 1.3), (0.25, 0.9)
_LYING_HEIGHT = 0.15
_CRAWLING = 0.3  # m/s; people who move faster do not lie
_SPREAD = 0.2  # of the logarithm of the usual stature


@dataclass(frozen=True)
class Standing:
    """Per sample [N], NaN where it cannot be told.

    upright: cosine between the body and the vertical in the image, 1 = head up, -1 = head down;
    the better of trunk and whole body. stature: metres, of the body above the place where its
    ankles touch the floor; inf where they do not touch it, NaN, too, where a small error of the
    pose could make it usual. above_horizon: bool, the ankles' ray does not meet the floor.
    lies: bool, the body could lie on the floor and stays there.
    """

    upright: NDArray[np.float64]
    stature: NDArray[np.float64]
    above_horizon: NDArray[np.bool_]
    lies: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether the sample says anything."""
        return np.isfinite(self.upright) | self.above_horizon | self.lies

    @property
    def stands(self) -> NDArray[np.bool_]:
        """Whether a person stands, walks, sits or crouches there as people do."""
        low, high = _STATURES
        with np.errstate(invalid='ignore'):
            grounded = np.isnan(self.stature) | ((self.stature > low) & (self.stature < high))
            return (self.upright > _UPRIGHT) & grounded & ~self.above_horizon

    @property
    def likelihood(self) -> NDArray[np.float64]:
        """From 0 to 1, higher for people who stand straight and are as tall as people are."""
        with np.errstate(invalid='ignore', divide='ignore'):
            lean = np.exp((self.upright - 1) / 0.1)
            deviation = np.log(self.stature / USUAL_STATURE) / _SPREAD
            size = np.where(np.isnan(self.stature), 0.5, np.exp(-0.5 * deviation**2))
        return np.where(self.stands, lean * size, 0.0)


def standing(samples: PeopleSamples) -> Standing:
    """Judge every sample under the pose that it has."""
    rotation = samples.floor_T_camera[:, :3, :3]
    ankles, hips, shoulders = (_middle(samples.points, pair)
                               for pair in (ANKLES, HIPS, SHOULDERS))
    with np.errstate(invalid='ignore', divide='ignore', over='ignore'):
        upright = np.fmax(_uprightness(hips, shoulders, rotation),
                          _uprightness(ankles, shoulders, rotation))
        lies = _lies(samples, (ankles, hips, shoulders))
    return Standing(upright, *_statures(samples.floor_T_camera, ankles, shoulders), lies)


def statures(samples: PeopleSamples) -> NDArray[np.float64]:
    """Standing's statures [N] alone."""
    ankles, shoulders = (_middle(samples.points, pair) for pair in (ANKLES, SHOULDERS))
    return _statures(samples.floor_T_camera, ankles, shoulders)[0]


def _statures(floor_T_camera: NDArray, ankles: NDArray, shoulders: NDArray
              ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Standing's stature and above_horizon from the middles [N,2] of ankles and shoulders."""
    rotation, height = floor_T_camera[:, :3, :3], floor_T_camera[:, 2, 3]
    with np.errstate(invalid='ignore', divide='ignore', over='ignore'):
        ray, up = _rays(ankles, rotation), _rays(shoulders, rotation)
        reach = np.linalg.norm(ray[:, :2], axis=1)
        slope = ray[:, 2] / reach
        above = (slope > _ABOVE) | ((height < WALKING_ANKLE_HEIGHT) & ~np.isnan(slope))
        stature = _stature(ray, up, height)
        least = _stature(ray - [0, 0, 1] * (_ERROR * reach)[:, None], up, height)
        flat = ~(slope < _STEEP)
        stature[flat] = np.where(least > _STATURES[1], least, np.nan)[flat]
        stature[above] = np.inf
    return stature, above


def foot_distance(samples: PeopleSamples) -> NDArray[np.float64]:
    """Metres [N] over the floor to where the ankles' ray lands; below 0 where it does not."""
    rotation, height = samples.floor_T_camera[:, :3, :3], samples.floor_T_camera[:, 2, 3]
    ray = _rays(_middle(samples.points, ANKLES), rotation)
    with np.errstate(invalid='ignore', divide='ignore'):
        reach: NDArray[np.float64] = (height - WALKING_ANKLE_HEIGHT) / -ray[:, 2]
    return reach * np.linalg.norm(ray[:, :2], axis=1)


def _middle(points: NDArray, pair: NDArray[np.intp]) -> NDArray[np.float64]:
    """The middle [N,2] of two keypoints, one of them where the other is not seen."""
    left, right = points[:, pair[0]], points[:, pair[1]]
    left, right = np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)
    middle: NDArray[np.float64] = 0.5 * (left + right)
    return middle


def _rays(points: NDArray, rotation: NDArray) -> NDArray[np.float64]:
    """Rays [N,3] of depth 1, turned into the world."""
    rays: NDArray[np.float64] = np.einsum('nij,nj->ni', rotation[:, :, :2], points)
    return rays + rotation[:, :, 2]


def _uprightness(low: NDArray, high: NDArray, rotation: NDArray) -> NDArray[np.float64]:
    """Cosine [N] between low -> high and the image of the vertical at their middle."""
    up = rotation[:, 2]  # the world's z axis in the camera frame
    vertical = up[:, :2] - 0.5 * (low + high) * up[:, 2:]
    length = np.linalg.norm(vertical, axis=1)
    cosine = ((high - low) * vertical).sum(axis=1) / (length * np.linalg.norm(high - low, axis=1))
    return np.where(length < _FEWEST_PIXELS, np.nan, cosine)


def _stature(ankles: NDArray, shoulders: NDArray, height: NDArray) -> NDArray[np.float64]:
    """Stature [N] from rays [N,3]: shoulders are above the place where the ankles' ray lands."""
    foot = ankles[:, :2] * ((height - WALKING_ANKLE_HEIGHT) / -ankles[:, 2])[:, None]
    reach = (foot * shoulders[:, :2]).sum(axis=1) / (shoulders[:, :2] ** 2).sum(axis=1)
    stature: NDArray[np.float64] = (height + reach * shoulders[:, 2]) / _SHOULDER_HEIGHT
    return np.where(reach > 0, stature, 0.0)


def _lies(samples: PeopleSamples, parts: tuple[NDArray, NDArray, NDArray]) -> NDArray[np.bool_]:
    rotation, position = samples.floor_T_camera[:, :3, :3], samples.floor_T_camera[:, :3, 3]
    places = []
    for points in parts:
        ray = _rays(points, rotation)
        reach = (position[:, 2] - _LYING_HEIGHT) / -ray[:, 2]
        on_floor = (ray[:, 2] < 0) & (reach > 0)
        places.append(np.where(on_floor[:, None], position[:, :2] + ray[:, :2] * reach[:, None],
                               np.nan))
    ankles, hips, shoulders = places
    legs, trunk = (np.linalg.norm(a - b, axis=1) for a, b in ((hips, ankles), (shoulders, hips)))
    # People seen only from the hips up may lie, too.
    legs_fit = np.isnan(parts[0][:, 0]) | ((legs > _LYING_LEGS[0]) & (legs < _LYING_LEGS[1]))
    trunk_fits = (trunk > _LYING_TRUNK[0]) & (trunk < _LYING_TRUNK[1])
    rests = np.zeros(len(samples), bool)
    for person in np.unique(samples.person_ids):
        rows = np.flatnonzero(samples.person_ids == person)
        steps = np.linalg.norm(np.diff(hips[rows], axis=0), axis=1) / np.diff(samples.stamps[rows])
        steps = steps[np.isfinite(steps)]
        rests[rows] = len(steps) > 0 and bool(np.median(steps) < _CRAWLING)
    return np.asarray(legs_fit & trunk_fits & rests)
