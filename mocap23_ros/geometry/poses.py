# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Rigid transforms as 4x4 matrices: ``a_T_b`` maps points of frame b into frame a."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError

RIGID_TOLERANCE = 1e-3  # largest error of an entry of R^T R
QUATERNION_TOLERANCE = 0.01  # of the length of quaternions that people write down
# Metres. Joints are stored in single precision: farther out its steps exceed a centimetre.
LARGEST_DISTANCE = 1e5
# Metres between two frames of a tree, which may be that of the Earth's centre (REP 105).
_LONGEST_TRANSLATION = 1e7
FARTHEST_PERSON = 300.0  # metres from the camera; nobody is discernible there


def transform_points(a_T_b: NDArray, p_b: NDArray) -> NDArray:
    """Map points of frame b into frame a.

    a_T_b: [...,4,4]; p_b: [...,3]. The leading axes of the pose must be those of the points or
    broadcast against them *without* the point axis: [4,4] with [T,J,3], or [T,4,4] with [T,J,3]
    (one pose per row of points). Returns [...,3] in the points' precision at least.
    """
    rotation, translation = a_T_b[..., :3, :3], a_T_b[..., :3, 3]
    if p_b.ndim == 1:
        return np.matmul(rotation, p_b[:, None])[..., 0] + translation
    if a_T_b.ndim == 2:
        return p_b @ rotation.T + translation
    missing = p_b.ndim - 1 - (a_T_b.ndim - 2)
    if missing == 0:
        return np.matmul(rotation, p_b[..., None])[..., 0] + translation
    if missing < 0:
        raise ValueError(f'poses {a_T_b.shape} have more axes than points {p_b.shape}')
    spread = a_T_b.shape[:-2] + (1,) * (missing - 1)
    rotation = rotation.reshape(spread + (3, 3))
    translation = translation.reshape(spread + (1, 3))
    return np.matmul(p_b, np.swapaxes(rotation, -1, -2)) + translation


def invert_transform(a_T_b: NDArray) -> NDArray:
    """Return ``b_T_a``, [...,4,4], of a rigid ``a_T_b``; exact for rigid input, no matrix solve."""
    b_T_a = np.zeros_like(a_T_b)
    transposed = np.swapaxes(a_T_b[..., :3, :3], -1, -2)
    b_T_a[..., :3, :3] = transposed
    b_T_a[..., :3, 3] = -np.matmul(transposed, a_T_b[..., :3, 3:])[..., 0]
    b_T_a[..., 3, 3] = 1
    return b_T_a


