# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints of a truth in another order than COCO's, and those that were lost."""

import numpy as np
import pytest
from synthetic_people import walking_person

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.truth_sources import load_truth
from mocap23_ros.plausibility.motion_sides import check_sides
from mocap23_ros.skeletons.formats import COCO17, FORMATS

STAMPS = np.arange(40) / 30
PERSON = walking_person(STAMPS)
NEAR = {'pelvis': ('hip', 0), 'spine': ('hip', 0.3), 'thorax': ('shoulder', 0),
        'neck': ('shoulder', 0.1), 'head': ('ear', 0.1), 'collar': ('shoulder', 0),
        'hand': ('wrist', -0.1), 'foot': ('ankle', -0.05), 'toe': ('ankle', -0.08),
        'heel': ('ankle', -0.08)}


def in_format(name):
    """The person in another format; what COCO lacks is put near joints that it has."""
    joints = []
    for joint in FORMATS[name].joint_names:
        side, _, part = joint.rpartition('_')
        near, above = next((place for key, place in NEAR.items() if key in joint), (part, 0.0))
        names = [joint] if joint in COCO17.joint_names else [
            f'{one}_{near}' for one in ([side] if side in ('left', 'right') else ('left', 'right'))]
        joints.append(PERSON[:, [COCO17.index(n) for n in names]].mean(axis=1) + (0, 0, above))
    return np.stack(joints, axis=1)


@pytest.mark.parametrize('name', ['h36m17', 'smpl22', 'smpl24', 'openpose18', 'body25'])
def test_other_orders_are_refused(name):
    with pytest.raises(InputError, match=r'nobody has: give joint_names'):
        check_sides(in_format(name)[:, None], 'give joint_names')


def test_bodies_are_taken_and_joints_that_were_lost_are_unknown(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.08, (40, 2, 17, 3))
    check_sides(PERSON[:, None] + noise, '')
    check_sides(np.full((3, 1, 17, 3), np.nan), '')
    joints = PERSON[:, None].copy()
    joints[5:30, 0, 9] = 0.0
    np.savez(tmp_path / 'truth.npz', joints=joints, stamps=STAMPS)
    known = np.isfinite(load_truth(tmp_path / 'truth.npz')['joints']).all(axis=-1)
    assert not known[5:30, 0, 9].any() and known.sum() == known.size - 25
    np.savez(tmp_path / 'truth.npz', joints=in_format('h36m17'), stamps=STAMPS)
    with pytest.raises(InputError, match='not in the order of COCO; give joint_names'):
        load_truth(tmp_path / 'truth.npz')
