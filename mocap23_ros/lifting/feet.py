# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Places heels and toes in the world, from their rays and the lifted ankles.

A foot is a triangle of nearly known sides: ankle, heel and tip of the toe. Where on their rays
heel and toe lie follows from the sides, the floor, and the way the body faces. A foot that may
point towards the camera as well as away from it comes out between the two, with a covariance that
holds both.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.rays import ray_covariance, world_rays
from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, SHOULDERS
from mocap23_ros.skeletons.formats import COCO17, COCO21
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

_HEELS_AND_TOES = np.array([COCO21.pair('heel'), COCO21.pair('toe')])  # [part, side]
_ANKLE_HEEL, _ANKLE_TOE, _HEEL_TOE = 0.043, 0.105, 0.125  # of a stature
_LENGTH_SD = 0.014  # of a stature
_PLACE_SD, _PIXEL_SD = 0.015, 1.0  # of keypoints: of a stature, and px
_SOLE, _SOLE_SD = 0.02, 0.03  # m, height of the lower part of a foot that stands
_ANY_HEIGHT = 0.2  # likelihood of a height of a foot that may not stand, against that of the sole
_FACING = 3.0  # concentration of feet about the way the body faces
_TRIED = np.linspace(-0.3, 0.3, 31)  # m behind the ankle


def format_with_feet(lifter: Lifter) -> SkeletonFormat:
    """The keypoints from which joints and feet follow; InputError for lifters of other formats."""
    if lifter.input_format != COCO17:
        raise InputError(f'heels and toes go with lifters of {COCO17.name} keypoints, not with one '
                         f'of {lifter.input_format.name}; leave them out')
    return COCO21


def with_feet(frame: LiftedFrame, keypoints: NDArray, world_T_camera: NDArray,
              focal_length: float) -> LiftedFrame:
    """The frame of OUTPUT19 with heels and toes, in OUTPUT23.

    keypoints: [P,21,3] COCO21 of the same people, undistorted normalised x, y and confidence.
    world_T_camera: [4,4] at the frame's stamp. Heels and toes that are not seen are NaN.
    """
    stature = np.where(np.isfinite(frame.stature), frame.stature, MEAN_STATURE).astype(np.float64)
    confidence = np.nan_to_num(keypoints[..., 2]).astype(np.float64)
    rays = world_rays(np.where(confidence[..., None] > 0, keypoints[..., :2], np.nan),
                      world_T_camera)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    ankle, ray = frame.joints[:, ANKLES], rays[:, _HEELS_AND_TOES]  # [P,side,3], [P,part,side,3]
    offset = ankle - world_T_camera[:3, 3]
    # From where the lifted ankle would be seen where its keypoint is.
    along = np.sum(offset * rays[:, ANKLES], axis=-1)
    start = np.where(np.isfinite(along)[..., None],
                     ankle - along[..., None] * rays[:, ANKLES], world_T_camera[:3, 3])
    distance = np.where(np.isfinite(along), along, np.linalg.norm(offset, axis=-1))

    noise = np.hypot(_PLACE_SD * stature[:, None], _PIXEL_SD * distance / focal_length)
    depth = distance[:, None, :, None] + _TRIED
    places = start[:, None, :, None] + depth[..., None] * ray[..., None, :]
    share = _shares(places, ankle, stature, noise, frame)
    mean = np.sum(share * depth, axis=-1)
    spread = np.sum(share * (depth - mean[..., None])**2, axis=-1) \
        + (_TRIED[1] - _TRIED[0])**2 / 12
    joints = start[:, None] + mean[..., None] * ray
    covariance = frame.covariance[:, None, ANKLES] + ray_covariance(
        ray, spread, noise[:, None, :]**2)
    sure = np.minimum(confidence[:, _HEELS_AND_TOES], frame.confidence[:, None, ANKLES])
    sure = np.where(np.isfinite(joints[..., 0]), sure, 0.0)
    people = frame.people
    return replace(
        frame, joints=np.concatenate([frame.joints, joints.reshape(people, 4, 3)], axis=1),
        covariance=np.concatenate(
            [frame.covariance, covariance.reshape(people, 4, 3, 3)], axis=1),
        confidence=np.concatenate(
            [frame.confidence, sure.reshape(people, 4).astype(np.float32)], axis=1))


def _shares(places: NDArray, ankle: NDArray, stature: NDArray, noise: NDArray,
            frame: LiftedFrame) -> NDArray[np.float64]:
    """Probabilities [P,part,side,K] of the places [P,part,side,K,3] on the rays."""
    sd = np.hypot(_LENGTH_SD * stature[:, None], noise)[..., None]
    tall = stature[:, None, None, None]
    length = np.linalg.norm(places - ankle[:, None, :, None], axis=-1) / tall
    expected = np.array([_ANKLE_HEEL, _ANKLE_TOE])[:, None, None]
    score = -0.5 * ((length - expected) * tall / sd[:, None])**2
    score -= 0.5 * (np.minimum(places[..., 2], 0.0) / _SOLE_SD)**2
    heel, toe = (places[:, part, :, :] for part in (0, 1))
    foot = toe[:, :, None, :] - heel[:, :, :, None]  # [P,side,K of the heel,K of the toe,3]
    together = -0.5 * ((np.linalg.norm(foot, axis=-1) - _HEEL_TOE * tall) / sd[..., None])**2
    together += _FACING * np.einsum(
        'psijc,pc->psij', foot[..., :2], _facing(frame.joints)) / (_HEEL_TOE * tall)
    together = np.nan_to_num(together)  # where one of both is not seen
    height = np.nan_to_num(places[..., 2], nan=np.inf)
    lowest = np.minimum(height[:, 0, :, :, None], height[:, 1, :, None, :])
    unsure = np.hypot(_SOLE_SD, np.sqrt(frame.covariance[:, ANKLES, 2, 2]))[..., None, None]
    standing = frame.contact[..., None, None].astype(np.float64)
    together += np.log((1 - standing) * _ANY_HEIGHT + 1e-9
                       + standing * np.exp(-0.5 * ((lowest - _SOLE) / unsure)**2))
    score = np.nan_to_num(score)
    together += score[:, 0, :, :, None] + score[:, 1, :, None, :]
    weight = np.exp(together - together.max(axis=(-2, -1), keepdims=True))
    weight /= weight.sum(axis=(-2, -1), keepdims=True)
    return np.stack([weight.sum(axis=-1), weight.sum(axis=-2)], axis=1)


def _facing(joints: NDArray) -> NDArray[np.float64]:
    """Horizontal unit vectors [P,2] out of bodies [P,19,3]; 0 where they are not known."""
    left = sum(joints[:, pair[0], :2] - joints[:, pair[1], :2] for pair in (HIPS, SHOULDERS))
    ahead = np.stack([left[:, 1], -left[:, 0]], axis=-1)
    return np.nan_to_num(ahead / np.linalg.norm(ahead, axis=-1, keepdims=True))
