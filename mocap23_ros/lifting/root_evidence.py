# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Evidence of one frame about how far away a person is: levelled rays, size, floor hits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.geometry.rays import levelled
from mocap23_ros.lifting.depth_evidence import POSTURE, combine, ground_depth_sd, size_depth_sd
from mocap23_ros.skeletons.body_proportions import ANKLE_HEIGHT, BONE_FRACTIONS, BONE_PAIRS
from mocap23_ros.skeletons.coco17 import ANKLES

MINIMUM_FORWARD = 0.1  # of a unit ray; further up, down or aside a levelled view is meaningless
MAXIMUM_DISTANCE = 60.0  # metres; floor hits beyond it say nothing
_POWER = 4  # of the mean over bones: long bones across the view count, foreshortened ones do not
_SIZE_BIAS = 1.035  # median of true over raw distance on the clips that gave the proportions
_FOOT_OFFSET = 0.12  # sd of the mid-hip's distance around that of the standing feet, metres


@dataclass(frozen=True)
class FrameEvidence:
    """Evidence about the distance of people in single frames; [...] are any leading axes.

    heading: [...,2] unit vector in the horizontal plane from the camera to the person.
    u, v: [...,J] levelled image coordinates: metres to the left of the heading and up, at one
        metre ahead; 0 where unobserved. weight: [...,J] confidence, 0 = not usable.
    apparent_size: [...] statures per metre of distance, that is 1 / distance of a body of 1 m.
    ankle_hits, ankle_hit_sds: [...,2] distance ahead at which the left, right ankle's ray is at
        the height of a planted ankle; NaN = never.
    ground, ground_sd: [...] distance of the standing foot or feet.
    size: [...] distance from the size. distance, distance_sd: from both together.
    """

    heading: NDArray[np.float64]
    u: NDArray[np.float64]
    v: NDArray[np.float64]
    weight: NDArray[np.float64]
    apparent_size: NDArray[np.float64]
    ankle_hits: NDArray[np.float64]
    ankle_hit_sds: NDArray[np.float64]
    ground: NDArray[np.float64]
    ground_sd: NDArray[np.float64]
    size: NDArray[np.float64]
    distance: NDArray[np.float64]
    distance_sd: NDArray[np.float64]


def frame_evidence(p_centre: NDArray, direction: NDArray, confidence: NDArray,
                   focal_length: ArrayLike, stature: NDArray, stature_sd: NDArray
                   ) -> FrameEvidence:
    """Collect the evidence of frames.

    p_centre: [...,3]; direction: [...,J,3] rays in a frame with z up and floor at z = 0;
    confidence: [...,J]; stature, stature_sd: [...] metres and relative sd.
    """
    with np.errstate(all='ignore'):
        seen = (confidence > 0) & np.isfinite(direction).all(axis=-1)
        weight = np.where(seen, confidence, 0.0)
        direction = np.where(seen[..., None], direction, 0.0)
        norm = np.sqrt(np.einsum('...i,...i->...', direction, direction))
        heading = _heading(direction, weight, norm)
        forward, left, up = levelled(direction, heading[..., None, :])
        weight = np.where(forward > MINIMUM_FORWARD * norm, weight, 0.0)
        forward = np.where(weight > 0, forward, 1.0)
        u, v = np.where(weight > 0, left / forward, 0), np.where(weight > 0, up / forward, 0)

        apparent, size, size_sd = _distance_from_size(u, v, weight, focal_length, stature,
                                                      stature_sd)
        hits, hit_sds = _ankle_hits(p_centre[..., 2], v, weight, focal_length, stature)
        ground, ground_sd = _standing_distance(hits, hit_sds)
        # A foot in the air or on a step makes the floor hit too far, never too near; a child
        # makes the size too far. So only a far floor hit is doubted, the more the less likely.
        surprise = (ground - size) / np.hypot(ground_sd, size_sd) - 1.5
        ground_sd = ground_sd * np.where(surprise > 0, 1 + 2 * surprise**2, 1.0)
        distance, distance_sd = combine(ground, ground_sd, size, size_sd)
    return FrameEvidence(heading, u, v, weight, apparent, hits, hit_sds, ground, ground_sd,
                         size, distance, distance_sd)


def _heading(direction: NDArray, weight: NDArray, norm: NDArray) -> NDArray:
    """Horizontal unit vector [...,2] towards the weighted mean of the rays [...,J,3]."""
    mean = np.einsum('...j,...ji->...i', weight / np.where(norm > 0, norm, 1.0),
                     direction[..., :2])
    length = np.hypot(mean[..., 0], mean[..., 1])
    return mean / np.where(length > 0, length, np.nan)[..., None]


def _distance_from_size(u: NDArray, v: NDArray, weight: NDArray, focal_length: ArrayLike,
                        stature: NDArray, stature_sd: NDArray
                        ) -> tuple[NDArray, NDArray, NDArray]:
    """Apparent size, and the distance at which the limbs have their expected lengths."""
    first, second = BONE_PAIRS.T
    square = (u[..., first] - u[..., second]) ** 2 + (v[..., first] - v[..., second]) ** 2
    share = np.minimum(weight[..., first], weight[..., second]) * BONE_FRACTIONS**2
    ratio = np.sum(share * (square / BONE_FRACTIONS**2) ** (_POWER // 2), axis=-1)
    total = share.sum(axis=-1)
    apparent = (ratio / np.where(total > 0, total, np.nan)) ** (1 / _POWER) / _SIZE_BIAS
    apparent = np.where(apparent > 1e-4, apparent, np.nan)
    distance = stature / apparent
    hidden = 1 - np.clip(total / np.sum(BONE_FRACTIONS**2), 0, 1)
    sd = size_depth_sd(distance, 0.6 * stature * (1 - 0.8 * hidden), focal_length, stature_sd,
                       POSTURE * (1 + 2 * hidden))
    return apparent, distance, sd


def _ankle_hits(height: NDArray, v: NDArray, weight: NDArray, focal_length: ArrayLike,
                stature: NDArray) -> tuple[NDArray, NDArray]:
    """Where the rays of both ankles reach the height of a planted ankle, [...,2]."""
    above = height - ANKLE_HEIGHT * stature
    above = np.where(above > 0.05, above, np.nan)[..., None]
    v, weight = v[..., ANKLES], weight[..., ANKLES]
    hit = -above / np.where((v < 0) & (weight > 0), v, np.nan)
    hit = np.where(hit < MAXIMUM_DISTANCE, hit, np.nan)
    focal_length = np.asarray(focal_length)[..., None]
    sd = ground_depth_sd(hit, above, focal_length)
    return hit, sd / np.sqrt(np.clip(weight, 0.1, 1.0))


def _standing_distance(hits: NDArray, sds: NDArray) -> tuple[NDArray, NDArray]:
    """Distance of the standing foot, or of the mean of both where both may stand."""
    left, right = hits[..., 0], hits[..., 1]
    left_first = np.nan_to_num(left, nan=np.inf) <= np.nan_to_num(right, nan=np.inf)
    near, far = np.where(left_first, left, right), np.where(left_first, right, left)
    # A raised foot hits the floor further away than the standing one.
    spread = np.hypot(0.3, np.hypot(sds[..., 0], sds[..., 1]))
    both = np.nan_to_num(np.exp(-0.5 * ((far - near) / spread) ** 2))
    near_sd = np.where(left_first, sds[..., 0], sds[..., 1])
    return near + 0.5 * both * np.nan_to_num(far - near), np.hypot(near_sd, _FOOT_OFFSET)
