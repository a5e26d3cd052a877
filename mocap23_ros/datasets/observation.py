# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Simulates what a calibrated detector would report of true motion and true cameras."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.augmentation import Augmentation
from mocap23_ros.datasets.cameras import Cameras
from mocap23_ros.datasets.detector_errors import detector_keypoints
from mocap23_ros.datasets.keypoint_noise import add_detector_errors, draw_confidence
from mocap23_ros.datasets.occlusion import guess_hidden, hidden_keypoints
from mocap23_ros.datasets.random_processes import chance
from mocap23_ros.detection.confidence_calibration import ConfidenceCalibration
from mocap23_ros.skeletons.keypoint_layout import COCO17_LAYOUT, KeypointLayout
from mocap23_ros.skeletons.person_scale import person_scale

_NEAR = 0.15  # metres; nothing closer to the image plane is seen


@dataclass
class Observation:
    """keypoints: float32 [B,T,J,3] normalised x, y and confidence, zeros where unobserved.

    kind: int8 [B,T,J], 0 seen, 1 hidden but guessed, 2 hidden, 3 outside the image, 4 missed.
    """

    keypoints: NDArray[np.float32]
    kind: NDArray[np.int8]


def to_camera(joints: NDArray[np.float32], world_T_camera: NDArray[np.float32]
              ) -> NDArray[np.float32]:
    """Points [B,T,J,3] in the world -> camera optical frame, poses [B,T,4,4]."""
    return np.asarray((joints - world_T_camera[:, :, None, :3, 3])
                      @ world_T_camera[:, :, :3, :3], np.float32)


def to_world(joints: NDArray[np.float32], world_T_camera: NDArray[np.float32]
             ) -> NDArray[np.float32]:
    """Points [B,T,J,3] in the camera -> world, poses [B,T,4,4]."""
    rotation = np.swapaxes(world_T_camera[:, :, :3, :3], -1, -2)
    return joints @ rotation + world_T_camera[:, :, None, :3, 3]


def body_offsets(joints: NDArray[np.float32], sd: float, rng: np.random.Generator,
                 layout: KeypointLayout = COCO17_LAYOUT) -> NDArray[np.float32]:
    """Offsets [B,T,J,3] between joints and visible keypoints, fixed in the body.

    Constant in the frame of the hips' heading over the window; face keypoints share one offset.
    """
    offset = rng.standard_normal((len(joints), 1, len(layout), 3), dtype=np.float32) * sd
    face, (left_hip, right_hip) = layout.face, layout.hips
    offset[:, :, face] = 0.5 * offset[:, :, face] + offset[:, :, face[:1]]
    across = joints[:, :, left_hip, :2] - joints[:, :, right_hip, :2]
    across = across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-3)
    cos, sin = across[..., 0, None], across[..., 1, None]
    x, y = offset[..., 0], offset[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y,
                     np.broadcast_to(offset[..., 2], joints.shape[:3])], axis=-1)


def _inside(p_pixel: NDArray[Any], half: NDArray[Any]) -> NDArray[np.bool_]:
    return (np.abs(p_pixel[..., 0]) < half[..., 0]) & (np.abs(p_pixel[..., 1]) < half[..., 1])


def observe(joints: NDArray[np.float32], cameras: Cameras, world_T_camera: NDArray[np.float32],
            rate: float, augmentation: Augmentation, rng: np.random.Generator,
            layout: KeypointLayout = COCO17_LAYOUT) -> Observation:
    """Observe joints [B,T,J,3] of the layout (true world) with true camera poses [B,T,4,4]."""
    noise = augmentation.noise
    count, length = joints.shape[:2]
    focal = cameras.focal_length[:, None, None, None]
    exact = chance(rng, count, noise.exact_share)
    visible_points = joints
    if noise.offset > 0:
        offsets = body_offsets(joints, noise.offset, rng, layout)
        # Definitions of joints agree more or less well; exact windows have no offset at all.
        offsets *= rng.uniform(0, 1.5, (count, 1, 1, 1)).astype(np.float32)
        offsets[exact] = 0
        visible_points = joints + offsets
    p_camera = to_camera(visible_points, world_T_camera)
    depth = p_camera[..., 2]
    in_front = depth > _NEAR
    projected = focal * p_camera[..., :2] / np.maximum(depth, _NEAR)[..., None]
    half = cameras.image_size[:, None, None] / 2
    # Far outside the image the projection explodes; such keypoints are dropped anyway.
    p_pixel: NDArray[np.float32] = np.clip(projected, -3 * half, 3 * half)
    scale = person_scale(p_pixel)

    observed, sigma, meant = add_detector_errors(p_pixel, scale, rate, noise, exact, rng, layout)
    measured = augmentation.detector
    if measured is not None:
        own = chance(rng, count, augmentation.detector_share) & ~exact
        observed[own], stated, own_missed = detector_keypoints(
            p_pixel[own], scale[own], rate, measured, rng, layout)
        # As the lifter gets it.
        own_confidence = ConfidenceCalibration(measured, layout.nearest).confidence(
            stated, scale[own])
    hidden, absent = hidden_keypoints(p_pixel, rate, augmentation.occlusion, rng, layout)
    hidden[exact & (augmentation.noise.exact_share < 1)] = False
    observed, unseen = guess_hidden(observed, hidden, scale, augmentation.occlusion, rng)
    kind = np.where(hidden, np.where(unseen, 2, 1), 0).astype(np.int8)
    difference = observed - meant
    error = np.hypot(difference[..., 0], difference[..., 1])
    confidence = draw_confidence(error, sigma, scale, noise, rng, layout)
    if measured is not None:
        confidence[own] = np.where(kind[own] == 0, own_confidence, confidence[own])
    guessed = kind == 1
    confidence[guessed] *= rng.uniform(0.3, 1, int(guessed.sum()))
    confidence[exact[:, None, None] & (kind == 0)] = 1.0

    missed = chance(rng, kind.shape, noise.missing)
    missed |= chance(rng, (count, length), noise.dropped * rng.random((count, 1)))[..., None]
    if measured is not None:
        missed[own] = own_missed
    missed &= ~exact[:, None, None]
    kind[missed | absent[..., None]] = 4
    kind[~(in_front & _inside(p_pixel, half) & _inside(observed, 1.05 * half))] = 3

    calibration = 1 + noise.focal * rng.standard_normal((count, 1, 1, 1), dtype=np.float32)
    centre = noise.principal_point * cameras.image_size[:, None, None] * rng.standard_normal(
        (count, 1, 1, 2), dtype=np.float32)
    calibration[exact], centre[exact] = 1.0, 0.0
    keypoints = np.empty((count, length, len(layout), 3), np.float32)
    keypoints[..., :2] = (observed * calibration + centre) / focal
    keypoints[..., 2] = confidence
    keypoints[kind >= 2] = 0
    return Observation(keypoints, kind)
