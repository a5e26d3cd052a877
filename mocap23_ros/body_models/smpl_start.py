# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Poses to start the SMPL fit from: the analytic segment rotations, with and without twist."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.body_models.smpl_priors import FREE
from mocap23_ros.body_models.t_pose import turned_from_rest
from mocap23_ros.lifting.kinematic_tree import SEGMENTS
from mocap23_ros.skeletons.formats import SMPL22

_UPPER = ('hip', 'shoulder')
_LOWER = {'hip': 'knee', 'shoulder': 'elbow'}
_AXES = {'left_hip': (0, -1, 0), 'right_hip': (0, -1, 0), 'left_shoulder': (1, 0, 0),
         'right_shoulder': (-1, 0, 0)}  # of limbs in the rest pose


def _index(joint_name: str) -> int:
    return FREE.index(SMPL22.index(joint_name))


def starting_rotations(world_R_segment: NDArray) -> list[NDArray[np.float64]]:
    """Two guesses of parent_R_joint [N,16,3,3] of FREE from [N,11,3,3] of kinematic_tree.SEGMENTS.

    The first has the limbs' twists as read off their bends; the second none, for limbs so straight
    that their bend is noise. What lies between two segments is shared out evenly.
    """
    turned = dict(zip(SEGMENTS, np.moveaxis(turned_from_rest(world_R_segment), 1, 0),
                      strict=True))
    first = np.broadcast_to(np.eye(3), (len(world_R_segment), len(FREE), 3, 3)).copy()

    def put(parent: NDArray, child: NDArray, *joints: str) -> None:
        turn = Rotation.from_matrix(np.swapaxes(parent, 1, 2) @ child).as_rotvec()
        for joint in joints:
            first[:, _index(joint)] = Rotation.from_rotvec(turn / len(joints)).as_matrix()

    first[:, _index('pelvis')] = turned['pelvis']
    put(turned['pelvis'], turned['chest'], 'spine1', 'spine2', 'spine3')
    put(turned['chest'], turned['head'], 'neck', 'head')
    for side in ('left', 'right'):
        put(turned['chest'], turned[f'{side}_upper_arm'], f'{side}_shoulder')
        put(turned[f'{side}_upper_arm'], turned[f'{side}_forearm'], f'{side}_elbow')
        put(turned['pelvis'], turned[f'{side}_thigh'], f'{side}_hip')
        put(turned[f'{side}_thigh'], turned[f'{side}_shank'], f'{side}_knee')
    second = first.copy()
    for side in ('left', 'right'):
        for joint in _UPPER:
            axis = np.array(_AXES[f'{side}_{joint}'], float)
            upper, lower = _index(f'{side}_{joint}'), _index(f'{side}_{_LOWER[joint]}')
            second[:, upper] = _swing(first[:, upper] @ axis, axis)
            twist = np.swapaxes(second[:, upper], 1, 2) @ first[:, upper]
            second[:, lower] = _swing(twist @ first[:, lower] @ axis, axis)
    return [first, second]


def _swing(directions: NDArray, axis: NDArray) -> NDArray[np.float64]:
    """Shortest rotations [N,3,3] that take the axis to the unit directions [N,3]."""
    hinge = np.cross(axis, directions)
    sine = np.linalg.norm(hinge, axis=1, keepdims=True)
    angle = np.arctan2(sine, (directions @ axis)[:, None])
    return Rotation.from_rotvec(angle * hinge / np.maximum(sine, 1e-9)).as_matrix()
