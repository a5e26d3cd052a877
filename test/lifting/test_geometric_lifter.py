# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The geometric lifter against people whose joints are known."""

import numpy as np
import pytest
from synthetic_people import look_at, project, walking_person, windows_of

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.windows.keypoint_windows import KeypointWindows

STAMPS = np.arange(32) / 20.0


def scene(distance=4.0, height=1.4, heading=0.5, **person):
    """Camera at the origin's side, a person walking about the point at this distance."""
    pose = look_at((0, 0, height), (distance, 0, 0.9))
    joints = walking_person(STAMPS, start=(distance, 0.0), heading=heading, **person)
    return pose, joints


def root_of(joints):
    return joints[..., 11:13, :].mean(axis=-2)


@pytest.mark.parametrize('distance', [2.5, 4.0, 7.0])
@pytest.mark.parametrize('heading', [0.0, 1.6, 3.1])
def test_walking_adult_is_placed_in_the_world(distance, heading):
    pose, joints = scene(distance, heading=heading)
    motion = GeometricLifter().lift(windows_of([joints], pose, STAMPS, noise=1.0))
    root_error = np.linalg.norm(motion.joints[0, :, 17] - root_of(joints), axis=-1)
    assert root_error.mean() < 0.06 + 0.03 * distance
    relative = motion.joints[0, :, :17] - motion.joints[0, :, 17:18]
    truth = joints - root_of(joints)[:, None]
    assert np.linalg.norm(relative - truth, axis=-1).mean() < 0.12


def test_joints_lie_on_the_rays_that_were_observed():
    pose, joints = scene()
    windows = windows_of([joints], pose, STAMPS)
    motion = GeometricLifter().lift(windows)
    again = project(motion.joints[0, :, :17].astype(float), pose)
    np.testing.assert_allclose(again[..., :2], windows.keypoints[0, ..., :2], atol=1e-4)


def test_rotating_the_world_rotates_the_result():
    pose, joints = scene()
    angle = 2.0
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:2, 3] = (3.0, -7.0)
    first = windows_of([joints], pose, STAMPS)
    second = KeypointWindows(first.stamps, first.keypoints, turn @ first.world_T_camera, 1000.0,
                             first.person_ids, first.stature)
    here, there = GeometricLifter().lift(first), GeometricLifter().lift(second)
    np.testing.assert_allclose(there.joints, here.joints @ turn[:3, :3].T + turn[:3, 3],
                               atol=2e-4)
    np.testing.assert_allclose(there.covariance,
                               turn[:3, :3] @ here.covariance @ turn[:3, :3].T, atol=1e-4)


def test_moving_camera_gives_the_same_world_as_a_fixed_one():
    _, joints = scene()
    poses = np.stack([look_at((-0.4 * t, 0.6 * t, 1.2), (4.0 + t, 0.2, 0.9)) for t in STAMPS])
    motion = GeometricLifter().lift(windows_of([joints], poses, STAMPS, noise=1.0))
    assert np.linalg.norm(motion.joints[0, :, 17] - root_of(joints), axis=-1).mean() < 0.2


def test_stature_is_learned_and_a_known_one_is_kept():
    pose, joints = scene(3.0, height=1.6, stature=1.20)
    lifter = GeometricLifter()
    windows = windows_of([joints], pose, STAMPS, noise=1.0)
    first = lifter.lift(windows)
    for later in range(1, 5):
        stamps = STAMPS + 1.6 * later
        motion = lifter.lift(KeypointWindows(stamps, windows.keypoints, windows.world_T_camera,
                                             1000.0, windows.person_ids, windows.stature))
    assert abs(motion.stature[0] - 1.20) < 0.1
    assert motion.stature_sd[0] < first.stature_sd[0]
    known = lifter.lift(windows_of([joints], pose, STAMPS, stature=[1.31]))
    assert known.stature[0] == pytest.approx(1.31)
    lifter.forget([1])
    fresh = lifter.lift(windows)
    np.testing.assert_allclose(fresh.stature, first.stature)


def test_repeating_a_window_teaches_nothing_new():
    pose, joints = scene(3.0, stature=1.3)
    lifter = GeometricLifter()
    windows = windows_of([joints], pose, STAMPS)
    first, second = lifter.lift(windows), lifter.lift(windows)
    np.testing.assert_array_equal(first.stature, second.stature)


