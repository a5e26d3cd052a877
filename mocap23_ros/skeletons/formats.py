# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The skeleton formats that detectors, data sets and messages use.

Every table is "joint, parent" in the format's own order; partners follow from the names.
"""

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


def _format(name: str, tree: str) -> SkeletonFormat:
    """Build a format from lines of ``joint parent``; a root's parent is ``-``."""
    rows = [line.split() for line in tree.strip().splitlines()]
    names = tuple(joint for joint, _ in rows)
    parents = tuple(-1 if parent == '-' else names.index(parent) for _, parent in rows)
    return SkeletonFormat(name, names, parents, tuple(names.index(_partner(n)) for n in names))


def _partner(joint_name: str) -> str:
    if joint_name.startswith('left_'):
        return 'right_' + joint_name[len('left_'):]
    if joint_name.startswith('right_'):
        return 'left_' + joint_name[len('right_'):]
    return joint_name


_COCO = """
nose -
left_eye nose
right_eye nose
left_ear left_eye
right_ear right_eye
left_shoulder -
right_shoulder left_shoulder
left_elbow left_shoulder
right_elbow right_shoulder
left_wrist left_elbow
right_wrist right_elbow
left_hip left_shoulder
right_hip right_shoulder
left_knee left_hip
right_knee right_hip
left_ankle left_knee
right_ankle right_knee
"""

COCO17 = _format('coco17', _COCO)
"""COCO keypoints: the lifters' input. It has no joint that all limbs hang from."""

COCO23 = _format('coco23', _COCO + """left_big_toe left_ankle
left_small_toe left_ankle
left_heel left_ankle
right_big_toe right_ankle
right_small_toe right_ankle
right_heel right_ankle""")
"""Body and feet of COCO-WholeBody, whose first 23 of 133 keypoints they are."""

OUTPUT19 = _format('output19', """
nose neck
left_eye nose
right_eye nose
left_ear left_eye
right_ear right_eye
left_shoulder neck
right_shoulder neck
left_elbow left_shoulder
right_elbow right_shoulder
left_wrist left_elbow
right_wrist right_elbow
left_hip pelvis
right_hip pelvis
left_knee left_hip
right_knee right_hip
left_ankle left_knee
right_ankle right_knee
pelvis -
neck pelvis
""")
"""COCO-17 in COCO order, then pelvis (between the hips) and neck (between the shoulders)."""

H36M17 = _format('h36m17', """
pelvis -
right_hip pelvis
right_knee right_hip
right_ankle right_knee
left_hip pelvis
left_knee left_hip
left_ankle left_knee
spine pelvis
thorax spine
neck thorax
head neck
left_shoulder thorax
left_elbow left_shoulder
left_wrist left_elbow
right_shoulder thorax
right_elbow right_shoulder
right_wrist right_elbow
""")
"""Human3.6M's common 17: ``neck`` is "neck/nose" (near the chin), ``head`` the top of the head."""

_SMPL = """
pelvis -
left_hip pelvis
right_hip pelvis
spine1 pelvis
left_knee left_hip
right_knee right_hip
spine2 spine1
left_ankle left_knee
right_ankle right_knee
spine3 spine2
left_foot left_ankle
right_foot right_ankle
neck spine3
left_collar spine3
right_collar spine3
head neck
left_shoulder left_collar
right_shoulder right_collar
left_elbow left_shoulder
right_elbow right_shoulder
left_wrist left_elbow
right_wrist right_elbow
"""

SMPL22 = _format('smpl22', _SMPL)
"""The body joints of SMPL, SMPL-H and SMPL-X; ``foot`` is the ball of the foot."""

SMPL24 = _format('smpl24', _SMPL + """left_hand left_wrist
right_hand right_wrist""")
"""All joints of SMPL."""

