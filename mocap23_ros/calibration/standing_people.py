# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds feet and upright bodies of people who stand or walk: what they show of the floor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.skeletons.coco17 import ANKLES, EARS, FACE, HIPS, SHOULDERS

PAIRS = (ANKLES, HIPS, SHOULDERS, EARS)
# How the middles of these pairs lie while people walk, over the flat walks of the training
# subjects of CMU: height above the floor in statures, and metres ahead of the hips; with the
# spread from person to person and that within a walk.
HEIGHTS = np.array([0.055, 0.489, 0.793, 0.907])
HEIGHT_SD_OF_PEOPLE = np.array([0.0053, 0.0075, 0.0085, 0.0101])
HEIGHT_SD = np.array([0.0143, 0.0065, 0.0064, 0.0066])
AHEAD = np.array([-0.059, 0.0, -0.022, 0.018])
AHEAD_SD_OF_PEOPLE = np.array([0.012, 1e-4, 0.029, 0.032])
GIVEN_STATURE_SD = 0.006  # relative: shoes and posture
KEYPOINT_SD = 4.0  # pixels, of what detectors report; fits may say better
SWAY_SD = np.array([0.050, 0.015, 0.02, 0.025])  # metres along the floor, within a walk

_RATE = 10.0  # samples a second that are used
_CONFIDENCE = 0.3


@dataclass(frozen=True)
class StandingPeople:
    """N samples of people who are seen whole, from both ankles to the head.

    middles: float64 [N,4,2] of PAIRS in undistorted normalised image coordinates (x, y, 1 is the
    ray), NaN = unobserved; ankles [N,2,2] the same for the left and right ankle. person: int [N]
    from 0; stamp: float64 [N] seconds; focal_length: pixels. given_stature: float64 [P] metres,
    NaN = unknown.
    """

    middles: NDArray[np.float64]
    ankles: NDArray[np.float64]
    person: NDArray[np.int64]
    stamp: NDArray[np.float64]
    focal_length: float
    given_stature: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.stamp)

    @classmethod
    def from_keypoints(cls, keypoints: NDArray, stamps: NDArray, camera: CameraModel,
                       stature: ArrayLike | None = None) -> 'StandingPeople':
        """From COCO-17 keypoints [F,P,17,3] (raw px, confidence), stamps [F] s, statures [P] m.

        Raises InputError where nobody is seen whole.
        """
        people = keypoints.shape[1]
        given = np.full(people, np.nan) if stature is None else np.broadcast_to(
            np.asarray(stature, np.float64), (people,))
        rows = _thinned(np.asarray(stamps, np.float64))
        seen = np.where((keypoints[rows, ..., 2] > _CONFIDENCE)[..., None],
                        keypoints[rows, ..., :2], np.nan)
        points = camera.undistort(seen)
        middles, usable = middles_of(points)
        frame, person = np.nonzero(usable)
        if not len(frame):
            raise InputError('nobody is seen from the ankles to the head: let a person walk '
                             'about in full view of the camera')
        return cls(middles[frame, person], points[frame, person][:, PAIRS[0]], person,
                   np.asarray(stamps, np.float64)[rows][frame], camera.focal_length,
                   given.astype(np.float64))


def middles_of(points: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Middles [...,4,2] of PAIRS of points [...,17,2], and who [...] is seen whole.

    Of people whom the image's border cuts, only those who happen to bend would be seen.
    """
    middles = np.stack([points[..., pair, :].mean(axis=-2) for pair in PAIRS], axis=-2)
    whole = np.isfinite(points[..., FACE, 0]).any(axis=-1)
    return middles, whole & np.isfinite(middles[..., [0, 2], 0]).all(axis=-1)


def body_points(place: NDArray, walk: NDArray, stature: NDArray, heights: NDArray,
                leads: NDArray, lean: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Middles [...,4,3] above the floor of bodies at place [...,2] who walk along walk [...,2].

    stature: [...] metres; heights [...,4] in statures; leads [...,4] metres ahead of the hips.
    lean: [...] radians to the left. walk is a unit vector, zero for those who stand.
    """
    tall = heights * stature[..., None]
    left = np.stack([-walk[..., 1], walk[..., 0]], axis=-1)
    aside = tall * np.asarray(lean)[..., None]
    flat = (place[..., None, :] + leads[..., None] * walk[..., None, :]
            + aside[..., None] * left[..., None, :])
    shape = np.broadcast_shapes(flat.shape[:-1], tall.shape)
    return np.concatenate([np.broadcast_to(flat, (*shape, 2)),
                           np.broadcast_to(tall[..., None], (*shape, 1))], axis=-1)


def middles_sd(depth: NDArray, stature: NDArray, pitch: ArrayLike, focal_length: float,
               pixel_sd: float) -> NDArray[np.float64]:
    """Standard deviations [...,4,2], px, of middles of people whose middles are at depth [...,4].

    Of keypoints (pixel_sd) and of bodies (stature [...] m), before a camera that looks down by
    pitch [...] radians.
    """
    per_metre = (focal_length / np.maximum(depth, 0.3))[..., None]
    tall = HEIGHT_SD * stature[..., None]
    sway = np.broadcast_to(SWAY_SD, tall.shape)
    pitch = np.asarray(pitch)[..., None]
    upright = np.hypot(tall * np.cos(pitch), sway * np.sin(pitch))
    return np.hypot(pixel_sd, per_metre * np.stack([sway, upright], axis=-1))


def _thinned(stamps: NDArray[np.float64]) -> NDArray[np.int64]:
    """Frames about 1/_RATE apart: neighbours say the same."""
    slot = np.floor((stamps - stamps[0]) * _RATE + 1e-6)
    return np.flatnonzero(np.diff(slot, prepend=-1) > 0)
