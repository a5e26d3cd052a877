# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A jointed figure: joint angles to 34 joint positions, standing on what touches the floor."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from mocap23_ros.datasets.mocap34 import COUNT, JOINT_NAMES, PARENTS

STATURE = 1.72
# Angles in radians; forward bends, flexion and outward lifts are positive, on both sides.
_SIDE_ANGLES = ('shoulder_flex', 'shoulder_abduct', 'shoulder_twist', 'elbow', 'hip_flex',
                'hip_abduct', 'hip_twist', 'knee', 'ankle')
ANGLES = ('root_pitch', 'root_roll', 'root_yaw', 'spine_bend', 'spine_side', 'spine_twist',
          'neck_bend', 'neck_twist', *(f'l_{name}' for name in _SIDE_ANGLES),
          *(f'r_{name}' for name in _SIDE_ANGLES))
INDEX = {name: number for number, name in enumerate(ANGLES)}

# Offsets from the parent in the upright rest pose, arms down: x forward, y left, z up (m).
_REST_LEFT = {
    'l_hip': (.02, .09, -.103), 'l_knee': (.0, .0, -.410), 'l_ankle': (.0, .0, -.424),
    'l_foot': (.112, .005, -.058), 'l_toe': (.061, .0, -.010), 'l_heel': (-.05, .0, -.070),
    'l_collar': (-.005, .056, .015), 'l_shoulder': (-.01, .129, .035),
    'l_elbow': (.0, .0, -.293), 'l_wrist': (.0, .0, -.285), 'l_hand': (.0, .0, -.075),
    'l_eye': (-.008, .031, .038), 'l_ear': (-.080, .042, .0),
}
_REST = {'pelvis': (0, 0, 0), 'spine1': (-.01, 0, .117), 'spine2': (.0, 0, .117),
         'spine3': (.0, 0, .047), 'neck': (.0, 0, .070), 'head': (.02, 0, .187),
         'head_top': (.02, 0, .187), 'nose': (.105, 0, .02)}
_OFFSETS: NDArray[np.float64] = np.array([
    _REST.get(name) or (_REST_LEFT[name] if name in _REST_LEFT else
                        np.multiply(_REST_LEFT['l' + name[1:]], (1, -1, 1)))
    for name in JOINT_NAMES], np.float64)
# Flesh below a joint that may touch the floor (m); feet touch with the points themselves.
_GRIP = 0.015  # m
_RADIUS: NDArray[np.float64] = np.array([{
    'pelvis': .11, 'hip': .09, 'spine1': .10, 'spine2': .11, 'spine3': .11, 'shoulder': .07,
    'elbow': .045, 'wrist': .035, 'hand': .02, 'knee': .055, 'head': .09, 'head_top': .03,
    'nose': .01, 'ankle': .05, 'neck': .08}.get(name.removeprefix('l_').removeprefix('r_'), 0.0)
    for name in JOINT_NAMES])
_TOUCHING: NDArray[np.bool_] = np.array(
    [not name.endswith(('collar', 'eye', 'ear')) for name in JOINT_NAMES])


def _local_rotations(angles: NDArray[np.float64]) -> dict[str, Rotation]:
    def angle(name: str) -> NDArray[np.float64]:
        return angles[:, INDEX[name]]

    rotations = {
        'pelvis': Rotation.from_euler('ZXY', np.stack(
            [angle('root_yaw'), angle('root_roll'), angle('root_pitch')], axis=1)),
        'neck': Rotation.from_euler('ZY', np.stack(
            [angle('neck_twist') / 2, angle('neck_bend') / 2], axis=1))}
    rotations['head'] = rotations['neck']
    spine = Rotation.from_euler('ZXY', np.stack(
        [angle('spine_twist'), angle('spine_side'), angle('spine_bend')], axis=1) / 3)
    rotations.update(spine1=spine, spine2=spine, spine3=spine)
    for side, sign in (('l', 1.0), ('r', -1.0)):
        def own(name: str, side: str = side) -> NDArray[np.float64]:
            return angles[:, INDEX[f'{side}_{name}']]
        for joint, flex in (('shoulder', -own('shoulder_flex')), ('hip', -own('hip_flex'))):
            rotations[f'{side}_{joint}'] = Rotation.from_euler('YXZ', np.stack(
                [flex, sign * own(f'{joint}_abduct'), sign * own(f'{joint}_twist')], axis=1))
        for joint, bend in (('elbow', -own('elbow')), ('knee', own('knee')),
                            ('ankle', -own('ankle'))):
            rotations[f'{side}_{joint}'] = Rotation.from_euler('Y', bend[:, None])
    return rotations


def pose_joints(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Forward kinematics: angles [F,26] -> joints [F,34,3] metres, pelvis at the origin."""
    local = {name: rotation.as_matrix() for name, rotation in _local_rotations(angles).items()}
    turned = np.empty((COUNT, len(angles), 3, 3))
    joints = np.empty((COUNT, len(angles), 3))
    for joint, parent in enumerate(PARENTS):
        own = local.get(JOINT_NAMES[joint])
        if parent < 0:
            turned[joint], joints[joint] = local['pelvis'], 0.0
            continue
        turned[joint] = turned[parent] if own is None else turned[parent] @ own
        joints[joint] = joints[parent] + turned[parent] @ _OFFSETS[joint]
    return np.moveaxis(joints, 0, 1)


def stand_on_contacts(joints: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """Move a figure over the floor as its touching points push it.

    joints: [F,34,3] with the pelvis at the origin. Heights follow the lowest point (with the flesh
    around it); sideways, the points within about _GRIP of the floor stay where they are.
    Only for motion that always touches the floor. Returns joints [F,34,3] with z = 0 the floor.
    """
    low = joints[..., 2] - _RADIUS
    low[:, ~_TOUCHING] = np.inf
    lowest = low.min(axis=1)
    height = gaussian_filter1d(lowest, 1.0, mode='nearest')
    weight = np.exp(-(low - lowest[:, None]) / _GRIP)
    weight = np.minimum(weight[1:], weight[:-1])
    velocity = np.diff(joints[..., :2], axis=0)
    step = -(weight[..., None] * velocity).sum(axis=1) / weight.sum(axis=1)[:, None]
    limit = 4.0 / fps
    step *= np.minimum(1.0, limit / np.maximum(np.linalg.norm(step, axis=1), 1e-9))[:, None]
    path = np.zeros((len(joints), 3))
    path[1:, :2] = np.cumsum(step, axis=0)
    path[:, 2] = -height
    return joints + path[:, None]
