# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Windows whose newest image means several things: which are drawn, and what the truth says."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.skeletons.coco17 import (
    ANKLES,
    ELBOWS,
    HIPS,
    KNEES,
    LIMBS,
    SHOULDERS,
    WRISTS,
)
from mocap23_ros.training.stream_windows import StreamWindows

_NOISY, _OCCLUDED = preset('noisy'), preset('occluded')
_EXCHANGED = replace(_NOISY, noise=replace(
    _NOISY.noise, exact_share=0.0, swap=1.0, swap_time=(0.1, 2.0), told=0.0))
AMBIGUITIES = (
    (_NOISY, ('plain', 'depth', 'side view')), (_OCCLUDED, ('hidden',)),
    (_EXCHANGED, ('exchanged',)))
"""Augmentations, and the kinds of windows that are looked for among theirs."""

_DEEP = 0.25      # m along the ray from one end of a limb's bone to the other
_SIDE = np.radians(25.0)  # of the shoulders from the viewing ray
_HIDDEN = 3       # joints of arms and legs that are not seen
_ENDS = np.concatenate([ELBOWS, WRISTS, KNEES, ANKLES])


def image_of(joints: NDArray, camera: NDArray) -> tuple[NDArray, NDArray]:
    """Points [...,B,T,J,2] of the levelled view (right, up at 1 m), depth [...,B,T,J] in metres.

    joints: [...,B,T,J,3] in the window frame; camera: [B,T,8], its centre first.
    """
    offset = joints - camera[:, :, None, :3]
    depth = np.maximum(offset[..., 0], 0.05)
    return np.stack([-offset[..., 1], offset[..., 2]], axis=-1) / depth[..., None], depth


def kinds_of(part: StreamWindows) -> dict[str, NDArray[np.bool_]]:
    """Which of the windows are of each kind, by their newest sample, bool [B] each.

    depth: a bone of a limb points along the ray, where the mirrored one looks alike. side view:
    one shoulder stands behind the other. hidden: three of elbows, wrists, knees and ankles or
    more are not seen. exchanged: those of arms or legs that are seen lie at the other side's.
    plain: nothing of it.
    """
    camera, observation = part.full['camera'][:, -1], part.full['observation'][:, -1]
    joints = part.joints[:, -1]
    distance = np.linalg.norm(joints - camera[:, None, :3], axis=-1)
    seen = observation[..., 2] > 0
    first, second = np.array(LIMBS).T
    deep = (np.abs(distance[:, first] - distance[:, second]) > _DEEP).any(axis=1)
    across = joints[:, SHOULDERS[0], :2] - joints[:, SHOULDERS[1], :2]
    sight = joints[:, SHOULDERS, :2].mean(axis=1) - camera[:, :2]
    cosine = np.abs((across * sight).sum(1)) / np.maximum(
        np.linalg.norm(across, axis=1) * np.linalg.norm(sight, axis=1), 1e-9)
    point, depth = image_of(part.joints, part.full['camera'])
    found = {
        'depth': deep, 'side view': cosine > np.cos(_SIDE),
        'hidden': (~seen[:, _ENDS]).sum(axis=1) >= _HIDDEN,
        'exchanged': _exchanged(observation, point[:, -1], depth[:, -1], seen)}
    return {**found, 'plain': ~np.logical_or.reduce(list(found.values()))}


def _exchanged(observation: NDArray, true: NDArray, depth: NDArray, seen: NDArray
               ) -> NDArray[np.bool_]:
    """Arms or legs that lie nearer to where the other side's are, and these 10 cm off, bool [B]."""
    result = np.zeros(len(observation), bool)
    for pairs in ((SHOULDERS, ELBOWS, WRISTS), (HIPS, KNEES, ANKLES)):
        left, right = np.array(pairs).T
        own, other = np.concatenate([left, right]), np.concatenate([right, left])

        def off(joints: NDArray, own: NDArray = own) -> NDArray:
            miss = np.linalg.norm(observation[:, own, :2] - true[:, joints], axis=-1)
            return np.where(seen[:, own], miss * depth[:, own], 0).sum(axis=1)

        apart = np.linalg.norm(true[:, left] - true[:, right], axis=-1) * depth[:, left]
        result |= (off(other) < off(own)) & (apart.max(axis=1) > 0.1)
    return result
