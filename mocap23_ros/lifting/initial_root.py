# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Estimates where a person stands from one frame: ankle rays on the floor, and apparent size.

No state and no learning. Arrays may have any leading axes: single frames, windows, training
batches. The learned lifter builds its virtual cameras around this point.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.geometry.rays import from_levelled
from mocap23_ros.lifting.root_evidence import FrameEvidence, frame_evidence
from mocap23_ros.skeletons.body_proportions import (
    MEAN_STATURE,
    STANDING_HEIGHTS,
    STATURE_RANGE,
    STATURE_SD,
)
from mocap23_ros.skeletons.coco17 import HIPS

_TRUST = np.full(17, 1e-3)  # in a keypoint as a sign of where mid-hip is
_TRUST[HIPS] = 1.0
_MINIMUM_JOINTS = 3


def initial_root(p_centre: ArrayLike, ray_direction: ArrayLike, confidence: ArrayLike,
                 focal_length: ArrayLike, stature: ArrayLike
                 ) -> tuple[NDArray, NDArray]:
    """Estimate the mid-hip of people from single frames.

    p_centre: [...,3] camera centre in any frame with z up and the floor at z = 0, metres.
    ray_direction: [...,17,3] rays of the COCO keypoints in that frame, of any length.
    confidence: [...,17] 0 or NaN = unobserved. focal_length: [...] pixels.
    stature: [...] known body height in metres, NaN = unknown. Leading axes broadcast.
    Returns p_root [...,3] in the frame of the centre and the sd [...] of its horizontal distance
    from the centre. Both NaN where fewer than three keypoints are seen, where the camera is not
    above the floor, or where the person is (nearly) straight above or below it.
    """
    return root_and_evidence(p_centre, ray_direction, confidence, focal_length, stature)[:2]


def root_and_evidence(p_centre: ArrayLike, ray_direction: ArrayLike, confidence: ArrayLike,
                      focal_length: ArrayLike, stature: ArrayLike
                      ) -> tuple[NDArray, NDArray, FrameEvidence]:
    """``initial_root``, and the evidence that it rests on."""
    p_centre = np.asarray(p_centre, np.float64)
    direction = np.asarray(ray_direction, np.float64)
    confidence = np.asarray(confidence, np.float64)
    stature = np.asarray(stature, np.float64)
    known = np.isfinite(stature) & (stature > 0)
    body = np.where(known, stature, MEAN_STATURE)
    evidence = frame_evidence(p_centre, direction, confidence, focal_length, body,
                              np.where(known, 0.0, STATURE_SD))
    with np.errstate(all='ignore'):
        # The body that has the apparent size at the distance of both kinds of evidence.
        fitting = np.clip(body * evidence.distance / evidence.size, *STATURE_RANGE)
        body = np.where(known | np.isnan(fitting), body, fitting)
    root = root_on_its_ray(p_centre, evidence, evidence.distance, body)
    usable = np.isfinite(root).all(axis=-1) & np.isfinite(evidence.distance_sd)
    return (np.where(usable[..., None], root, np.nan),
            np.where(usable, evidence.distance_sd, np.nan), evidence)


def root_on_its_ray(p_centre: NDArray, evidence: FrameEvidence, distance: NDArray,
                    stature: NDArray) -> NDArray:
    """The mid-hip [...,3] at a given distance: between the hips, else above or below what is seen.

    NaN where fewer than three keypoints are seen and where the camera is below the floor.
    """
    u, v, weight = evidence.u, evidence.v, evidence.weight
    with np.errstate(all='ignore'):
        trust = _TRUST * weight
        trust = trust / trust.sum(axis=-1, keepdims=True)
        left = distance * np.sum(trust * u, axis=-1)
        up = (distance * np.sum(trust * v, axis=-1)
              - stature * np.sum(trust * STANDING_HEIGHTS, axis=-1))
        usable = ((weight > 0).sum(axis=-1) >= _MINIMUM_JOINTS) & (p_centre[..., 2] > 0)
        distance = np.where(usable, distance, np.nan)
        return from_levelled(p_centre, evidence.heading, distance, left, up)