def test_contact_is_found_for_the_standing_foot():
    pose, joints = scene(3.0, heading=1.6)
    motion = GeometricLifter().lift(windows_of([joints], pose, STAMPS))
    planted = joints[:, 15:17, 2] < 0.078
    agreement = (motion.contact[0] > 0.5) == planted
    assert agreement.mean() > 0.85


def test_people_do_not_influence_each_other():
    pose, _ = scene()
    people = [walking_person(STAMPS, (3 + i, i - 2.0), heading=i) for i in range(5)]
    together = GeometricLifter().lift(windows_of(people, pose, STAMPS))
    for i, person in enumerate(people):
        alone = GeometricLifter().lift(windows_of([person], pose, STAMPS))
        np.testing.assert_allclose(together.joints[i], alone.joints[0], atol=1e-5)


def test_hidden_joint_is_held_and_its_covariance_grows():
    pose, joints = scene(speed=0.0)
    windows = windows_of([joints], pose, STAMPS)
    windows.keypoints[0, 16:, 9] = (np.nan, np.nan, 0)
    motion = GeometricLifter().lift(windows)
    assert np.linalg.norm(motion.joints[0, -1, 9] - motion.joints[0, 15, 9]) < 0.1
    sds = np.sqrt(np.trace(motion.covariance[0, :, 9], axis1=-2, axis2=-1))
    assert sds[-1] > 1.5 * sds[10]
    assert motion.confidence[0, -1, 9] < motion.confidence[0, 10, 9]


def test_covariance_is_positive_definite_and_longest_along_the_ray():
    pose, joints = scene(6.0)
    motion = GeometricLifter().lift(windows_of([joints], pose, STAMPS, noise=1.0))
    values, vectors = np.linalg.eigh(motion.covariance[0].astype(float))
    assert (values > 0).all()
    ray = motion.joints[0] - pose[:3, 3]
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    assert (np.abs(np.einsum('tji,tji->tj', vectors[..., -1], ray)) > 0.99).all()


def hopeless(case):
    pose, joints = scene()
    windows = windows_of([joints, joints], pose, STAMPS)
    if case == 'never seen':
        windows.keypoints[0] = (np.nan, np.nan, 0)
    elif case == 'camera below the floor':
        windows.world_T_camera[:, 2, 3] = -0.3
        windows.keypoints[1] = (np.nan, np.nan, 0)
    elif case == 'straight above the camera':
        windows.world_T_camera[:] = look_at((0, 0, 1.4), (1e-6, 0, 9.0))
        windows.keypoints[..., :2] *= 0.05
    elif case == 'one point':
        windows.keypoints[0] = 0.0
    return windows


@pytest.mark.parametrize('case', ['never seen', 'camera below the floor',
                                  'straight above the camera', 'one point'])
def test_hopeless_input_gives_nan_without_a_warning(case, recwarn):
    motion = GeometricLifter().lift(hopeless(case))
    assert np.isnan(motion.joints[0]).all()
    assert np.isnan(motion.covariance[0]).all()
    assert (motion.confidence[0] == 0).all() and (motion.contact[0] == 0).all()
    if case == 'never seen':
        assert np.isfinite(motion.joints[1]).all()
    assert not recwarn.list


def test_nobody_and_odd_lengths():
    pose, joints = scene()
    for length in (1, 2, 3, 4, 32):
        windows = windows_of([joints[:length]], pose, STAMPS[:length])
        assert np.isfinite(GeometricLifter().lift(windows).joints).all()
    empty = KeypointWindows(STAMPS, np.zeros((0, 32, 17, 3), np.float32),
                            np.repeat(pose[None], 32, axis=0), 1000.0,
                            np.zeros(0, np.int64), np.zeros(0, np.float32))
    assert GeometricLifter().lift(empty).joints.shape == (0, 32, 19, 3)


def test_registry_names_what_it_knows():
    assert isinstance(create_lifter('geometric', window_length=16), GeometricLifter)
    with pytest.raises(InputError, match='geometric'):
        create_lifter('magic')
    with pytest.raises(InputError, match='window_length'):
        create_lifter('geometric', tier='s')
    with pytest.raises(InputError, match='positive rate'):
        create_lifter('geometric', rate=0.0)
