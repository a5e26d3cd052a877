# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""TF in and out: the camera's pose at an image's stamp, and a frame for every joint."""

import numpy as np
import tf2_ros
from geometry_msgs.msg import Transform, TransformStamped
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.time import Time
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import (
    pose_from_translation_quaternion,
    translation_quaternion_from_pose,
)
from mocap23_ros.lifting.segment_rotations import joint_rotations
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.camera_poses import NoTransformError, camera_frame_of
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.tracking.track import TrackState

_MEMORY, _LONGEST_MEMORY = 10.0, 600.0  # s; the first is what tf2 keeps by default
_SLOWEST = 5.0  # images a second for which a full queue finds its transforms


def matrix_from_transform(transform: Transform) -> NDArray[np.float64]:
    """Return a 4x4 pose; raises InputError where the message holds no rotation."""
    t, q = transform.translation, transform.rotation
    try:
        return pose_from_translation_quaternion((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))
    except InputError as error:
        raise InputError(f'TF holds no valid pose of the camera: {error}; check who publishes it'
                         ) from error


def transform_from_matrix(pose: NDArray[np.float64]) -> Transform:
    """Return the message of a 4x4 pose."""
    transform = Transform()
    translation, quaternion = translation_quaternion_from_pose(pose)
    t, q = transform.translation, transform.rotation
    t.x, t.y, t.z = translation.tolist()
    q.x, q.y, q.z, q.w = quaternion.tolist()
    return transform


def transform_memory(settings: Settings) -> float:
    """Return for how long TF is kept, seconds: for the images that may wait in a queue."""
    return min(_MEMORY + (settings.image_queue - 1) / _SLOWEST, _LONGEST_MEMORY)


class LiveTransforms:
    """The camera's pose from TF as it comes."""

    def __init__(self, buffer: tf2_ros.Buffer) -> None:
        self._buffer = buffer

    def camera_pose(self, world_frame: str, header: Header) -> NDArray[np.float64]:
        """Return world_T_camera [4,4] at the header's stamp; see CameraPoses."""
        camera_frame = camera_frame_of(header)
        stamp = Time.from_msg(header.stamp)
        # tf2 gives a transform of exactly this stamp as it is while it is the newest, and rounded
        # once a newer one is there. A nanosecond before, the pose does not depend on when TF came.
        for time in (stamp - Duration(nanoseconds=1), stamp):
            try:
                found = self._buffer.lookup_transform(world_frame, camera_frame, time)
            except tf2_ros.TransformException as error:
                reason = error
            else:
                return matrix_from_transform(found.transform)
        raise NoTransformError(_explain(world_frame, camera_frame, reason)) from reason

    def newest_pose(self, world_frame: str, camera_frame: str) -> NDArray[np.float64] | None:
        """Return world_T_camera [4,4] at the newest stamp, None where TF does not know it."""
        if not self._buffer.can_transform(world_frame, camera_frame, Time()):
            return None
        try:
            found = self._buffer.lookup_transform(world_frame, camera_frame, Time())
        except tf2_ros.TransformException:  # forgotten in between
            return None
        return matrix_from_transform(found.transform)

    def clear(self) -> None:
        """Forget moving transforms."""
        self._buffer.clear()


def _explain(world_frame: str, camera_frame: str, error: Exception) -> str:
    reason = ' '.join(str(error).split())
    missing = f'no transform from camera "{camera_frame}" to world_frame "{world_frame}"'
    if isinstance(error, tf2_ros.ExtrapolationException):
        return (
            f'{missing} at the stamp of the image: {reason}; check that images and TF use the '
            'same clock, or raise tf_timeout')
    return (
        f'{missing}: {reason}; publish it (for a fixed camera: ros2 run tf2_ros '
        f'static_transform_publisher --frame-id {world_frame} --child-frame-id {camera_frame} '
        '--x .. --y .. --z .., or without TF the parameter camera_pose), or set the parameter '
        'world_frame to a z-up frame that exists')


class PersonFrames:
    """Makes the TF frames ``<prefix>person_<id>`` and ``<prefix>person_<id>/<joint>``.

    The first is the body's root in the world; joints are its children, turned as the body is or
    along the limbs. The stamps of a frame always increase, or TF listeners would
    complain.
    """

    def __init__(self, frame_prefix: str, joint_names: tuple[str, ...]) -> None:
        self._prefix = frame_prefix
        self._joint_names = joint_names
        self._last_stamp = 0

    def reset(self) -> None:
        """Forget the last stamp: time may begin anew."""
        self._last_stamp = 0

    def transforms(
        self, estimates: list[SkeletonEstimate], header: Header, joints: bool = True,
        along_limbs: bool = False,
    ) -> list[TransformStamped]:
        """Return the transforms of everybody with a root, and their joints' if asked for.

        along_limbs: joints are turned as the segments that begin there, in the rest pose as the
        body is; where the trunk is not seen they are turned as the body. LOST people get none.
        """
        stamp = nanoseconds(header.stamp)
        if stamp <= self._last_stamp:
            return []
        self._last_stamp = stamp
        result: list[TransformStamped] = []
        for estimate in estimates:
            pose = estimate.world_T_root
            if estimate.state is TrackState.LOST or not np.isfinite(pose).all():
                continue
            person = f'{self._prefix}person_{estimate.person_id}'
            root = transform_from_matrix(pose)
            result.append(TransformStamped(header=header, child_frame_id=person, transform=root))
            if not joints:
                continue
            # Rows times R is the inverse rotation applied to every joint.
            joints_root = (estimate.joints.astype(float) - pose[:3, 3]) @ pose[:3, :3]
            parent = Header(stamp=header.stamp, frame_id=person)
            seen: list[bool] = np.isfinite(joints_root).all(axis=1).tolist()  # type: ignore
            turns = _limb_quaternions(estimate) if along_limbs else [None] * len(seen)
            for name, point, turn, is_there in zip(
                    self._joint_names, joints_root.tolist(), turns, seen, strict=True):
                if is_there:
                    result.append(_joint_transform(parent, f'{person}/{name}', point, turn))
        return result


def _limb_quaternions(estimate: SkeletonEstimate) -> list[list[float] | None]:
    """Turns (x, y, z, w) of the joints in the body's frame; None where they are not known."""
    root_R_joints = np.swapaxes(estimate.world_T_root[:3, :3], -1, -2) @ joint_rotations(
        estimate.joints.astype(float))
    known = np.isfinite(root_R_joints).all(axis=(-2, -1))
    turns: list[list[float] | None] = [None] * len(estimate.joints)
    if known.any():
        quaternions = Rotation.from_matrix(root_R_joints[known]).as_quat().tolist()
        for joint, quaternion in zip(np.flatnonzero(known).tolist(), quaternions, strict=True):
            turns[joint] = quaternion
    return turns


def _joint_transform(
    parent: Header, child: str, point: list[float], turn: list[float] | None
) -> TransformStamped:
    # Filled in place: each message given to a constructor is made twice.
    joint = TransformStamped()
    joint.header = parent
    joint.child_frame_id = child
    translation = joint.transform.translation
    translation.x, translation.y, translation.z = point
    if turn is not None:
        rotation = joint.transform.rotation
        rotation.x, rotation.y, rotation.z, rotation.w = turn
    return joint
