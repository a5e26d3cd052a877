# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the core's skeletons and 2D keypoints into messages."""

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from mocap23_msgs.msg import Keypoints2D, Keypoints2DArray, Skeleton, SkeletonArray, SkeletonInfo
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.message_arrays import unique_entries
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.track import Track

CONTACT_NAMES = ('left_foot', 'right_foot')


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
    latency: float = float('nan'),
) -> SkeletonArray:
    """Return the message of all people at one stamp; latency in seconds.

    The numbers go in as packed arrays: assigning lists would cost a check per number.
    """
    message = SkeletonArray(header=header, camera_frame=camera_frame)
    if not estimates:
        return message
    joints = np.stack([estimate.joints for estimate in estimates]).astype(np.float32)
    confidence = np.stack([estimate.confidence for estimate in estimates]).astype(np.float32)
    covariance = unique_entries(
        np.stack([estimate.covariance for estimate in estimates])).astype(np.float32)
    contact = np.stack([estimate.contact for estimate in estimates]).astype(np.float32)
    roots = root_numbers(estimates)
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
        skeleton.root.covariance = root_covariance(estimate)
        velocity = skeleton.root_velocity
        velocity.x, velocity.y, velocity.z = estimate.root_velocity.astype(float).tolist()
        skeleton.contact = array('f', contact[i].tobytes())
        skeleton.stature = float(estimate.stature)
        skeleton.stature_sd = float(estimate.stature_sd)
        skeleton.latency = float(latency)
        message.skeletons.append(skeleton)
    return message


def root_numbers(estimates: Sequence[SkeletonEstimate]) -> NDArray[np.float64]:
    """Position and quaternion (x, y, z, w) of every root, [P,7]; all NaN where there is none."""
    poses = np.stack([estimate.world_T_root for estimate in estimates])
    known: NDArray[np.bool_] = np.asarray(np.isfinite(poses).all(axis=(1, 2)))
    numbers = np.full((len(poses), 7), np.nan)
    if known.any():
        numbers[known, :3] = poses[known, :3, 3]
        numbers[known, 3:] = Rotation.from_matrix(poses[known, :3, :3]).as_quat()
    return numbers


def root_covariance(estimate: SkeletonEstimate) -> NDArray[np.float64]:
    """36 numbers: NaN without a root, -1 in front where the covariance is not known."""
    if not np.isfinite(estimate.world_T_root).all():
        return np.full(36, np.nan)
    if not np.isfinite(estimate.root_covariance).all():
        return np.array([-1.0] + 35 * [0.0])
    return np.array(estimate.root_covariance, np.float64).reshape(36)


def keypoints_to_message(
    tracks: Sequence[Track],
    keypoint_format: SkeletonFormat,
    header: Header,
    image_size: tuple[int, int],
) -> Keypoints2DArray:
    """Return the keypoints of the people seen in this image; header is the image's own."""
    message = Keypoints2DArray(
        header=header, format=keypoint_format.name,
        image_width=int(image_size[0]), image_height=int(image_size[1]))
    message.people = [
        Keypoints2D(
            id=int(track.person_id),
            keypoints=array('f', np.ascontiguousarray(track.keypoints, np.float32).tobytes()),
            bounding_box=np.asarray(track.bounding_box, np.float32).copy(),
            score=float(np.mean(track.keypoints[:, 2])),
        )
        for track in tracks if np.isfinite(track.keypoints[:, :2]).any()
    ]
    return message
