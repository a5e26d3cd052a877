# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Made-up people for the tests of messages."""

import numpy as np
from scipy.spatial.transform import Rotation

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.skeletons.message_arrays import joints_of
from mocap23_ros.tracking.track import TrackState

STAMP = 1_700_000_000.25


def random_estimate(seed, person_id=1, state=TrackState.TRACKED, missing=0.2):
    random = np.random.default_rng(seed)
    count = len(OUTPUT19)
    joints = random.normal(size=(count, 3)).astype(np.float32)
    factors = 0.1 * random.normal(size=(count, 3, 3))
    covariance = (factors @ factors.swapaxes(1, 2)).astype(np.float32)
    confidence = random.uniform(size=count).astype(np.float32)
    gone = random.uniform(size=count) < missing
    joints[gone], covariance[gone], confidence[gone] = np.nan, np.nan, 0.0
    pose = np.eye(4)
    pose[:3, :3] = Rotation.random(random_state=seed).as_matrix()
    pose[:3, 3] = random.normal(size=3)
    root_factor = random.normal(size=(6, 6))
    return SkeletonEstimate(
        person_id=person_id, state=state, stamp=STAMP, joints=joints, confidence=confidence,
        covariance=covariance, world_T_root=pose, root_covariance=root_factor @ root_factor.T,
        root_velocity=random.normal(size=3), contact=random.uniform(size=2).astype(np.float32),
        stature=1.75, stature_sd=0.05)


def skeletons_from_message(message):
    """The people of a SkeletonArray as the core knows them."""
    stamp = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
    return [_skeleton_from_message(skeleton, stamp) for skeleton in message.skeletons]


def _skeleton_from_message(skeleton, stamp):
    joints, covariance = joints_of(skeleton)
    root_covariance = np.array(skeleton.root.covariance, np.float64).reshape(6, 6)
    if root_covariance[0, 0] == -1.0:
        root_covariance = np.full((6, 6), np.nan)
    velocity = skeleton.root_velocity
    return SkeletonEstimate(
        person_id=int(skeleton.id), state=TrackState(skeleton.state), stamp=stamp, joints=joints,
        confidence=np.array(skeleton.confidence, np.float32), covariance=covariance,
        world_T_root=_matrix_from_pose(skeleton.root.pose), root_covariance=root_covariance,
        root_velocity=np.array([velocity.x, velocity.y, velocity.z]),
        contact=np.array(skeleton.contact, np.float32), stature=float(skeleton.stature),
        stature_sd=float(skeleton.stature_sd))


def _matrix_from_pose(message):
    p, q = message.position, message.orientation
    pose = np.eye(4)
    pose[:3, 3] = p.x, p.y, p.z
    quaternion = np.array([q.x, q.y, q.z, q.w])
    if np.isfinite(quaternion).all() and np.linalg.norm(quaternion) > 0.0:
        pose[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
    else:
        pose[:3, :] = np.nan
    return pose
