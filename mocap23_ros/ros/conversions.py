# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Skeletons of the core to messages and back.

In the core the floor is z = 0; ``floor_height`` [m] is where it is in the messages' frame.
"""

from array import array
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Pose
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from mocap23_msgs.msg import Skeleton, SkeletonArray, SkeletonInfo
from mocap23_ros.errors import InputError
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.track import TrackState

CONTACT_NAMES = ('left_foot', 'right_foot')

# xx xy xz yy yz zz: where the six numbers of the messages stand in a 3x3 matrix, and back.
_ROWS, _COLUMNS = np.triu_indices(3)
_SYMMETRIC = np.array([0, 1, 2, 1, 3, 4, 2, 4, 5])


def skeleton_info(
    output_format: SkeletonFormat, lifter: str, frame_prefix: str, header: Header
) -> SkeletonInfo:
    """Return what the numbers in Skeleton mean."""
    return SkeletonInfo(
        header=header,
        format=output_format.name,
        joint_names=list(output_format.joint_names),
        parents=array('i', output_format.parents),
        contact_names=list(CONTACT_NAMES),
        frame_prefix=frame_prefix,
        lifter=lifter,
    )


def skeletons_to_message(
    estimates: Sequence[SkeletonEstimate],
    header: Header,
    camera_frame: str,
    *,
    floor_height: float = 0.0,
    latency: float = float('nan'),
) -> SkeletonArray:
    """Return the message of all people at one stamp; latency in seconds.

    The numbers go in as packed arrays: assigning lists would cost a check per number.
    """
    message = SkeletonArray(header=header, camera_frame=camera_frame)
    if not estimates:
        return message
    joints = np.stack([estimate.joints for estimate in estimates]).astype(np.float32)
    joints[..., 2] += floor_height
    confidence = np.stack([estimate.confidence for estimate in estimates]).astype(np.float32)
    covariance = np.stack([estimate.covariance for estimate in estimates])
    covariance = covariance[..., _ROWS, _COLUMNS].astype(np.float32)
    contact = np.stack([estimate.contact for estimate in estimates]).astype(np.float32)
    roots = _root_numbers(estimates, floor_height)
    for i, estimate in enumerate(estimates):
        # Filled in place: each message given to a constructor is made twice.
        skeleton = Skeleton()
        skeleton.id = int(estimate.person_id)
        skeleton.state = int(estimate.state)
        skeleton.joints = array('f', joints[i].tobytes())
        skeleton.confidence = array('f', confidence[i].tobytes())
        skeleton.covariance = array('f', covariance[i].tobytes())
        position, orientation = skeleton.root.pose.position, skeleton.root.pose.orientation
        (position.x, position.y, position.z,
         orientation.x, orientation.y, orientation.z, orientation.w) = roots[i].tolist()
        skeleton.root.covariance = _root_covariance(estimate)
        velocity = skeleton.root_velocity
        velocity.x, velocity.y, velocity.z = estimate.root_velocity.astype(float).tolist()
        skeleton.contact = array('f', contact[i].tobytes())
        skeleton.stature = float(estimate.stature)
        skeleton.stature_sd = float(estimate.stature_sd)
        skeleton.latency = float(latency)
        message.skeletons.append(skeleton)
    return message


def skeletons_from_message(
    message: SkeletonArray, *, floor_height: float = 0.0
) -> list[SkeletonEstimate]:
    """Return the people of a message; raises InputError where its arrays do not fit together."""
    stamp = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
    return [_skeleton_from_message(skeleton, stamp, floor_height) for skeleton in message.skeletons]


def _skeleton_from_message(
    skeleton: Skeleton, stamp: float, floor_height: float
) -> SkeletonEstimate:
    count = len(skeleton.confidence)
    if len(skeleton.joints) != 3 * count or len(skeleton.covariance) not in (0, 6 * count):
        raise InputError(
            f'skeleton {skeleton.id} has {count} confidences, {len(skeleton.joints)} numbers for '
            f'joints and {len(skeleton.covariance)} for covariances; they must be J, 3J and 6J')
    joints = np.array(skeleton.joints, np.float32).reshape(count, 3)
    joints[:, 2] -= floor_height
    if len(skeleton.covariance):
        packed = np.array(skeleton.covariance, np.float32).reshape(count, 6)
        covariance = packed[:, _SYMMETRIC].reshape(count, 3, 3)
    else:
        covariance = np.full((count, 3, 3), np.nan, np.float32)
    root_covariance = np.array(skeleton.root.covariance, np.float64).reshape(6, 6)
    if root_covariance[0, 0] == -1.0:
        root_covariance = np.full((6, 6), np.nan)
    pose = _matrix_from_pose(skeleton.root.pose)
    pose[2, 3] -= floor_height
    velocity = skeleton.root_velocity
    return SkeletonEstimate(
        person_id=int(skeleton.id),
        state=TrackState(skeleton.state),
        stamp=stamp,
        joints=joints,
        confidence=np.array(skeleton.confidence, np.float32),
        covariance=covariance,
        world_T_root=pose,
        root_covariance=root_covariance,
        root_velocity=np.array([velocity.x, velocity.y, velocity.z]),
        contact=np.array(skeleton.contact, np.float32),
        stature=float(skeleton.stature),
        stature_sd=float(skeleton.stature_sd),
    )


def _root_numbers(
    estimates: Sequence[SkeletonEstimate], floor_height: float
) -> NDArray[np.float64]:
    """Position and quaternion (x, y, z, w) of every root, [P,7]; all NaN where there is none."""
    poses = np.stack([estimate.world_T_root for estimate in estimates])
    known: NDArray[np.bool_] = np.asarray(np.isfinite(poses).all(axis=(1, 2)))
    numbers = np.full((len(poses), 7), np.nan)
    if known.any():
        numbers[known, :3] = poses[known, :3, 3] + (0.0, 0.0, floor_height)
        numbers[known, 3:] = Rotation.from_matrix(poses[known, :3, :3]).as_quat()
    return numbers


def _root_covariance(estimate: SkeletonEstimate) -> NDArray[np.float64]:
    """36 numbers: NaN without a root, -1 in front where the covariance is not known."""
    if not np.isfinite(estimate.world_T_root).all():
        return np.full(36, np.nan)
    if not np.isfinite(estimate.root_covariance).all():
        return np.array([-1.0] + 35 * [0.0])
    return np.array(estimate.root_covariance, np.float64).reshape(36)


def _matrix_from_pose(message: Pose) -> NDArray[np.float64]:
    p, q = message.position, message.orientation
    pose = np.eye(4)
    pose[:3, 3] = p.x, p.y, p.z
    quaternion = np.array([q.x, q.y, q.z, q.w])
    if np.isfinite(quaternion).all() and np.linalg.norm(quaternion) > 0.0:
        pose[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
    else:
        pose[:3, :] = np.nan
    return pose
