# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Skeleton formats and conversions."""

import itertools

import numpy as np
import pytest

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.conversion import (
    conversion_table,
    convert_confidence,
    convert_joints,
    convert_keypoints,
    defined_joints,
    mirror_keypoints,
)
from mocap23_ros.skeletons.formats import (
    BLAZEPOSE33,
    BODY25,
    COCO17,
    FORMATS,
    H36M17,
    HALPE26,
    MOCAP34,
    OPENPOSE18,
    OUTPUT19,
    SMPL22,
    SMPL24,
    find_format,
)

# A standing person of 1.75 m facing +x, left = +y: where every joint name is found.
SIDES = {
    'eye': (.10, .03, 1.64), 'ear': (.02, .07, 1.62), 'shoulder': (0, .19, 1.44),
    'elbow': (0, .24, 1.15), 'wrist': (.05, .26, .90), 'hip': (0, .10, .93),
    'knee': (.02, .11, .50), 'ankle': (0, .12, .08), 'heel': (-.06, .12, .02),
    'toe': (.19, .13, .02), 'foot': (.13, .13, .02), 'collar': (0, .06, 1.42),
    'hand': (.08, .26, .81), 'index': (.10, .25, .80), 'pinky': (.06, .27, .80),
    'thumb': (.10, .23, .84), 'mouth': (.11, .03, 1.56), 'eye_inner': (.11, .02, 1.64),
    'eye_outer': (.09, .05, 1.64), 'small_toe': (.15, .18, .02),
}
MIDDLE = {
    'nose': (.13, 0, 1.60), 'head_top': (0, 0, 1.75), 'skull': (0, 0, 1.56),
    'mid_hip': (0, 0, .93), 'mid_shoulder': (0, 0, 1.44), 'smpl_pelvis': (-.01, 0, 1.0),
    'spine1': (-.02, 0, 1.12), 'spine2': (-.03, 0, 1.25), 'spine3': (-.03, 0, 1.33),
    'neck_base': (-.02, 0, 1.46), 'trunk': (0, 0, 1.185),
}
MEANING = {
    'smpl': {'pelvis': 'smpl_pelvis', 'neck': 'neck_base', 'head': 'skull'},
    'h36m17': {'pelvis': 'mid_hip', 'spine': 'trunk', 'thorax': 'mid_shoulder', 'neck': 'nose',
               'head': 'head_top'},
    'halpe26': {'pelvis': 'mid_hip', 'neck': 'mid_shoulder', 'head': 'head_top'},
    'output19': {'pelvis': 'mid_hip', 'neck': 'mid_shoulder'},
    'body25': {'pelvis': 'mid_hip', 'neck': 'mid_shoulder'},
    'openpose18': {'neck': 'mid_shoulder'},
}


def person(skeleton):
    """The standing person's joints [J,3] as an annotator of this format would set them."""
    meaning = MEANING.get(skeleton.name, MEANING['smpl'])
    joints = []
    for name in skeleton.joint_names:
        name = meaning.get(name, name)
        if name.startswith(('left_', 'right_')):
            side, part = name.split('_', 1)
            part = {'foot_index': 'toe', 'big_toe': 'toe'}.get(part, part)
            x, y, z = SIDES[part]
            joints.append((x, y if side == 'left' else -y, z))
        else:
            joints.append(MIDDLE[name])
    return np.array(joints)


PAIRS = list(itertools.product(FORMATS.values(), repeat=2))


