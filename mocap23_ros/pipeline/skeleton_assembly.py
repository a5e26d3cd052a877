# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the published estimates of lifted joints: root pose, velocity, covariance."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.pipeline.root_filter import RootFilter
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.coco17 import HIPS, NECK, PELVIS, SHOULDERS
from mocap23_ros.tracking.track import TrackState

_NOISE_SHARE = 0.25  # of the root's variance that changes from frame to frame; the rest is shared
_SMALLEST_RELATIVE_SD = 0.02  # metres, of a joint against the pelvis


def assemble(frame: LiftedFrame, stamp: float, root_filter: RootFilter,
             previous: Mapping[int, SkeletonEstimate]) -> dict[int, SkeletonEstimate]:
    """Filter the roots and make estimates (state TRACKED) by person id.

    The joints move with the filtered root, so that joints and root pose agree. The published
    covariance is the lifter's: its errors are shared by neighbouring frames, and a filter that
    takes them for independent would become too sure.
    """
    p_root = frame.joints[:, PELVIS]
    noise = _NOISE_SHARE * frame.covariance[:, PELVIS] + 1e-6 * np.eye(3)
    position, velocity, _ = root_filter.update(stamp, frame.person_ids, p_root, noise)
    joints = frame.joints + (position - p_root)[:, None]
    last_rotation = np.stack([
        previous[int(i)].world_T_root[:3, :3] if int(i) in previous else np.eye(3)
        for i in frame.person_ids])
    pose = np.zeros((frame.people, 4, 4))
    pose[:, :3, :3] = body_rotation(joints, last_rotation)
    pose[:, :3, 3] = position
    pose[:, 3, 3] = 1
    root_covariance = np.zeros((frame.people, 6, 6))
    root_covariance[:, :3, :3] = frame.covariance[:, PELVIS]
    root_covariance[:, [3, 4, 5], [3, 4, 5]] = rotation_variance(joints, frame.covariance)
    joints32 = joints.astype(np.float32)
    covariance32 = frame.covariance.astype(np.float32)
    return {int(person_id): SkeletonEstimate(
        int(person_id), TrackState.TRACKED, stamp, joints32[row], frame.confidence[row],
        covariance32[row], pose[row], root_covariance[row], velocity[row], frame.contact[row],
        float(frame.stature[row]), float(frame.stature_sd[row]))
        for row, person_id in enumerate(frame.person_ids)}


def grown(covariance: NDArray, seconds: float, speed_sd: float) -> NDArray:
    """Covariances [...,3,3] after ``seconds`` in which a point wandered at ``speed_sd`` m/s."""
    return covariance + np.eye(3, dtype=covariance.dtype) * (speed_sd * seconds) ** 2


def body_rotation(joints: NDArray, previous: NDArray) -> NDArray[np.float64]:
    """Rotations ``world_R_root`` [P,3,3] of OUTPUT19 joints [P,19,3] in the world.

    The spine gives z; the lines of hips and shoulders, made square to it, give y. ``previous``
    [P,3,3] is kept where these are missing or nearly parallel.
    """
    joints = joints.astype(np.float64)
    up = joints[:, NECK] - joints[:, PELVIS]
    hips = joints[:, HIPS[0]] - joints[:, HIPS[1]]
    shoulders = joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]]
    left = np.where(np.isfinite(hips), hips, 0) + np.where(np.isfinite(shoulders), shoulders, 0)
    with np.errstate(invalid='ignore', divide='ignore'):
        up /= np.linalg.norm(up, axis=-1, keepdims=True)
        left = left - np.einsum('pi,pi->p', left, up)[:, None] * up
        length = np.linalg.norm(left, axis=-1, keepdims=True)
        left /= length
    rotation = np.stack([np.cross(left, up), left, up], axis=-1)
    usable = np.isfinite(rotation).all(axis=(1, 2)) & (length[:, 0] > 0.05)
    return np.where(usable[:, None, None], rotation, previous)


def rotation_variance(joints: NDArray, covariance: NDArray) -> NDArray[np.float64]:
    """Variances [P,3] in rad^2 about the world's x, y and z.

    From the joints' spread beyond the pelvis' own, over the length of the trunk (x, y) and over
    half the widths of hips and shoulders (z). Taken for an upright body.
    """
    variance = np.trace(covariance.astype(np.float64), axis1=-2, axis2=-1)
    relative = np.clip(variance - variance[:, PELVIS, None], _SMALLEST_RELATIVE_SD**2, None)
    trunk = np.linalg.norm(joints[:, NECK] - joints[:, PELVIS], axis=-1)
    tilt = relative[:, NECK] / np.maximum(trunk, 0.2) ** 2
    ends = [*HIPS, *SHOULDERS]
    width = 0.3 * np.maximum(trunk, 0.2)
    turn = relative[:, ends].mean(axis=-1) / width**2
    limit = np.pi**2 / 3  # of a direction about which nothing is known
    return np.nan_to_num(np.minimum(np.stack([tilt, tilt, turn], axis=-1), limit), nan=limit)
