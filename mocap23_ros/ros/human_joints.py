# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joint angles of REP 155's kinematic model of the human, read off joint positions.

Names, axes and signs of the joints are those of the package human_description. Its trunk bends only
at the waist, which 19 joints do not show: pelvis and torso turn with the body.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.kinematic_tree import SEGMENTS
from mocap23_ros.lifting.segment_rotations import segment_rotations
from mocap23_ros.skeletons.formats import OUTPUT19

_ARM = ('y_shoulder', 'p_shoulder', 'r_shoulder', 'elbow')
_LEG = ('y_hip', 'p_hip', 'r_hip', 'knee')
JOINT_NAMES = ('waist', 'r_head', 'y_head', 'p_head',
               *(f'{side}_{joint}' for joints in (_ARM, _LEG) for side in 'lr' for joint in joints))
# The model's arm swings so far back and forward [rad]; beyond, it is raised to the other side.
_BACK, _FORWARD, _INWARD = -1.1, 1.9, 0.4
_MIRROR = np.array([1.0, -1.0, 1.0])
_STRAIGHT = 1e-6  # sine


def joint_angles(joints: NDArray, world_R_body: NDArray) -> NDArray[np.float64]:
    """Angles [P,20] in radians, as JOINT_NAMES, of joints [P,19,3] and the bodies' axes [P,3,3].

    NaN where what an angle is made of is not known. ``world_R_body``: x forward, z up the spine.
    """
    turned = np.swapaxes(world_R_body, -1, -2)[:, None] @ segment_rotations(joints)
    known = dict(zip(OUTPUT19.joint_names, np.isfinite(joints).all(axis=-1).T, strict=True))
    segment = {name: turned[:, number] for number, name in enumerate(SEGMENTS)}
    columns = [0.0 * segment['chest'][:, 0, 0], *np.where(
        known['nose'] & known['left_ear'] & known['right_ear'], _head(segment['head']), np.nan)]
    for names, upper, lower, angles, bend in (
            (('shoulder', 'elbow', 'wrist'), 'upper_arm', 'forearm', _shoulder, 1.0),
            (('hip', 'knee', 'ankle'), 'thigh', 'shank', _hip, -1.0)):
        for side in ('left', 'right'):
            start, middle, end = (known[f'{side}_{name}'] for name in names)
            first, second = segment[f'{side}_{upper}'], segment[f'{side}_{lower}']
            if side == 'right':
                first = _MIRROR[:, None] * first * _MIRROR
            there = start & middle & np.isfinite(first).all(axis=(-2, -1))
            three = np.where(there, angles(first), np.nan)
            if side == 'right' and upper == 'thigh':  # the one axis that the model does not mirror
                three[0] *= -1.0
            if side == 'right':
                second = _MIRROR[:, None] * second * _MIRROR
            cosine = np.sum(first[:, :, 2] * second[:, :, 2], axis=-1)
            angle = bend * np.arccos(np.clip(cosine, -1.0, 1.0))
            columns += [*three, np.where(start & middle & end, angle, np.nan)]
    return np.stack(columns, axis=-1)


def _head(rotation: NDArray) -> NDArray[np.float64]:
    """Roll, yaw and pitch [3,P]: R = Rx(r) Rz(y) Ry(-p)."""
    return np.stack([
        np.arctan2(rotation[:, 2, 1], rotation[:, 1, 1]),
        np.arcsin(np.clip(-rotation[:, 0, 1], -1.0, 1.0)),
        -np.arctan2(rotation[:, 0, 2], rotation[:, 0, 0])])


def _hip(rotation: NDArray) -> NDArray[np.float64]:
    """Yaw, sideways and forward [3,P] of a left thigh: R = Rz(-a) Rx(b) Ry(-c)."""
    return np.stack([
        np.arctan2(rotation[:, 0, 1], rotation[:, 1, 1]),
        np.arcsin(np.clip(rotation[:, 2, 1], -1.0, 1.0)),
        np.arctan2(rotation[:, 2, 0], rotation[:, 2, 2])])


def _shoulder(rotation: NDArray) -> NDArray[np.float64]:
    """Forward, sideways and twist [3,P] of a left upper arm: R = Rz(-a) Rx(b) Rz(c)."""
    x, y, z = np.moveaxis(rotation[:, :, 2], -1, 0)
    sine = np.hypot(x, y)
    hangs = sine < _STRAIGHT  # then a and c turn about the same axis
    a = np.where(hangs, 0.0, np.arctan2(-x, -y))
    b = np.arctan2(np.where(hangs, 0.0, sine), z)
    other = ((a < _BACK) | (a > _FORWARD)) & (b <= _INWARD)
    a = np.where(other, np.arctan2(x, y), a)
    b = np.where(other, -b, b)
    # The rest of the rotation, after Rz(-a) Rx(b), is about z.
    cos_a, sin_a = np.cos(a), np.sin(a)
    forward = cos_a * rotation[:, 0, 0] - sin_a * rotation[:, 1, 0]
    left = np.cos(b) * (sin_a * rotation[:, 0, 0] + cos_a * rotation[:, 1, 0]) + (
        np.sin(b) * rotation[:, 2, 0])
    return np.stack([a, b, np.arctan2(left, forward)])
