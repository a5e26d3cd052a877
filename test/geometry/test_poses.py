# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import (
    check_pose,
    interpolate_pose,
    invert_transform,
    pose_from_translation_quaternion,
    transform_points,
    translation_quaternion_from_pose,
)
from mocap23_ros.geometry.transform_tree import TransformTree


def random_poses(count, seed=0):
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3] = Rotation.random(count, random_state=seed).as_matrix()
    poses[:, :3, 3] = rng.normal(size=(count, 3))
    return poses


def test_transform_broadcasts_over_points():
    poses, rng = random_poses(5), np.random.default_rng(1)
    points = rng.normal(size=(5, 17, 3))
    expected = np.einsum('tij,tkj->tki', poses[:, :3, :3], points) + poses[:, None, :3, 3]
    assert np.allclose(transform_points(poses, points), expected)
    assert np.allclose(transform_points(poses[2], points[2]), expected[2])
    assert np.allclose(transform_points(poses[2], points[2, 3]), expected[2, 3])
    assert np.allclose(transform_points(poses, points[:, 4]), expected[:, 4])
    assert np.allclose(transform_points(poses, points[:, :, None])[:, :, 0], expected)
    with pytest.raises(ValueError):
        transform_points(poses[None], points[0])


def test_inverse_undoes():
    poses = random_poses(6)
    assert np.allclose(invert_transform(poses) @ poses, np.eye(4), atol=1e-12)
    points = np.random.default_rng(2).normal(size=(6, 3))
    assert np.allclose(transform_points(invert_transform(poses), transform_points(poses, points)),
                       points)


def test_interpolation_is_slerp_and_exact_at_the_ends():
    poses = random_poses(2, seed=3)
    slerp = Slerp([0, 1], Rotation.from_matrix(poses[:, :3, :3]))
    fractions = np.linspace(0, 1, 7)
    between = interpolate_pose(poses[0], poses[1], fractions)
    assert np.allclose(between[:, :3, :3], slerp(fractions).as_matrix(), atol=1e-12)
    assert np.allclose(between[3, :3, 3], poses[:, :3, 3].mean(axis=0))
    assert np.allclose(between[[0, -1]], poses, atol=1e-12)
    check_pose(between)
    assert interpolate_pose(poses[:0], poses[:0], 0.5).shape == (0, 4, 4)


@settings(max_examples=50, deadline=None)
@given(quaternion=st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1),
       translation=st.tuples(*[st.floats(-100, 100)] * 3))
def test_quaternion_round_trip(quaternion, translation):
    pose = check_pose(pose_from_translation_quaternion(translation, quaternion))
    back, unit = translation_quaternion_from_pose(pose)
    assert np.allclose(back, translation) and unit[3] >= 0
    assert np.allclose(pose_from_translation_quaternion(back, unit), pose, atol=1e-9)


def test_quaternion_order_is_xyzw():
    turn_left = pose_from_translation_quaternion([0, 0, 1], [0, 0, np.sqrt(0.5), np.sqrt(0.5)])
    assert np.allclose(transform_points(turn_left, np.array([1.0, 0, 0])), [0, 1, 1])
    assert np.array_equal(pose_from_translation_quaternion([0, 0, 0], [0, 0, 0, 1]), np.eye(4))


def test_float32_rounding_is_still_rigid():
    check_pose(random_poses(20).astype(np.float32))


@pytest.mark.parametrize('spoil, message', [
    (lambda p: p * 1.01, 'non-rigid'),
    (lambda p: p @ np.diag([1, 1, -1, 1]), 'non-rigid'),
    (lambda p: p + np.eye(4)[[3, 0, 1, 2]] * 0.01, 'non-rigid'),
    (lambda p: p * np.nan, 'not finite'),
    (lambda p: p[:3], 'shape'),
    (lambda p: 'nowhere', 'not an array'),
])
def test_what_is_no_pose_is_refused(spoil, message):
    with pytest.raises(InputError, match=f'world_T_camera.*{message}'):
        check_pose(spoil(random_poses(1)[0]))


def test_quaternion_of_length_zero_is_refused():
    with pytest.raises(InputError, match='length zero'):
        pose_from_translation_quaternion([0, 0, 0], [0, 0, 0, 0])
    with pytest.raises(InputError, match='finite'):
        pose_from_translation_quaternion([0, np.nan, 0], [0, 0, 0, 1])
    with pytest.raises(InputError, match='4 numbers'):
        pose_from_translation_quaternion([0, 0, 0], [0, 0, 1])


def test_frames_are_no_farther_apart_than_the_earth_is_large():
    of_map = pose_from_translation_quaternion((0.0, -6.4e6, 1.0), (0, 0, 0, 1))
    np.testing.assert_array_equal(of_map[:3, 3], (0.0, -6.4e6, 1.0))
    with pytest.raises(InputError, match='1e\\+09 m, more than the 10000 km'):
        pose_from_translation_quaternion([(0, 0, 1.0), (0, -1e9, 1.0)], (0, 0, 0, 1))
    tree = TransformTree()
    for stamp, x in ((0, 1.0), (10, 1e9), (20, 3.0), (30, 5.0)):
        tree.add('map', 'camera', stamp, (x, 0, 0), (0, 0, 0, 1))
    for stamp in (9, 10, 11):
        with pytest.raises(InputError, match='two frames may be apart'):
            tree.pose('map', 'camera', stamp)
    assert tree.pose('map', 'camera', 25)[0, 3] == pytest.approx(4.0)
