# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the published estimates of lifted joints: root pose, velocity, covariance."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.pipeline.body_frame import body_rotation, rotation_variance
from mocap23_ros.pipeline.root_filter import RootFilter
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.coco17 import PELVIS
from mocap23_ros.tracking.track import TrackState

_NOISE_SHARE = 0.25  # of the root's variance that changes from frame to frame; the rest is shared


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
