# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A body of eleven rigid segments that carry the 19 output joints.

Rest pose: upright, arms hanging; every segment's axes are x forward, y left, z up, so that limbs
point along -z. Segments: the trunk is two (pelvis and chest, hinged at mid-hip), then the head and
two segments per limb.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import FACE, NECK, PELVIS
from mocap23_ros.skeletons.formats import OUTPUT19

SEGMENTS = ('pelvis', 'chest', 'head', 'left_upper_arm', 'right_upper_arm', 'left_forearm',
            'right_forearm', 'left_thigh', 'right_thigh', 'left_shank', 'right_shank')
SEGMENT_PARENTS = (-1, 0, 1, 1, 1, 3, 4, 0, 0, 7, 8)

_J = {name: number for number, name in enumerate(OUTPUT19.joint_names)}
_S = {name: number for number, name in enumerate(SEGMENTS)}
# Pairs of joints that each length is measured between.
MEASURED = {
    'hip_width': ((_J['left_hip'], _J['right_hip']),),
    'shoulder_width': ((_J['left_shoulder'], _J['right_shoulder']),),
    'trunk': ((PELVIS, NECK),),
    'upper_arm': tuple((_J[f'{s}_shoulder'], _J[f'{s}_elbow']) for s in ('left', 'right')),
    'forearm': tuple((_J[f'{s}_elbow'], _J[f'{s}_wrist']) for s in ('left', 'right')),
    'thigh': tuple((_J[f'{s}_hip'], _J[f'{s}_knee']) for s in ('left', 'right')),
    'shank': tuple((_J[f'{s}_knee'], _J[f'{s}_ankle']) for s in ('left', 'right')),
}


def offsets(lengths: NDArray, face: NDArray) -> NDArray[np.float64]:
    """Offsets [...,19,11,3]: joint j is at root + sum over segments s of R_s offsets[j, s].

    lengths: [...,7] metres in the order of LENGTHS; face: [...,5,3] face points from the neck in
    the head's axes, metres.
    """
    table = np.zeros((*lengths.shape[:-1], len(OUTPUT19), len(SEGMENTS), 3))
    hip, shoulder, trunk, upper_arm, forearm, thigh, shank = np.moveaxis(lengths, -1, 0)
    above = [NECK, *FACE]
    for side, sign in (('left', 0.5), ('right', -0.5)):
        arm = [_J[f'{side}_shoulder'], _J[f'{side}_elbow'], _J[f'{side}_wrist']]
        leg = [_J[f'{side}_hip'], _J[f'{side}_knee'], _J[f'{side}_ankle']]
        above += arm
        table[..., arm, _S['chest'], 1] = sign * shoulder[..., None]
        table[..., arm[1:], _S[f'{side}_upper_arm'], 2] = -upper_arm[..., None]
        table[..., arm[2], _S[f'{side}_forearm'], 2] = -forearm
        table[..., leg, _S['pelvis'], 1] = sign * hip[..., None]
        table[..., leg[1:], _S[f'{side}_thigh'], 2] = -thigh[..., None]
        table[..., leg[2], _S[f'{side}_shank'], 2] = -shank
    table[..., above, _S['chest'], 2] = trunk[..., None]
    table[..., list(FACE), _S['head'], :] = face
    return table


def forward_kinematics(root: NDArray, rotations: NDArray, table: NDArray) -> NDArray[np.float64]:
    """Joints [...,19,3] from roots [...,3], world_R_segment [...,11,3,3] and offsets."""
    return root[..., None, :] + np.einsum('...sik,...jsk->...ji', rotations, table)


def local_rotations(rotations: NDArray) -> NDArray[np.float64]:
    """parent_R_segment [...,11,3,3] from world_R_segment; the pelvis keeps its world rotation."""
    local = rotations.copy()
    for segment, parent in enumerate(SEGMENT_PARENTS):
        if parent >= 0:
            local[..., segment, :, :] = (np.swapaxes(rotations[..., parent, :, :], -1, -2)
                                         @ rotations[..., segment, :, :])
    return local
