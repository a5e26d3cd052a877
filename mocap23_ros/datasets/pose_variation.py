# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""New motion from recorded motion: bodies recombined from two windows, limbs swung, time reversed.

An hour of recordings holds few combinations of what arms, trunk and legs do. Legs are never
touched, so that feet stay where they stood and contact labels stay true.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.datasets.mocap34 import COUNT, JOINT_NAMES, PARENTS
from mocap23_ros.datasets.random_processes import chance

_BELOW_FLOOR = 0.03  # metres that a recombined body may sink lower than the recorded one


def _subtree(root: str) -> list[int]:
    """The joint and all below it, parents first."""
    top = JOINT_NAMES.index(root)
    return [top, *(joint for joint in range(COUNT) if _hangs_from(joint, top))]


def _hangs_from(joint: int, root: int) -> bool:
    parent = PARENTS[joint]
    return parent >= 0 and (parent == root or _hangs_from(parent, root))


_UPPER_BODY = _subtree('spine1')
_ARMS = (_subtree('l_elbow'), _subtree('r_elbow'))
_FOREARMS = (_subtree('l_wrist'), _subtree('r_wrist'))
# Of a part's frame: from right to left, from low to high.
_PELVIS = ('r_hip', 'l_hip', 'pelvis', 'spine2')
_CHEST = ('r_shoulder', 'l_shoulder', 'spine2', 'neck')


@dataclass(frozen=True)
class PoseVariation:
    """Shares of windows, and angles in radians.

    upper_body: share whose upper body comes from another window, relative to the pelvis. arm:
    share, for each arm, relative to the chest. swing: share whose arms and trunk swing besides,
    by up to ``arm_swing`` and ``trunk_swing`` (sd of each component). reverse: share that runs
    backwards.
    """

    upper_body: float = 0.25
    arm: float = 0.2
    swing: float = 0.4
    arm_swing: float = 0.3
    trunk_swing: float = 0.08
    swing_frequency: tuple[float, float] = (0.1, 0.8)
    reverse: float = 0.15


NO_POSE_VARIATION = PoseVariation(upper_body=0.0, arm=0.0, swing=0.0, reverse=0.0)


def vary_poses(joints: NDArray[np.float32], contact: NDArray[np.bool_],
               stature: NDArray[np.float32], rate: float, variation: PoseVariation,
               rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Vary a batch of windows; others of the same batch lend their parts.

    joints: [B,T,34,3] metres, z up, floor at 0; contact: [B,T,2]; stature: [B] metres of the
    recorded bodies; rate: samples per second. Returns new joints and contact.
    """
    if variation == NO_POSE_VARIATION:
        return joints, contact
    count = len(joints)
    vectors = _bones(joints)
    lender = np.roll(rng.permutation(count), 1)
    for part, frame, share in ((_UPPER_BODY, _PELVIS, variation.upper_body),
                               (_ARMS[0], _CHEST, variation.arm),
                               (_ARMS[1], _CHEST, variation.arm)):
        takes = np.flatnonzero(chance(rng, count, share))
        _exchange(vectors, joints, stature, takes, lender[takes], part, frame)
    swings = np.flatnonzero(chance(rng, count, variation.swing))
    for part, size in ((_UPPER_BODY, variation.trunk_swing),
                       *((part, variation.arm_swing) for part in (*_ARMS, *_FOREARMS))):
        _swing(vectors, swings, part, size, rate, variation.swing_frequency, rng)
    varied = _positions(vectors, joints[:, :, 0])
    lowest, before = (np.minimum(array[..., 2].min(axis=(1, 2)), 0) for array in (varied, joints))
    varied = np.where((lowest < before - _BELOW_FLOOR)[:, None, None, None], joints, varied)
    backwards = chance(rng, count, variation.reverse)
    varied[backwards] = varied[backwards, ::-1]
    return varied, np.where(backwards[:, None, None], contact[:, ::-1], contact)


def _bones(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors [34,B,T,3] from each joint's parent; the root's is zero."""
    by_joint = np.ascontiguousarray(np.moveaxis(joints, 2, 0))
    return by_joint - by_joint[np.maximum(PARENTS, 0)]


def _positions(vectors: NDArray[np.float32], root: NDArray[np.float32]) -> NDArray[np.float32]:
    """Joints [B,T,34,3] from vectors [34,B,T,3] and the root [B,T,3]."""
    joints = np.empty_like(vectors)
    joints[0] = root
    for joint in range(1, COUNT):
        joints[joint] = joints[PARENTS[joint]] + vectors[joint]
    return np.ascontiguousarray(np.moveaxis(joints, 0, 2))


def _frames(joints: NDArray[np.float32], names: tuple[str, ...]) -> NDArray[np.float32]:
    """Rotations [B,T,3,3] of a part: columns are its left, back and up in the world."""
    right, left, low, high = (joints[:, :, JOINT_NAMES.index(name)] for name in names)
    x = _unit(left - right)
    up = high - low
    z = _unit(up - (up * x).sum(-1, keepdims=True) * x)
    return np.stack([x, np.cross(z, x), z], axis=-1)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.asarray(vector / np.maximum(length, 1e-6), np.float32)


def _exchange(vectors: NDArray[np.float32], joints: NDArray[np.float32],
              stature: NDArray[np.float32], takes: NDArray[np.intp], lends: NDArray[np.intp],
              part: list[int], frame: tuple[str, ...]) -> None:
    """Give the windows ``takes`` the part of the recorded windows ``lends``, in place."""
    if not len(takes):
        return
    # An arm goes onto the present chest, which may already be another body's.
    taker = _positions(vectors[:, takes], joints[takes, :, 0])
    turn = _frames(taker, frame) @ np.swapaxes(_frames(joints[lends], frame), -1, -2)
    lent = _bones(joints[lends])[part]
    lent *= (stature[takes] / stature[lends])[:, None, None]
    vectors[np.array(part)[:, None], takes] = (turn @ lent[..., None])[..., 0]


def _swing(vectors: NDArray[np.float32], rows: NDArray[np.intp], part: list[int],
           size: float, rate: float, frequency: tuple[float, float],
           rng: np.random.Generator) -> None:
    """Turn a part by a smooth random rotation: an offset and one oscillation per component."""
    length = vectors.shape[2]
    if not len(rows) or size <= 0:
        return
    offset, swing = rng.standard_normal((2, len(rows), 1, 3)) * size * 0.7
    phase = rng.uniform(0, 2 * np.pi, (len(rows), 1, 3))
    hertz = rng.uniform(*frequency, (len(rows), 1, 3))
    time = np.arange(length)[None, :, None] / rate
    angles = offset + swing * np.sin(2 * np.pi * hertz * time + phase)
    turn = Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().astype(np.float32)
    chosen = (np.array(part)[:, None], rows)
    turned = turn.reshape(len(rows), length, 3, 3) @ vectors[chosen][..., None]
    vectors[chosen] = turned[..., 0]