@pytest.mark.parametrize('source, target', PAIRS, ids=lambda s: s.name)
def test_every_pair_puts_joints_where_the_target_means_them(source, target):
    converted = convert_joints(person(source), source, target)
    error = np.linalg.norm(converted - person(target), axis=-1)
    defined = defined_joints(source, target)
    assert np.array_equal(np.isfinite(error), defined)
    names = np.array(target.joint_names)
    assert (error[defined] < 0.08).all(), dict(zip(names[defined], error[defined], strict=True))
    limbs = [target.index(f'{s}_{p}') for s in ('left', 'right')
             for p in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')]
    assert error[limbs].max() == 0
    if source is target:
        assert error.max() == 0


@pytest.mark.parametrize('source, target', PAIRS, ids=lambda s: s.name)
def test_conversion_and_mirroring_commute(source, target):
    joints = np.random.default_rng(0).normal(size=(4, len(source), 3))
    one = convert_joints(mirror_keypoints(joints, source, 1), source, target)
    other = mirror_keypoints(convert_joints(joints, source, target), target, 1)
    assert np.allclose(one, other, equal_nan=True)


@pytest.mark.parametrize('source, target', [
    (MOCAP34, COCO17), (MOCAP34, OUTPUT19), (MOCAP34, SMPL24), (MOCAP34, H36M17),
    (BLAZEPOSE33, COCO17), (BLAZEPOSE33, OUTPUT19), (HALPE26, COCO17), (OUTPUT19, COCO17),
    (COCO17, OUTPUT19), (COCO17, H36M17), (SMPL24, SMPL22), (HALPE26, H36M17),
    (BODY25, COCO17), (OPENPOSE18, COCO17)],
    ids=lambda s: s.name)
def test_the_pairs_in_use_are_complete(source, target):
    assert defined_joints(source, target).all()


def test_coco_from_mocap34_takes_the_documented_joints():
    index, weight = conversion_table(MOCAP34, COCO17)
    assert index[:, 0].tolist() == [25, 26, 27, 28, 29, 16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8]
    assert (weight == 1).all()


def test_output19_is_coco_and_the_two_midpoints():
    assert OUTPUT19.joint_names[:17] == COCO17.joint_names
    joints = np.random.default_rng(0).normal(size=(5, 17, 3)).astype(np.float32)
    converted = convert_joints(joints, COCO17, OUTPUT19)
    assert converted.dtype == np.float32 and np.array_equal(converted[:, :17], joints)
    assert np.allclose(converted[:, OUTPUT19.index('pelvis')], joints[:, [11, 12]].mean(axis=1))
    assert np.allclose(converted[:, OUTPUT19.index('neck')], joints[:, [5, 6]].mean(axis=1))


def test_missing_joints_and_confidence_come_through():
    keypoints = np.random.default_rng(1).uniform(0.1, 0.9, (2, 17, 3)).astype(np.float32)
    keypoints[0, COCO17.index('left_hip')] = (np.nan, np.nan, 0)
    keypoints[1, COCO17.index('left_wrist')] = (np.nan, np.nan, 0.9)  # a careless detector
    converted = convert_keypoints(keypoints, COCO17, OUTPUT19)
    assert converted.dtype == np.float32
    assert np.isnan(converted[0, 17, :2]).all() and converted[0, 17, 2] == 0
    assert np.isfinite(converted[0, 18]).all()
    assert converted[1, 17, 2] == keypoints[1, [11, 12], 2].min()
    assert converted[1, COCO17.index('left_wrist'), 2] == 0
    assert np.isnan(converted[..., 0]).sum() == 3  # the hip, the pelvis, the wrist; no other
    undefined = convert_keypoints(keypoints, COCO17, HALPE26)[:, HALPE26.index('left_heel')]
    assert np.isnan(undefined[:, :2]).all() and (undefined[:, 2] == 0).all()
    confidence = convert_confidence(keypoints[..., 2], COCO17, HALPE26)
    assert confidence.shape == (2, 26) and (confidence[:, HALPE26.index('left_heel')] == 0).all()


def test_a_conversion_is_a_copy():
    joints = np.zeros((17, 3))
    convert_joints(joints, COCO17, COCO17)[...] = 1
    assert not joints.any()


def test_weights_are_affine():
    for source, target in PAIRS:
        index, weight = conversion_table(source, target)
        defined = defined_joints(source, target)
        assert np.allclose(weight[defined].sum(axis=1), 1)
        assert index.max() < len(source)


@pytest.mark.parametrize('skeleton', FORMATS.values(), ids=lambda s: s.name)
def test_formats_are_sound(skeleton):
    assert len(skeleton) == int(skeleton.name[-2:])
    for joint, parent in enumerate(skeleton.parents):
        chain = {joint}
        while parent >= 0:
            assert parent not in chain, 'a ring'
            chain.add(parent)
            parent = skeleton.parents[parent]
    for joint, partner in enumerate(skeleton.mirror):
        assert skeleton.mirror[partner] == joint
        assert ('left' in skeleton.joint_names[joint]) == ('right' in skeleton.joint_names[partner])
    assert find_format(skeleton.name) is skeleton
    lengths = np.linalg.norm([person(skeleton)[a] - person(skeleton)[b]
                              for a, b in skeleton.bones], axis=-1)
    assert (0.001 < lengths).all() and (lengths < 0.65).all()  # nothing tied across the body


def test_published_orders():
    assert SMPL24.joint_names[:22] == SMPL22.joint_names
    assert MOCAP34.joint_names[:24] == SMPL24.joint_names
    assert SMPL24.parents == (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18,
                              19, 20, 21)
    assert [H36M17.joint_names[i] for i in (0, 1, 4, 8, 10, 11, 14)] == [
        'pelvis', 'right_hip', 'left_hip', 'thorax', 'head', 'left_shoulder', 'right_shoulder']
    assert [HALPE26.joint_names[i] for i in (17, 18, 19, 20, 25)] == [
        'head', 'neck', 'pelvis', 'left_big_toe', 'right_heel']
    assert [BLAZEPOSE33.joint_names[i] for i in (0, 7, 11, 16, 23, 28, 31)] == [
        'nose', 'left_ear', 'left_shoulder', 'right_wrist', 'left_hip', 'right_ankle',
        'left_foot_index']


def test_wrong_names_and_counts_are_told():
    with pytest.raises(InputError, match="unknown skeleton format 'coco18'.*coco17"):
        find_format('coco18')
    with pytest.raises(ValueError, match='coco17 has 17 joints, the array 18'):
        convert_joints(np.zeros((18, 3)), COCO17, OUTPUT19)


def test_mirrored_keypoints_are_those_of_the_flipped_image():
    width = 640
    keypoints = np.random.default_rng(0).uniform(0, 1, (3, 17, 3)) * [width - 1, 480, 1]
    mirrored = mirror_keypoints(keypoints, COCO17, width)
    assert np.allclose(mirrored[:, COCO17.index('left_wrist'), 0],
                       width - 1 - keypoints[:, COCO17.index('right_wrist'), 0])
    assert np.array_equal(mirrored[..., 0, 1:], keypoints[..., 0, 1:])
    assert np.allclose(mirror_keypoints(mirrored, COCO17, width), keypoints)
