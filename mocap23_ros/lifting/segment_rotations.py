# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Rotations of the body's segments read off joint positions, without an optimiser.

Bone directions give the swing; the twist of a limb comes from the plane in which its hinge bends.
A straight limb shows no plane: its twist then fades to that of the segment it hangs from. The
twist about a straight limb and that of the hands and feet cannot be seen in joint positions.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.kinematic_tree import SEGMENTS
from mocap23_ros.skeletons.coco17 import (
    ANKLES,
    EARS,
    ELBOWS,
    FACE,
    HIPS,
    KNEES,
    NECK,
    PELVIS,
    SHOULDERS,
    WRISTS,
)
from mocap23_ros.skeletons.formats import OUTPUT19

_CLEAR_BEND = 0.15  # sine of the bend from which on the hinge alone says the twist
_NOSE = FACE[0]
_BEGINS = {'shoulder': 'upper_arm', 'elbow': 'forearm', 'wrist': 'forearm', 'hip': 'thigh',
           'knee': 'shank', 'ankle': 'shank'}


def _segment_of(joint: str) -> int:
    side, _, part = joint.partition('_')
    if part in _BEGINS:
        return SEGMENTS.index(f'{side}_{_BEGINS[part]}')
    return SEGMENTS.index({'pelvis': 'pelvis', 'neck': 'chest'}.get(joint, 'head'))


_JOINT_SEGMENTS = [_segment_of(joint) for joint in OUTPUT19.joint_names]


def segment_rotations(joints: NDArray) -> NDArray[np.float64]:
    """world_R_segment [...,11,3,3] of joints [...,19,3]; NaN where the trunk is incomplete.

    A limb that is not seen hangs straight from its parent segment.
    """
    with np.errstate(invalid='ignore', divide='ignore'):
        result = np.empty((*joints.shape[:-2], len(SEGMENTS), 3, 3))
        spine = joints[..., NECK, :] - joints[..., PELVIS, :]
        pelvis = _frame(spine, _to_left(joints, HIPS))
        chest = _frame(spine, _to_left(joints, SHOULDERS))
        # The hips' line lies in the pelvis exactly, the spine only nearly.
        left = _unit(_to_left(joints, HIPS))
        pelvis = np.stack([pelvis[..., 0], left, _cross(pelvis[..., 0], left)], axis=-1)
        result[..., 0, :, :], result[..., 1, :, :] = pelvis, chest
        result[..., 2, :, :] = _head(joints, chest)
        # Left and right limbs together: segments 3 to 6 are the arms, 7 to 10 the legs.
        result[..., 3:5, :, :], result[..., 5:7, :, :] = _limbs(
            joints, (SHOULDERS, ELBOWS, WRISTS), chest, -1.0)
        result[..., 7:9, :, :], result[..., 9:11, :, :] = _limbs(
            joints, (HIPS, KNEES, ANKLES), pelvis, 1.0)
    return result


def joint_rotations(joints: NDArray) -> NDArray[np.float64]:
    """world_R_joint [...,19,3,3] of joints [...,19,3]: of the segment that begins at each joint.

    Wrists and ankles are turned as the segments that end there. NaN as in segment_rotations.
    """
    return segment_rotations(joints)[..., _JOINT_SEGMENTS, :, :]


def _to_left(joints: NDArray, pair: NDArray[np.intp]) -> NDArray:
    return joints[..., pair[0], :] - joints[..., pair[1], :]


def _cross(a: NDArray, b: NDArray) -> NDArray:
    """As np.cross, whose checks take most of a frame's time."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def _unit(vector: NDArray) -> NDArray:
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def _frame(up: NDArray, left: NDArray) -> NDArray[np.float64]:
    """Axes as columns: z along ``up``, y as near to ``left`` as that allows."""
    z = _unit(up)
    y = _unit(left - np.sum(left * z, axis=-1, keepdims=True) * z)
    return np.stack([_cross(y, z), y, z], axis=-1)


def _head(joints: NDArray, chest: NDArray) -> NDArray:
    """From the ears' line and the nose; the chest's where the face is not seen."""
    ears = 0.5 * (joints[..., EARS[0], :] + joints[..., EARS[1], :])
    forward = joints[..., _NOSE, :] - ears
    y = _unit(_to_left(joints, EARS))
    x = _unit(forward - np.sum(forward * y, axis=-1, keepdims=True) * y)
    head = np.stack([x, y, _cross(x, y)], axis=-1)
    return np.where(np.isfinite(head).all(axis=(-2, -1), keepdims=True), head, chest)


def _limbs(joints: NDArray, pairs: tuple[NDArray[np.intp], ...], parent: NDArray,
           hinge_sign: float) -> tuple[NDArray, NDArray]:
    """Upper and lower segments [...,2,3,3], left and right.

    hinge_sign: +1 bends the end back (knee), -1 forward (elbow).
    """
    parent = parent[..., None, :, :]
    start, middle, end = (joints[..., pair, :] for pair in pairs)
    first, second = middle - start, end - middle
    first = np.where(np.isfinite(first), first, -parent[..., 2])
    second = np.where(np.isfinite(second), second, first)
    along, further = _unit(first), _unit(second)
    hinge = hinge_sign * _cross(along, further)
    sine = np.linalg.norm(hinge, axis=-1, keepdims=True)
    share = np.clip(sine / _CLEAR_BEND, 0.0, 1.0)
    from_parent = _unit(parent[..., 1] - np.sum(parent[..., 1] * along, axis=-1, keepdims=True)
                        * along)
    hinge = hinge / np.maximum(sine, 1e-9)
    if hinge_sign > 0:  # knees do not bend forward: a plane that says so is depth noise
        share = np.where(np.sum(hinge * from_parent, axis=-1, keepdims=True) < 0, 0.0, share)
    axis = share * hinge + (1 - share) * from_parent
    return _frame(-first, axis), _frame(-second, axis)
