# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Floor intersections, pointmaps, window frame and virtual cameras."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.ground_plane import (
    camera_rays,
    inverse_floor_range,
    ray_floor_intersection,
)
from mocap23_ros.geometry.pointmap import (
    CAMERA_VECTOR,
    camera_vector,
    grid_tokens,
    image_grid,
    pointmap,
)
from mocap23_ros.geometry.poses import check_pose, invert_transform, transform_points
from mocap23_ros.geometry.virtual_cameras import (
    ELEVATIONS,
    RADIUS,
    TARGET_HEIGHT,
    depth_dilution,
    look_at,
    virtual_cameras,
)
from mocap23_ros.geometry.window_frame import WindowFrame

CAMERA = CameraModel.from_calibration([[600, 0, 320], [0, 600, 240], [0, 0, 1]],
                                      [-0.2, 0.05, 0.001, 0, 0], 'plumb_bob', (640, 480))
POSE = look_at([1.0, 2.0, 1.5], [4.0, 3.0, 0.7])


@settings(max_examples=60, deadline=None)
@given(x=st.floats(1, 10), y=st.floats(-3, 3), height=st.floats(-0.5, 0.5))
def test_ray_through_a_floor_point_finds_it_again(x, y, height):
    p_world = np.array([1.0 + x, 2.0 + y, height])
    p_camera = transform_points(invert_transform(POSE), p_world)
    direction = camera_rays(p_camera[:2] / p_camera[2], POSE)
    found = ray_floor_intersection(POSE[:3, 3], direction, height)
    assert np.allclose(found, p_world, atol=1e-9) and found[2] == height
    assert inverse_floor_range(POSE[:3, 3], direction, height) == pytest.approx(
        1 / np.linalg.norm(p_world - POSE[:3, 3]))


def test_rays_that_miss_are_nan():
    directions = np.array([[1.0, 0, 0], [1, 0, 0.1], [0, 0, -1], [np.nan, 0, -1]])
    points = ray_floor_intersection([0, 0, 2.0], directions)
    assert np.isnan(points).all(axis=-1).tolist() == [True, True, False, False]
    assert np.array_equal(points[2], [0, 0, 0]) and np.isnan(points[3, 0])
    assert np.isnan(ray_floor_intersection([0, 0, -1.0], [0, 0, -1.0])).all()
    assert np.isnan(inverse_floor_range([0, 0, -1.0], [0, 0, -1.0]))


def test_rays_of_a_moving_camera_take_the_pose_of_their_row():
    poses = np.stack([POSE, look_at([0, 0, 2.0], [1.0, 0, 0])])
    normalised = np.random.default_rng(0).normal(size=(3, 2, 17, 2))
    rays = camera_rays(normalised[0], poses)
    assert np.allclose(rays[1], camera_rays(normalised[0, 1], poses[1]))
    with_depth = POSE[:3, 3] + 2.5 * rays[0]
    assert np.allclose(transform_points(invert_transform(POSE), with_depth)[:, 2], 2.5)


def test_pointmap_projects_back_to_its_pixels():
    points = pointmap(CAMERA, POSE)
    assert points.shape == (480, 640, 3) and points.dtype == np.float32
    seen = np.isfinite(points).all(axis=-1)
    assert 0.5 < seen.mean() < 0.95 and not seen[0].any() and seen[-1].all()
    assert np.abs(points[seen][:, 2]).max() == 0
    near = seen & (np.linalg.norm(points - POSE[:3, 3], axis=-1) < 20)
    pixels = CAMERA.project(transform_points(invert_transform(POSE), points[near].astype(float)))
    assert np.abs(pixels - image_grid((640, 480))[near]).max() < 0.01
    coarse = pointmap(CAMERA, POSE, height=0.3, shape=(12, 16))
    assert coarse.shape == (12, 16, 3) and np.nanmax(np.abs(coarse[..., 2] - 0.3)) < 1e-6


def test_grid_tokens_hold_the_floor_and_are_smooth_through_the_horizon():
    tokens = grid_tokens(CAMERA, POSE, 7)
    assert tokens.shape == (49, 4) and tokens.dtype == np.float32
    assert np.allclose(np.linalg.norm(tokens[:, :3], axis=-1), 1, atol=1e-6)
    floor = pointmap(CAMERA, POSE, shape=(7, 7)).reshape(49, 3)
    hit = np.isfinite(floor[:, 0])
    assert np.array_equal(hit, tokens[:, 3] > 0)
    rebuilt = POSE[:3, 3] + tokens[hit, :3] / tokens[hit, 3:]
    assert np.allclose(rebuilt, floor[hit], rtol=1e-4, atol=1e-3)
    # tilting up in small steps changes the tokens in small steps, though the floor goes
    tilts = np.stack([look_at([0, 0, 1.5], [3.0, 0, z]) for z in np.linspace(0, 4, 400)])
    path = grid_tokens(CAMERA, tilts, 4)
    assert path.shape == (400, 16, 4) and np.isfinite(path).all()
    assert np.abs(np.diff(path, axis=0)).max() < 0.01
    assert (path[0, :, 3] > 0).all() and (path[-1, :, 3] < 0).any()


