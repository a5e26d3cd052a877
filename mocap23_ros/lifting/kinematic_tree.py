# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A body of eleven rigid segments that carry the 19 output joints.

Rest pose: upright, arms hanging; every segment's axes are x forward, y left, z up, so that limbs
point along -z. Segments: the trunk is two (pelvis and chest, hinged at mid-hip), then the head and
two segments per limb.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import (
    ANKLES,
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

SEGMENTS = ('pelvis', 'chest', 'head', 'left_upper_arm', 'right_upper_arm', 'left_forearm',
            'right_forearm', 'left_thigh', 'right_thigh', 'left_shank', 'right_shank')
SEGMENT_PARENTS = (-1, 0, 1, 1, 1, 3, 4, 0, 0, 7, 8)

_S = {name: number for number, name in enumerate(SEGMENTS)}
# Pairs of joints that each length is measured between.
MEASURED: dict[str, NDArray[np.intp]] = {
    'hip_width': HIPS[None], 'shoulder_width': SHOULDERS[None],
    'trunk': np.array([[PELVIS, NECK]]), 'upper_arm': np.stack([SHOULDERS, ELBOWS], axis=1),
    'forearm': np.stack([ELBOWS, WRISTS], axis=1), 'thigh': np.stack([HIPS, KNEES], axis=1),
    'shank': np.stack([KNEES, ANKLES], axis=1),
}


def offsets(lengths: NDArray, face: NDArray) -> NDArray[np.float64]:
    """Offsets [...,19,11,3]: joint j is at root + sum over segments s of R_s offsets[j, s].

    lengths: [...,7] metres in the order of LENGTHS; face: [...,5,3] face points from the neck in
    the head's axes, metres.
    """
    table = np.zeros((*lengths.shape[:-1], len(OUTPUT19), len(SEGMENTS), 3))
    hip, shoulder, trunk, upper_arm, forearm, thigh, shank = np.moveaxis(lengths, -1, 0)
    above = [NECK, *FACE]
    for number, (side, sign) in enumerate((('left', 0.5), ('right', -0.5))):
        arm = [int(pair[number]) for pair in (SHOULDERS, ELBOWS, WRISTS)]
        leg = [int(pair[number]) for pair in (HIPS, KNEES, ANKLES)]
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
