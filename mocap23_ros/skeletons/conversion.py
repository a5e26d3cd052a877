# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Conversions between skeleton formats, as data: every joint is a weighted sum of joints.

Formats give one name to different places (``head``) and different names to one place, so joints
are compared by ``_PLACES``. A joint of the target is the source's joint at the same place, else a
recipe whose ingredients the source has, else undefined (NaN, confidence 0). Recipes are affine,
so they hold for 3D joints and, up to perspective, for 2D keypoints.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

_PLACES: dict[str, dict[str, str]] = {
    'output19': {'pelvis': 'mid_hip', 'neck': 'mid_shoulder'},
    'output23': {'pelvis': 'mid_hip', 'neck': 'mid_shoulder'},
    # "neck/nose" is annotated in front of the face, "head" on top of the skull.
    'h36m17': {'pelvis': 'mid_hip', 'spine': 'mid_trunk', 'thorax': 'mid_shoulder',
               'neck': 'nose', 'head': 'head_top'},
    'halpe26': {'pelvis': 'mid_hip', 'neck': 'mid_shoulder', 'head': 'head_top',
                'left_big_toe': 'left_toe', 'right_big_toe': 'right_toe'},
    'body25': {'pelvis': 'mid_hip', 'neck': 'mid_shoulder',
               'left_big_toe': 'left_toe', 'right_big_toe': 'right_toe'},
    'coco23': {'left_big_toe': 'left_toe', 'right_big_toe': 'right_toe'},
    'openpose18': {'neck': 'mid_shoulder'},
    'blazepose33': {'left_foot_index': 'left_toe', 'right_foot_index': 'right_toe'},
}

# Weights other than halves are least-squares fits to the CMU motion capture data (19 subjects);
# the comment is the mean distance between recipe and joint there.
_RECIPES: dict[str, dict[str, float]] = {
    'mid_hip': {'left_hip': 0.5, 'right_hip': 0.5},
    'mid_shoulder': {'left_shoulder': 0.5, 'right_shoulder': 0.5},
    'mid_ear': {'left_ear': 0.5, 'right_ear': 0.5},
    'mid_trunk': {'mid_hip': 0.5, 'mid_shoulder': 0.5},
    'pelvis': {'mid_hip': 0.88, 'mid_shoulder': 0.12},  # 69 mm
    'spine1': {'mid_hip': 0.59, 'mid_shoulder': 0.41},  # 39 mm
    'spine2': {'mid_hip': 0.36, 'mid_shoulder': 0.64},  # 27 mm
    'spine3': {'mid_hip': 0.24, 'mid_shoulder': 0.76},  # 22 mm
    'neck': {'mid_hip': 0.08, 'mid_shoulder': 0.92},  # 39 mm
    'left_collar': {'left_shoulder': 0.26, 'mid_shoulder': 0.69, 'mid_hip': 0.05},  # 32 mm
    'right_collar': {'right_shoulder': 0.26, 'mid_shoulder': 0.69, 'mid_hip': 0.05},
    'head': {'mid_ear': 0.67, 'mid_shoulder': 0.33},  # 17 mm
    'head_top': {'mid_ear': 1.59, 'mid_shoulder': -0.59},  # 32 mm
    'left_foot': {'left_toe': 0.74, 'left_heel': 0.26},  # 12 mm
    'right_foot': {'right_toe': 0.74, 'right_heel': 0.26},
    'left_hand': {'left_index': 0.5, 'left_pinky': 0.5},
    'right_hand': {'right_index': 0.5, 'right_pinky': 0.5},
}


def convert_keypoints(keypoints: NDArray, source: SkeletonFormat,
                      target: SkeletonFormat) -> NDArray:
    """Convert 2D keypoints [...,J,3] (x, y, confidence) to the target's [...,K,3].

    The confidence of a computed keypoint is the smallest of its sources'. Where a source is NaN
    or the target is undefined: x, y NaN and confidence 0. Keeps the precision.
    """
    converted = np.empty(keypoints.shape[:-2] + (len(target), 3), keypoints.dtype)
    converted[..., :2] = convert_joints(keypoints[..., :2], source, target)
    confidence = convert_confidence(keypoints[..., 2], source, target)
    converted[..., 2] = np.where(np.isnan(converted[..., :2]).any(axis=-1), 0, confidence)
    return converted


