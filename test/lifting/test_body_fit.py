# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The rigid body fit on bodies whose angles and lengths are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mocap23_ros.lifting.body_fit import BodyFit
from mocap23_ros.lifting.kinematic_tree import (
    MEASURED,
    SEGMENT_PARENTS,
    SEGMENTS,
    forward_kinematics,
    local_rotations,
    offsets,
)
from mocap23_ros.lifting.segment_rotations import segment_rotations
from mocap23_ros.skeletons.body_proportions import AVERAGE_FRACTIONS, FACE_FRACTIONS

STATURE = 1.75


def random_bodies(frames, seed=0):
    """Joints [F,19,3] and world rotations of a body in random, humanly possible poses."""
    rng = np.random.default_rng(seed)
    local = np.zeros((frames, len(SEGMENTS), 3))
    local[:, 0] = rng.uniform([-.2, -.2, -3], [.2, .2, 3], (frames, 3))
    local[:, 2] = rng.uniform(-.3, .3, (frames, 3))
    for arm in (3, 4):
        local[:, arm] = rng.uniform([-.5, -1.2, -.3], [.5, .3, .3], (frames, 3))
    for leg in (7, 8):
        local[:, leg] = rng.uniform([-.2, -1.0, -.2], [.2, .2, .2], (frames, 3))
    local[:, 5:7, 1] = rng.uniform(-2.0, -.4, (frames, 2))
    local[:, 9:11, 1] = rng.uniform(.4, 1.8, (frames, 2))
    rotation = Rotation.from_rotvec(local.reshape(-1, 3)).as_matrix().reshape(frames, -1, 3, 3)
    for segment, parent in enumerate(SEGMENT_PARENTS):
        if parent >= 0:
            rotation[:, segment] = rotation[:, parent] @ rotation[:, segment]
    table = offsets(AVERAGE_FRACTIONS * STATURE * 1.04, FACE_FRACTIONS * STATURE)
    root = rng.uniform([1, -1, .8], [3, 1, 1], (frames, 3))
    return forward_kinematics(root, rotation, np.broadcast_to(table, (frames, *table.shape))), \
        rotation


def covariance_of(joints, sd=0.02):
    return np.broadcast_to(np.eye(3) * sd**2, (*joints.shape, 3))


def angle_between(first, second):
    """Degrees between rotation matrices."""
    relative = np.swapaxes(first, -1, -2) @ second
    cosine = (np.trace(relative, axis1=-2, axis2=-1) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def bone_spread(joints):
    """Largest standard deviation over time of any bone's length."""
    return max(np.linalg.norm(joints[:, b] - joints[:, a], axis=-1).std()
               for pairs in MEASURED.values() for a, b in pairs)


def test_analytic_rotations_recover_the_pose():
    joints, rotation = random_bodies(200)
    found = segment_rotations(joints)
    error = angle_between(found, rotation)
    assert error.max() < 0.02


def test_exact_joints_give_the_body_back():
    joints, rotation = random_bodies(60)
    body = BodyFit().fit(np.array([1]), joints[None], covariance_of(joints[None]),
                         np.array([STATURE]))
    np.testing.assert_allclose(body.bone_lengths[0], AVERAGE_FRACTIONS * STATURE * 1.04, rtol=.01)
    assert np.linalg.norm(body.joints[0] - joints, axis=-1).mean() < 0.008
    found = Rotation.from_quat(body.world_q_segment[0].reshape(-1, 4)).as_matrix()
    assert np.median(angle_between(found.reshape(rotation.shape), rotation)) < 2
    local = Rotation.from_quat(body.parent_q_segment[0].reshape(-1, 4)).as_matrix()
    np.testing.assert_allclose(local.reshape(rotation.shape),
                               local_rotations(found.reshape(rotation.shape)), atol=1e-9)


def test_noise_along_the_ray_is_reduced_and_bones_are_constant():
    joints, _ = random_bodies(150)
    rng = np.random.default_rng(3)
    noisy = joints.copy()
    noisy += rng.normal(0, 1, joints.shape) * (0.06, 0.01, 0.01)
    covariance = np.broadcast_to(np.diag([0.06, 0.01, 0.01]) ** 2, (1, *joints.shape, 3))
    body = BodyFit().fit(np.array([1]), noisy[None], covariance, np.array([STATURE]))
    before = np.linalg.norm(noisy - joints, axis=-1).mean()
    after = np.linalg.norm(body.joints[0] - joints, axis=-1).mean()
    assert after < 0.85 * before
    assert bone_spread(noisy) > 0.02 and bone_spread(body.joints[0]) < 1e-9


def test_lengths_are_kept_between_calls_until_forgotten():
    joints, _ = random_bodies(100)
    fit = BodyFit()
    first = fit.fit(np.array([5]), joints[None], covariance_of(joints[None]), np.array([STATURE]))
    one = fit.fit(np.array([5]), joints[None, :1], covariance_of(joints[None, :1]),
                  np.array([STATURE]))
    np.testing.assert_allclose(one.bone_lengths, first.bone_lengths, rtol=5e-3)
    fit.forget([5])
    fresh = fit.fit(np.array([5]), joints[None, :1] * np.nan, covariance_of(joints[None, :1]),
                    np.array([STATURE]))
    np.testing.assert_allclose(fresh.bone_lengths[0], AVERAGE_FRACTIONS * STATURE)


def test_an_iterator_of_ids_is_forgotten_whole():
    joints, _ = random_bodies(100)
    used, new = BodyFit(), BodyFit()
    used.fit(np.array([5]), joints[None] * 1.1, covariance_of(joints[None]), np.array([STATURE]))
    used.forget(iter([5]))
    again, fresh = (fit.fit(np.array([5]), joints[None, :1], covariance_of(joints[None, :1]),
                            np.array([STATURE])) for fit in (used, new))
    np.testing.assert_array_equal(again.joints, fresh.joints)


@pytest.mark.parametrize('missing', ['everything', 'an arm', 'the face', 'the trunk'])
def test_missing_joints_are_filled_or_left_nan(missing):
    joints, _ = random_bodies(20)
    gone = {'everything': slice(None), 'an arm': [7, 9], 'the face': slice(0, 5),
            'the trunk': [18]}[missing]
    joints[:, gone] = np.nan
    body = BodyFit().fit(np.array([1]), joints[None], covariance_of(joints[None]),
                         np.array([STATURE]))
    whole = missing in ('an arm', 'the face')
    assert np.isfinite(body.joints).all() == whole
    assert np.isfinite(body.world_q_segment).all() == whole
    if whole:
        np.testing.assert_allclose(np.linalg.norm(body.world_q_segment, axis=-1), 1)


def test_nobody_is_fine():
    body = BodyFit().fit(np.zeros(0, int), np.zeros((0, 5, 19, 3)), np.zeros((0, 5, 19, 3, 3)),
                         np.zeros(0))
    assert body.joints.shape == (0, 5, 19, 3)
