# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds where on the floor the people of an image stand, and whether they can stand there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.rays import from_levelled, world_rays
from mocap23_ros.lifting.root_evidence import MAXIMUM_DISTANCE, FrameEvidence, frame_evidence
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, STATURE_SD
from mocap23_ros.skeletons.coco17 import ANKLES, SHOULDERS

_LEAST_DEVIATION = 0.15  # m; the errors of successive images are alike, so that they add up
_ACROSS = 0.02  # of the distance: how far a body's middle is from where it is seen
_OWN_NOISE = 0.4  # share of the variance that changes from image to image: statures do not
_SURE = 0.5  # confidence from which ankles speak against a place
_SIZES = (0.35, 3.0)  # distance of the floor hit over that of the apparent size, of somebody there
_HEAD_DOWN = 0.3  # of a stature, by which ankles are above shoulders
_LYING = (0.5, 2.0)  # m, from shoulders to ankles of somebody who lies, bent or stretched


@dataclass(frozen=True)
class CameraView:
    """The camera of an image: its model and its pose [4,4], z up, floor at z = 0."""

    camera: CameraModel
    world_T_camera: NDArray[np.float64]


@dataclass(frozen=True)
class FloorPlaces:
    """Places of D detections.

    p_world: [D,2] m; NaN where nothing is known. covariance: [D,2,2] m^2 of what changes from image
    to image; an unknown stature adds as much again. statures: [D] m, as the
    floor hit and the apparent size have them; NaN without a floor hit.
    possible: [D] whether a person can be there.
    """

    p_world: NDArray[np.float64]
    covariance: NDArray[np.float64]
    statures: NDArray[np.float64]
    possible: NDArray[np.bool_]


def unknown_places(count: int) -> FloorPlaces:
    """Places of people whose camera is unknown: anything is possible."""
    return FloorPlaces(np.full((count, 2), np.nan), np.full((count, 2, 2), np.nan),
                       np.full(count, np.nan), np.ones(count, bool))


def floor_places(detections: Sequence[Detection], view: CameraView | None) -> FloorPlaces:
    """Where the detections [D] of COCO-17 keypoints, raw px, stand; other formats: unknown."""
    if view is None or not detections or len(detections[0].keypoints) != 17:
        return unknown_places(len(detections))
    keypoints = np.stack([d.keypoints for d in detections]).astype(np.float64)
    confidence = np.nan_to_num(keypoints[..., 2])
    points = view.camera.undistort(np.where(confidence[..., None] > 0, keypoints[..., :2], np.nan))
    rays = world_rays(points, view.world_T_camera)
    p_centre = view.world_T_camera[:3, 3]
    evidence = frame_evidence(p_centre, rays, confidence, view.camera.focal_length,
                              np.array(MEAN_STATURE), np.array(STATURE_SD))
    distance, deviation = evidence.distance, np.maximum(evidence.distance_sd, _LEAST_DEVIATION)
    known = (p_centre[2] > 0) & (distance > 0) & (distance < MAXIMUM_DISTANCE) \
        & np.isfinite(deviation)
    weight = evidence.weight / np.maximum(evidence.weight.sum(axis=-1, keepdims=True), 1e-9)
    heading = evidence.heading
    across = np.stack([-heading[:, 1], heading[:, 0]], axis=-1)
    aside = distance * (weight * evidence.u).sum(axis=-1)
    place = from_levelled(p_centre, heading, distance, aside, np.zeros_like(aside))[..., :2]
    spread = np.stack([deviation, _LEAST_DEVIATION + _ACROSS * distance], axis=-1)
    axes = np.stack([heading, across], axis=-2)  # [D,2,2], rows
    covariance = _OWN_NOISE * np.einsum('da,dai,daj->dij', spread**2, axes, axes)
    with np.errstate(invalid='ignore', divide='ignore'):
        ratio = evidence.ground / evidence.size
    return FloorPlaces(
        np.where(known[:, None], place, np.nan), np.where(known[:, None, None], covariance, np.nan),
        ratio * MEAN_STATURE, known & _can_be_there(evidence, ratio, p_centre[2]))


def _can_be_there(evidence: FrameEvidence, ratio: NDArray, height: float) -> NDArray[np.bool_]:
    """Whether people can be on the floor: not with ankles surely above the horizon, and with ankles
    above the shoulders only if they lie. height: m, of the camera.
    """
    ankles, shoulders = evidence.weight[:, ANKLES], evidence.weight[:, SHOULDERS]
    sure = (ankles > _SURE).all(axis=-1)
    above_horizon = (evidence.v[:, ANKLES] >= 0).all(axis=-1)
    head_down = (shoulders > _SURE).all(axis=-1) & (
        evidence.v[:, ANKLES].min(axis=-1) - evidence.v[:, SHOULDERS].max(axis=-1)
        > _HEAD_DOWN * evidence.apparent_size)
    odd = ~((ratio > _SIZES[0]) & (ratio < _SIZES[1])) & np.isfinite(ratio)
    return ~(sure & (above_horizon | (head_down & ~_can_lie(evidence, height)) | odd))


def _can_lie(evidence: FrameEvidence, height: float) -> NDArray[np.bool_]:
    """Whether shoulders and the nearer ankle, where their rays meet the floor, are as far apart as
    in a body.
    """
    with np.errstate(divide='ignore', invalid='ignore'):
        ahead = np.where(evidence.v < 0, -height / evidence.v, np.nan)
    p_floor = np.stack([ahead, evidence.u * ahead], axis=-1)
    length = np.linalg.norm(p_floor[:, ANKLES] - p_floor[:, SHOULDERS].mean(axis=1, keepdims=True),
                            axis=-1).min(axis=1)
    return (length > _LYING[0]) & (length < _LYING[1])