def convert_joints(joints: NDArray, source: SkeletonFormat, target: SkeletonFormat) -> NDArray:
    """Convert positions [...,J,D] to the target's [...,K,D], NaN where undefined.

    Keeps the precision. Computed joints lie centimetres from measured ones (see the recipes).
    """
    _check(joints.shape[-2], source)
    index, weight = conversion_table(source, target)
    if index.shape[1] == 1 and not np.isnan(weight).any():
        return joints[..., index[:, 0], :]
    weight = weight.astype(joints.dtype)
    converted = joints[..., index[:, 0], :] * weight[:, 0, None]
    for column in range(1, index.shape[1]):
        converted += joints[..., index[:, column], :] * weight[:, column, None]
    return converted


def convert_confidence(confidence: NDArray, source: SkeletonFormat,
                       target: SkeletonFormat) -> NDArray:
    """Convert confidences [...,J] to [...,K]: the smallest of the sources', 0 where undefined."""
    _check(confidence.shape[-1], source)
    index, weight = conversion_table(source, target)
    converted = confidence[..., index].min(axis=-1)
    converted[..., np.isnan(weight[:, 0])] = 0
    return converted


def convert_covariance(covariance: NDArray, source: SkeletonFormat,
                       target: SkeletonFormat) -> NDArray:
    """Convert covariances [...,J,3,3] of positions to [...,K,3,3], NaN where undefined.

    Those of joints that lie between others are their weighted means: joints of one body err
    together, so nothing is averaged away.
    """
    _check(covariance.shape[-3], source)
    index, weight = conversion_table(source, target)
    share = np.abs(weight)
    share = (share * share.sum(axis=1, keepdims=True)).astype(covariance.dtype)
    converted = covariance[..., index[:, 0], :, :] * share[:, 0, None, None]
    for column in range(1, index.shape[1]):
        converted += covariance[..., index[:, column], :, :] * share[:, column, None, None]
    return converted


def defined_joints(source: SkeletonFormat, target: SkeletonFormat) -> NDArray[np.bool_]:
    """Which of the target's joints the source can give, bool [K]."""
    return ~np.isnan(conversion_table(source, target)[1][:, 0])


@cache
def conversion_table(source: SkeletonFormat, target: SkeletonFormat
                     ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The conversion as source indices [K,N] and weights [K,N].

    Rows sum to 1; short ones are padded by repeating a source with weight 0, so that padding
    brings in no foreign NaN. Undefined joints have NaN weights.
    """
    places = {_place(source, name): i for i, name in enumerate(source.joint_names)}
    rows = [_resolve(_place(target, name), places) for name in target.joint_names]
    width = max(len(row) for row in rows if row is not None) if any(rows) else 1
    index = np.zeros((len(rows), width), np.intp)
    weight = np.full((len(rows), width), np.nan)
    for k, row in enumerate(rows):
        if row is not None:
            index[k] = next(iter(row))
            weight[k] = 0
            index[k, :len(row)] = list(row)
            weight[k, :len(row)] = list(row.values())
    index.setflags(write=False)
    weight.setflags(write=False)
    return index, weight


def _place(skeleton: SkeletonFormat, joint_name: str) -> str:
    return _PLACES.get(skeleton.name, {}).get(joint_name, joint_name)


def _resolve(place: str, places: dict[str, int]) -> dict[int, float] | None:
    """Weights by source index, or None where an ingredient is missing."""
    if place in places:
        return {places[place]: 1.0}
    total: dict[int, float] = {}
    for ingredient, share in _RECIPES.get(place, {}).items():
        parts = _resolve(ingredient, places)
        if parts is None:
            return None
        for index, weight in parts.items():
            total[index] = total.get(index, 0.0) + share * weight
    return total or None


def _check(count: int, source: SkeletonFormat) -> None:
    if count != len(source):
        raise ValueError(f'{source.name} has {len(source)} joints, the array {count}')


def mirror_keypoints(keypoints: NDArray, skeleton: SkeletonFormat, image_width: float) -> NDArray:
    """Keypoints [...,J,3] (x, y px, confidence) of the horizontally flipped image.

    Pixel centres are whole numbers, so x becomes ``image_width - 1 - x``; for normalised
    coordinates (axis at x = 0) pass image_width = 1.
    """
    mirrored = keypoints[..., np.asarray(skeleton.mirror), :]
    mirrored[..., 0] = image_width - 1 - mirrored[..., 0]
    return mirrored