MOCAP34 = _format('mocap34', _SMPL.replace('collar spine3', 'collar neck') + """left_hand left_wrist
right_hand right_wrist
head_top head
nose head
left_eye nose
right_eye nose
left_ear left_eye
right_ear right_eye
left_heel left_ankle
right_heel right_ankle
left_toe left_foot
right_toe right_foot""")
"""SMPL-24 in SMPL's order, then points of head and feet: the packed motion capture data."""

BLAZEPOSE33 = _format('blazepose33', """
nose -
left_eye_inner nose
left_eye left_eye_inner
left_eye_outer left_eye
right_eye_inner nose
right_eye right_eye_inner
right_eye_outer right_eye
left_ear left_eye_outer
right_ear right_eye_outer
left_mouth nose
right_mouth nose
left_shoulder -
right_shoulder left_shoulder
left_elbow left_shoulder
right_elbow right_shoulder
left_wrist left_elbow
right_wrist right_elbow
left_pinky left_wrist
right_pinky right_wrist
left_index left_wrist
right_index right_wrist
left_thumb left_wrist
right_thumb right_wrist
left_hip left_shoulder
right_hip right_shoulder
left_knee left_hip
right_knee right_hip
left_ankle left_knee
right_ankle right_knee
left_heel left_ankle
right_heel right_ankle
left_foot_index left_heel
right_foot_index right_heel
""")
"""MediaPipe pose landmarks; ``foot_index`` is the tip of the big toe."""

HALPE26 = _format('halpe26', """
nose head
left_eye nose
right_eye nose
left_ear left_eye
right_ear right_eye
left_shoulder neck
right_shoulder neck
left_elbow left_shoulder
right_elbow right_shoulder
left_wrist left_elbow
right_wrist right_elbow
left_hip pelvis
right_hip pelvis
left_knee left_hip
right_knee right_hip
left_ankle left_knee
right_ankle right_knee
head neck
neck pelvis
pelvis -
left_big_toe left_ankle
right_big_toe right_ankle
left_small_toe left_ankle
right_small_toe right_ankle
left_heel left_ankle
right_heel right_ankle
""")
"""Halpe body with feet (AlphaPose, RTMPose body26): ``head`` is the top of the head."""

BODY25 = _format('body25', """
nose neck
neck pelvis
right_shoulder neck
right_elbow right_shoulder
right_wrist right_elbow
left_shoulder neck
left_elbow left_shoulder
left_wrist left_elbow
pelvis -
right_hip pelvis
right_knee right_hip
right_ankle right_knee
left_hip pelvis
left_knee left_hip
left_ankle left_knee
right_eye nose
left_eye nose
right_ear right_eye
left_ear left_eye
left_big_toe left_ankle
left_small_toe left_ankle
left_heel left_ankle
right_big_toe right_ankle
right_small_toe right_ankle
right_heel right_ankle
""")
"""OpenPose's BODY_25: ``neck`` is between the shoulders, ``pelvis`` (MidHip) between the hips."""

OPENPOSE18 = _format('openpose18', """
nose neck
neck -
right_shoulder neck
right_elbow right_shoulder
right_wrist right_elbow
left_shoulder neck
left_elbow left_shoulder
left_wrist left_elbow
right_hip neck
right_knee right_hip
right_ankle right_knee
left_hip neck
left_knee left_hip
left_ankle left_knee
right_eye nose
left_eye nose
right_ear right_eye
left_ear left_eye
""")
"""OpenPose's order of the COCO joints, with ``neck`` between the shoulders."""

FORMATS: dict[str, SkeletonFormat] = {
    skeleton.name: skeleton
    for skeleton in (COCO17, H36M17, SMPL22, SMPL24, BLAZEPOSE33, HALPE26, BODY25, OPENPOSE18,
                     COCO23, MOCAP34, OUTPUT19)
}


def find_format(name: str) -> SkeletonFormat:
    """Return a format by its registry key; InputError lists the known ones."""
    try:
        return FORMATS[name]
    except KeyError:
        known = ', '.join(FORMATS)
        raise InputError(f'unknown skeleton format {name!r}; known are {known}') from None
