# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The skeleton formats that detectors, data sets and messages use.

Every table is "joint parent" in the format's own order; ``*`` stands for the left and the right one
after the other. A root's parent is ``-``. Partners follow from the names.
"""

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


def _format(name: str, tree: str) -> SkeletonFormat:
    rows = [row.replace('*', side).split() for row in tree.split(',')
            for side in (('left', 'right') if '*' in row else ('',))]
    names = tuple(joint for joint, _ in rows)
    parents = tuple(-1 if parent == '-' else names.index(parent) for _, parent in rows)
    return SkeletonFormat(name, names, parents, tuple(names.index(_partner(n)) for n in names))


def _partner(joint_name: str) -> str:
    if joint_name.startswith('left_'):
        return 'right_' + joint_name[len('left_'):]
    if joint_name.startswith('right_'):
        return 'left_' + joint_name[len('right_'):]
    return joint_name


_COCO = """nose -, *_eye nose, *_ear *_eye,
left_shoulder -, right_shoulder left_shoulder, *_elbow *_shoulder, *_wrist *_elbow,
*_hip *_shoulder, *_knee *_hip, *_ankle *_knee"""
_TOES_OF_EACH = """left_big_toe left_ankle, left_small_toe left_ankle, left_heel left_ankle,
right_big_toe right_ankle, right_small_toe right_ankle, right_heel right_ankle"""

COCO17 = _format('coco17', _COCO)
"""COCO keypoints: the lifters' input. It has no joint that all limbs hang from."""

COCO23 = _format('coco23', f'{_COCO}, {_TOES_OF_EACH}')
"""Body and feet of COCO-WholeBody, whose first 23 of 133 keypoints they are."""

_HEELS_AND_TOES = '*_heel *_ankle, *_toe *_heel'

COCO21 = _format('coco21', f'{_COCO}, {_HEELS_AND_TOES}')
"""COCO-17 in COCO order, then heels and tips of the big toes."""

_LIMBS = """*_eye nose, *_ear *_eye, *_shoulder neck, *_elbow *_shoulder, *_wrist *_elbow,
*_hip pelvis, *_knee *_hip, *_ankle *_knee"""

OUTPUT19 = _format('output19', f'nose neck, {_LIMBS}, pelvis -, neck pelvis')
"""COCO-17 in COCO order, then pelvis (between the hips) and neck (between the shoulders)."""

OUTPUT23 = _format('output23', f'nose neck, {_LIMBS}, pelvis -, neck pelvis, {_HEELS_AND_TOES}')
"""OUTPUT19, then heels and toes as in COCO21."""

H36M17 = _format('h36m17', """pelvis -, right_hip pelvis, right_knee right_hip,
right_ankle right_knee, left_hip pelvis, left_knee left_hip, left_ankle left_knee,
spine pelvis, thorax spine, neck thorax, head neck,
left_shoulder thorax, left_elbow left_shoulder, left_wrist left_elbow,
right_shoulder thorax, right_elbow right_shoulder, right_wrist right_elbow""")
"""Human3.6M's common 17: ``neck`` is "neck/nose" (near the chin), ``head`` the top of the head."""

_SMPL = """pelvis -, *_hip pelvis, spine1 pelvis, *_knee *_hip, spine2 spine1, *_ankle *_knee,
spine3 spine2, *_foot *_ankle, neck spine3, *_collar spine3, head neck, *_shoulder *_collar,
*_elbow *_shoulder, *_wrist *_elbow"""

SMPL22 = _format('smpl22', _SMPL)
"""The body joints of SMPL, SMPL-H and SMPL-X; ``foot`` is the ball of the foot."""

SMPL24 = _format('smpl24', f'{_SMPL}, *_hand *_wrist')
"""All joints of SMPL."""

MOCAP34 = _format('mocap34', _SMPL.replace('collar spine3', 'collar neck') + """, *_hand *_wrist,
head_top head, nose head, *_eye nose, *_ear *_eye, *_heel *_ankle, *_toe *_foot""")
"""SMPL-24 in SMPL's order, then points of head and feet: the packed motion capture data."""

BLAZEPOSE33 = _format('blazepose33', """nose -,
left_eye_inner nose, left_eye left_eye_inner, left_eye_outer left_eye,
right_eye_inner nose, right_eye right_eye_inner, right_eye_outer right_eye,
*_ear *_eye_outer, *_mouth nose, left_shoulder -, right_shoulder left_shoulder,
*_elbow *_shoulder, *_wrist *_elbow, *_pinky *_wrist, *_index *_wrist, *_thumb *_wrist,
*_hip *_shoulder, *_knee *_hip, *_ankle *_knee, *_heel *_ankle, *_foot_index *_heel""")
"""MediaPipe pose landmarks; ``foot_index`` is the tip of the big toe."""

HALPE26 = _format('halpe26', f"""nose head, {_LIMBS}, head neck, neck pelvis, pelvis -,
*_big_toe *_ankle, *_small_toe *_ankle, *_heel *_ankle""")
"""Halpe body with feet (AlphaPose, RTMPose body26): ``head`` is the top of the head."""

_ARMS = """right_shoulder neck, right_elbow right_shoulder, right_wrist right_elbow,
left_shoulder neck, left_elbow left_shoulder, left_wrist left_elbow"""
_LEGS_OF_PELVIS = """right_hip pelvis, right_knee right_hip, right_ankle right_knee,
left_hip pelvis, left_knee left_hip, left_ankle left_knee"""
_FACE = 'right_eye nose, left_eye nose, right_ear right_eye, left_ear left_eye'

BODY25 = _format('body25', f"""nose neck, neck pelvis, {_ARMS}, pelvis -, {_LEGS_OF_PELVIS},
{_FACE}, {_TOES_OF_EACH}""")
"""OpenPose's BODY_25: ``neck`` is between the shoulders, ``pelvis`` (MidHip) between the hips."""

OPENPOSE18 = _format('openpose18', f"""nose neck, neck -, {_ARMS},
{_LEGS_OF_PELVIS.replace('pelvis', 'neck')}, {_FACE}""")
"""OpenPose's order of the COCO joints, with ``neck`` between the shoulders."""

FORMATS: dict[str, SkeletonFormat] = {
    skeleton.name: skeleton
    for skeleton in (COCO17, H36M17, SMPL22, SMPL24, BLAZEPOSE33, HALPE26, BODY25, OPENPOSE18,
                     COCO23, MOCAP34, OUTPUT19, COCO21, OUTPUT23)
}


def find_format(name: str) -> SkeletonFormat:
    """Return a format by its registry key; InputError lists the known ones."""
    try:
        return FORMATS[name]
    except KeyError:
        known = ', '.join(FORMATS)
        raise InputError(f'unknown skeleton format {name!r}; known are {known}') from None