def interpolate_pose(start: NDArray, end: NDArray, fraction: ArrayLike) -> NDArray[np.float64]:
    """Pose between two poses: straight line of the origin, shortest turn of the axes (slerp).

    start, end: [...,4,4]; fraction: [...] 0 gives start, 1 gives end; all broadcast.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    fraction = np.asarray(fraction, np.float64)
    shape = np.broadcast_shapes(start.shape[:-2], end.shape[:-2], fraction.shape)
    start = np.broadcast_to(start, shape + (4, 4))
    end = np.broadcast_to(end, shape + (4, 4))
    fraction = np.broadcast_to(fraction, shape)
    pose = start + fraction[..., None, None] * (end - start)
    if not pose.size:
        return pose
    start_R_end = np.matmul(np.swapaxes(start[..., :3, :3], -1, -2), end[..., :3, :3])
    turn = Rotation.from_matrix(start_R_end.reshape(-1, 3, 3)).as_rotvec()
    partial = Rotation.from_rotvec(turn * fraction.reshape(-1, 1)).as_matrix()
    pose[..., :3, :3] = np.matmul(start[..., :3, :3], partial.reshape(shape + (3, 3)))
    return pose


def check_pose(pose: ArrayLike, name: str = 'world_T_camera') -> NDArray[np.float64]:
    """Return the pose(s) as float64 [...,4,4] after checking that they are rigid.

    Raises InputError, naming ``name``, for a wrong shape, numbers that are not finite, a rotation
    part that is not a proper rotation within RIGID_TOLERANCE, a wrong last row, or a place
    farther than LARGEST_DISTANCE from the origin.
    """
    try:
        given = np.asarray(pose)
    except (TypeError, ValueError):
        given = np.array('no array')
    if given.dtype.kind not in 'fiu':  # complex numbers and text would be converted silently
        raise InputError(f'{name} is not an array of numbers; give a 4x4 matrix')
    poses = given.astype(np.float64, copy=False)
    if poses.ndim < 2 or poses.shape[-2:] != (4, 4):
        raise InputError(f'{name} has shape {list(poses.shape)}; give 4x4 matrices')
    if not np.isfinite(poses).all():
        raise InputError(f'{name} has entries that are not finite numbers')
    rotation = poses[..., :3, :3]
    distance = np.abs(poses[..., :3, 3]).max(initial=0.0)
    if distance > LARGEST_DISTANCE:
        raise InputError(f'{name} is {distance:.3g} m from the origin of its world; give metres in '
                         f'a local frame, within {LARGEST_DISTANCE / 1e3:g} km')
    error = np.abs(np.matmul(np.swapaxes(rotation, -1, -2), rotation) - np.eye(3))
    rigid = (error.max(initial=0.0) <= RIGID_TOLERANCE
             and bool((np.linalg.det(rotation) > 0).all())
             and np.abs(poses[..., 3, :] - (0, 0, 0, 1)).max(initial=0.0) <= RIGID_TOLERANCE)
    if not rigid:
        raise InputError(
            f'{name} is non-rigid: its upper left 3x3 part must be a rotation (orthonormal, '
            'determinant +1, no scale or mirror) and its last row 0 0 0 1')
    return poses


def turn_between(a_T_b: NDArray, a_T_c: NDArray) -> float:
    """The angle, radians, 0 to pi, by which two poses [4,4] are turned against each other."""
    cosine = 0.5 * (np.trace(a_T_b[:3, :3].T @ a_T_c[:3, :3]) - 1)
    return float(np.arccos(np.clip(cosine, -1, 1)))


def wrap_angle(angle: ArrayLike) -> NDArray[np.float64]:
    """The same angles, radians, from -pi to pi."""
    return (np.asarray(angle, np.float64) + np.pi) % (2 * np.pi) - np.pi


def check_translation(translation: ArrayLike) -> None:
    """Raise InputError where frames are farther apart, in metres [...,3], than any of a robot.

    Between such a transform and a right one every interpolated pose is wrong, and may look right.
    """
    distance = float(np.abs(np.asarray(translation, np.float64)).max(initial=0.0))
    if distance > _LONGEST_TRANSLATION:
        raise InputError(f'the translation has {distance:.3g} m, more than the '
                         f'{_LONGEST_TRANSLATION / 1e3:g} km that two frames may be apart')


def pose_from_translation_quaternion(
        translation: ArrayLike, quaternion_xyzw: ArrayLike) -> NDArray[np.float64]:
    """Pose(s) [...,4,4] from translations [...,3] in metres and quaternions x, y, z, w [...,4].

    Quaternions are normalised; raises InputError where one is not finite or near zero length, and
    for translations of ``check_translation``.
    """
    quaternion = np.asarray(quaternion_xyzw, np.float64)
    translation = np.asarray(translation, np.float64)
    if quaternion.shape[-1:] != (4,) or translation.shape[-1:] != (3,):
        raise InputError('a pose needs a translation of 3 and a quaternion (x, y, z, w) of 4 '
                         f'numbers, not {translation.shape[-1:]} and {quaternion.shape[-1:]}')
    if not (np.isfinite(quaternion).all() and np.isfinite(translation).all()):
        raise InputError('translation and quaternion of a pose must be finite numbers')
    check_translation(translation)
    if quaternion.size and np.linalg.norm(quaternion, axis=-1).min() < 1e-6:
        raise InputError('a quaternion of length zero is not a rotation; the identity is '
                         '0, 0, 0, 1')
    shape = np.broadcast_shapes(quaternion.shape[:-1], translation.shape[:-1])
    pose = np.zeros(shape + (4, 4))
    if pose.size:
        rotation = Rotation.from_quat(quaternion.reshape(-1, 4)).as_matrix()
        pose[..., :3, :3] = rotation.reshape(quaternion.shape[:-1] + (3, 3))
    pose[..., :3, 3] = translation
    pose[..., 3, 3] = 1
    return pose


def above_floor(world_T_camera: NDArray, floor_height: float) -> NDArray[np.float64]:
    """floor_T_camera [...,4,4]: the pose(s) in that world shifted so that its floor is at z = 0."""
    pose = world_T_camera.copy()
    pose[..., 2, 3] -= floor_height
    return pose


def pose_from_text(text: str) -> NDArray[np.float64]:
    """Pose [4,4] from the seven numbers ``x y z qx qy qz qw``: metres and a unit quaternion.

    Raises InputError, in one line, for other text and for a quaternion that is none of length 1.
    """
    words = text.replace(',', ' ').split()[:8]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != 7:
        raise InputError('must be seven numbers "x y z qx qy qz qw", metres and a unit quaternion, '
                         f'not "{text[:100]}"')
    pose = pose_from_translation_quaternion(numbers[:3], numbers[3:])
    length = float(np.linalg.norm(numbers[3:]))
    if abs(length - 1) > QUATERNION_TOLERANCE:
        raise InputError(f'has the quaternion qx qy qz qw of length {length:.3g}; it must be 1, '
                         'and qw is the last one')
    return check_pose(pose, 'the pose')


def translation_quaternion_from_pose(
        pose: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Translation(s) [...,3] and unit quaternion(s) x, y, z, w [...,4], w >= 0, of [...,4,4]."""
    pose = np.asarray(pose, np.float64)
    quaternion = Rotation.from_matrix(pose[..., :3, :3].reshape(-1, 3, 3)).as_quat()
    quaternion *= np.where(quaternion[:, 3:] < 0, -1.0, 1.0)
    return pose[..., :3, 3].copy(), quaternion.reshape(pose.shape[:-2] + (4,))