def test_camera_vector_names_what_it_holds():
    vector = camera_vector(CAMERA, POSE, np.array([4.0, 3.0, 0]))
    named = dict(zip(CAMERA_VECTOR, vector.tolist(), strict=True))
    assert vector.dtype == np.float32
    assert named['height'] == pytest.approx(1.5)
    assert (named['x'], named['y']) == pytest.approx((-3, -1))
    pitch = np.arctan2(0.7 - 1.5, np.hypot(3, 1))
    assert (named['sin_pitch'], named['cos_pitch']) == pytest.approx(
        (np.sin(pitch), np.cos(pitch)), abs=1e-6)
    assert (named['sin_roll'], named['cos_roll']) == pytest.approx((0, 1), abs=1e-6)
    assert np.arctan2(named['sin_azimuth'], named['cos_azimuth']) == pytest.approx(
        np.arctan2(1, 3))
    # half the pixels, same camera
    assert np.allclose(camera_vector(CAMERA.scaled(0.5), POSE, np.array([4.0, 3, 0])), vector,
                       atol=1e-3)
    roll = np.eye(4)
    roll[:2, :2] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    rolled = dict(zip(CAMERA_VECTOR, camera_vector(CAMERA, POSE @ roll).tolist(), strict=True))
    assert np.arctan2(rolled['sin_roll'], rolled['cos_roll']) == pytest.approx(0.2, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(yaw=st.floats(-3.1, 3.1), pitch=st.floats(-1.5, 1.5), height=st.floats(0.2, 5))
def test_window_frame_looks_along_x_and_keeps_the_floor(yaw, pitch, height):
    centre = np.array([3.0, -2.0, height])
    target = centre + [np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)]
    pose = look_at(centre, target)
    frame = WindowFrame.from_camera(pose)
    check_pose(frame.world_T_window)
    inside = frame.window_T_camera(pose)
    assert np.allclose(inside[:3, 3], [0, 0, height], atol=1e-9)
    assert inside[0, 2] > 0 and abs(inside[1, 2]) < 1e-9
    points = np.random.default_rng(0).normal(size=(4, 17, 3))
    assert np.allclose(frame.to_world(frame.to_window(points)), points)
    assert np.allclose(frame.to_window(points)[..., 2], points[..., 2])


def test_window_frame_of_a_camera_looking_straight_down_is_the_limit_of_tilting():
    def heading(pitch):
        forward = np.array([0.6 * np.cos(pitch), 0.8 * np.cos(pitch), np.sin(pitch)])
        down = np.array([0.6 * np.sin(pitch), 0.8 * np.sin(pitch), -np.cos(pitch)])
        pose = np.eye(4)
        pose[:3, :3] = np.stack([np.cross(down, forward), down, forward], axis=1)
        return WindowFrame.from_camera(check_pose(pose)).world_T_window[:2, 0]

    for pitch in (-np.pi / 2, -np.pi / 2 + 1e-3, 0.0, np.pi / 2 - 1e-3, np.pi / 2):
        assert np.allclose(heading(pitch), [0.6, 0.8], atol=1e-6)
    stacked = WindowFrame.from_camera(np.stack([POSE, POSE]))
    assert stacked.world_T_window.shape == (2, 4, 4)


def test_virtual_cameras_stand_around_the_person():
    p_anchor = np.array([[4.0, 1.0, 0.9], [0.5, -3.0, 0.0]])
    centre = np.array([1.0, 0.5, 1.4])
    rig = check_pose(virtual_cameras(p_anchor, centre))
    assert rig.shape == (2, 3, 4, 4)
    for person in range(2):
        target = np.array([*p_anchor[person, :2], TARGET_HEIGHT])
        sight = p_anchor[person, :2] - centre[:2]
        for pose, turn, elevation in zip(rig[person], (90, -90, 180), ELEVATIONS, strict=True):
            p_camera = transform_points(invert_transform(pose), target)
            assert np.allclose(p_camera, [0, 0, RADIUS], atol=1e-9)
            assert pose[2, 0] == pytest.approx(0) and pose[2, 1] < 0  # level, y down
            assert np.degrees(np.arcsin((pose[2, 3] - 0.9) / RADIUS)) == pytest.approx(elevation)
            angle = np.degrees(np.arctan2(*(pose[:2, 2] @ np.array([[0, 1], [1, 0]])))
                               - np.arctan2(sight[1], sight[0]))
            assert (angle - turn + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)
    assert np.allclose(virtual_cameras(p_anchor[0], centre), rig[0])


def test_depth_dilution_of_the_rig():
    assert depth_dilution() == pytest.approx(0.707, abs=1e-3)
    assert depth_dilution([90, 180, 270]) == pytest.approx(0.707, abs=1e-3)
    assert depth_dilution([60, 180, 300]) == pytest.approx(0.816, abs=1e-3)


def test_look_at_straight_down_is_a_pose():
    pose = check_pose(look_at([0, 0, 3.0], [0, 0, 0.0]))
    assert np.allclose(pose[:3, 2], [0, 0, -1]) and np.allclose(pose[:3, 0], [0, -1, 0])
