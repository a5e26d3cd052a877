# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The steps between lifter and output: constant bones frame by frame, and leaving steps out."""


import numpy as np
import pytest
from test_body_fit import STATURE, bone_spread, random_bodies

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifted_frame import LiftedFrame, joints_at
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.pipeline.refinement import ALL_STEPS, MotionRefiner, RefinementSteps, RigidSkeleton

RAY_SD, ACROSS_SD = 0.08, 0.01


def samples(joints, stature=STATURE):
    """Frames [F,19,3] of person 1, seen along x."""
    covariance = np.broadcast_to(np.diag([RAY_SD, ACROSS_SD, ACROSS_SD]) ** 2, (1, 19, 3, 3))
    return [LiftedFrame(i / 30, np.array([1]), frame[None], covariance,
                         np.ones((1, 19), np.float32), np.zeros((1, 2), np.float32),
                         np.array([stature], np.float32), np.array([0.05], np.float32))
            for i, frame in enumerate(joints)]


def window(joints):
    """The frames as one lifted window of person 1."""
    count = len(joints)
    return LiftedMotion(np.arange(count) / 30, joints[None].astype(np.float32),
                        np.zeros((1, count, 19, 3, 3), np.float32),
                        np.ones((1, count, 19), np.float32), np.zeros((1, count, 2), np.float32),
                        np.array([STATURE], np.float32), np.array([0.05], np.float32))


def shrunk_in_depth(joints, share=0.7):
    """What a lifter in doubt says: every joint nearer to the pelvis' depth."""
    depth = joints[..., :1]
    pelvis = depth[:, 17:18]
    return np.concatenate([pelvis + share * (depth - pelvis), joints[..., 1:]], axis=-1)


def local_error(joints, truth):
    return np.linalg.norm((joints - joints[:, 17:18]) - (truth - truth[:, 17:18]), axis=-1).mean()


def test_limbs_that_a_doubtful_lifter_shortened_get_their_length_back():
    truth, _ = random_bodies(150)
    lifted = shrunk_in_depth(truth)
    rigid = RigidSkeleton()
    out = np.array([rigid.apply(s).joints[0] for s in samples(lifted)])
    assert local_error(out[75:], truth[75:]) < 0.75 * local_error(lifted[75:], truth[75:])
    assert bone_spread(out[100:]) < 0.003 < bone_spread(lifted[100:])


def test_what_is_incomplete_or_nobody_stays_as_it_is():
    truth, _ = random_bodies(2)
    truth[0, [17, 18]] = np.nan
    first = samples(truth)[0]
    np.testing.assert_array_equal(RigidSkeleton().apply(first).joints, first.joints)
    nobody = LiftedFrame(0.0, np.zeros(0, int), np.zeros((0, 19, 3)), np.zeros((0, 19, 3, 3)),
                          np.zeros((0, 19)), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    rows = np.zeros(0, int)
    assert MotionRefiner(ALL_STEPS).apply(nobody, window(truth), rows, np.zeros(3)).people == 0


def test_steps_can_be_left_out_by_name_and_none_is_the_identity():
    truth, _ = random_bodies(5)
    none = RefinementSteps.without(['smoothing', 'bones', 'contact'])
    refiner = MotionRefiner(none)
    frames = samples(shrunk_in_depth(truth))
    for now in frames:
        out = refiner.apply(now, window(truth), np.array([0]), np.zeros(3))
        np.testing.assert_array_equal(out.joints, now.joints)
    assert RefinementSteps.without([]) == ALL_STEPS
    assert RefinementSteps.without(['bones']) == RefinementSteps(bones=False)
    with pytest.raises(InputError, match='smoothing, bones, contact'):
        RefinementSteps.without(['bonse'])


def test_joints_are_read_from_a_window_at_each_persons_own_stamp():
    truth, _ = random_bodies(4)
    motion = window(truth)
    rows, stamps = np.zeros(4, int), np.array([0.0, 2.5 / 30, -0.01, 3.1 / 30])
    out = joints_at(motion, rows, stamps)
    np.testing.assert_allclose(out[0], truth[0], atol=1e-6)
    np.testing.assert_allclose(out[1], 0.5 * (truth[2] + truth[3]), atol=1e-6)
    assert np.isnan(out[2:]).all()
