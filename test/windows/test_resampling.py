# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import check_pose
from mocap23_ros.windows.recording_windows import recording_windows
from mocap23_ros.windows.resampling import resample_keypoints, resample_poses


def one_by_one(stamps, keypoints, query, max_gap):
    """The documented rule, written as plainly as can be."""
    result = np.empty((keypoints.shape[0], len(query), keypoints.shape[2], 3), np.float32)
    result[...] = (np.nan, np.nan, 0)
    for person in range(keypoints.shape[0]):
        for joint in range(keypoints.shape[2]):
            track = keypoints[person, :, joint]
            seen = np.flatnonzero(track[:, 2] > 0)
            for k, t in enumerate(query):
                before, after = seen[stamps[seen] <= t], seen[stamps[seen] >= t]
                if not before.size or not after.size:
                    continue
                i, j = before[-1], after[0]
                if stamps[j] - stamps[i] > max_gap:
                    continue
                f = 0 if i == j else (t - stamps[i]) / (stamps[j] - stamps[i])
                result[person, k, joint] = track[i] + f * (track[j] - track[i])
    return result


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), frames=st.integers(1, 25), missing=st.floats(0, 0.8),
       rate=st.floats(3, 60))
def test_follows_the_rule_whatever_is_missing(seed, frames, missing, rate):
    rng = np.random.default_rng(seed)
    stamps = 1.7e9 + np.cumsum(rng.uniform(0.005, 0.15, frames))
    keypoints = rng.uniform(0.1, 1, (2, frames, 3, 3)).astype(np.float32)
    keypoints[rng.random(keypoints.shape[:3]) < missing] = (np.nan, np.nan, 0)
    query = stamps[-1] + 0.1 - np.arange(30)[::-1] / rate
    expected = one_by_one(stamps, keypoints, query, 0.2)
    result = resample_keypoints(stamps, keypoints, query, 0.2)
    assert result.dtype == np.float32
    assert np.allclose(result, expected, atol=1e-5, equal_nan=True)
    assert np.array_equal(np.isnan(result[..., 0]), result[..., 2] == 0)


def test_samples_are_met_exactly_in_spite_of_rounding():
    stamps = 1.7e9 + np.arange(30) / 30
    keypoints = np.random.default_rng(0).uniform(0.1, 1, (3, 30, 17, 3)).astype(np.float32)
    query = stamps[-1] - np.arange(29, -1, -1) / 30
    assert np.array_equal(resample_keypoints(stamps, keypoints, query), keypoints)


def test_a_path_that_is_straight_in_time_comes_out_straight():
    rng = np.random.default_rng(1)
    stamps = np.sort(rng.uniform(0, 3, 60))  # jitter as bad as can be
    keypoints = np.ones((1, 60, 1, 3), np.float32)
    keypoints[0, :, 0, 0] = 0.3 * stamps - 0.2
    query = np.linspace(stamps[1], stamps[-2], 50)
    result = resample_keypoints(stamps, keypoints, query, max_gap=1.0)
    assert np.allclose(result[0, :, 0, 0], 0.3 * query - 0.2, atol=1e-6)


def test_nobody_and_nothing():
    assert resample_keypoints(np.arange(3.0), np.empty((0, 3, 17, 3), np.float32),
                              np.arange(2.0)).shape == (0, 2, 17, 3)
    empty = resample_keypoints(np.empty(0), np.empty((2, 0, 17, 3), np.float32), np.arange(2.0))
    assert np.isnan(empty[..., :2]).all() and not empty[..., 2].any()


def test_poses_turn_evenly_and_are_held_at_the_ends():
    stamps = np.array([0.0, 1.0, 3.0])
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, :3, :3] = Rotation.from_rotvec([[0, 0, 0], [0, 0, 0.5], [0, 0, 0.5]]).as_matrix()
    poses[:, 0, 3] = [0, 1, 5]
    result = check_pose(resample_poses(stamps, poses, np.array([-1, 0.5, 1.0, 2.0, 9])))
    yaw = np.arctan2(result[:, 1, 0], result[:, 0, 0])
    assert np.allclose(yaw, [0, 0.25, 0.5, 0.5, 0.5])
    assert np.allclose(result[:, 0, 3], [0, 0.5, 1, 3, 5])
    still = resample_poses(stamps, poses[[1, 1, 1]], np.array([0.3, 7]))
    assert np.array_equal(still, poses[[1, 1]])


def test_all_windows_of_a_recording():
    rng = np.random.default_rng(2)
    stamps = np.cumsum(rng.uniform(0.02, 0.05, 400))
    keypoints = rng.uniform(0.1, 1, (2, 400, 17, 3)).astype(np.float32)
    keypoints[1, :200] = (np.nan, np.nan, 0)
    poses = np.tile(np.eye(4), (400, 1, 1))
    poses[:, 0, 3] = stamps
    windows = list(recording_windows(stamps, keypoints, poses, 900.0, 16, 20.0,
                                     stature=[1.8, np.nan]))
    assert len(windows) == 400
    for index in (0, 150, 399):
        window = windows[index]
        query = stamps[index] - np.arange(15, -1, -1) / 20
        assert np.allclose(window.stamps, query)
        assert np.allclose(window.keypoints, resample_keypoints(stamps, keypoints, query),
                           atol=1e-6, equal_nan=True)
        assert np.array_equal(window.keypoints[:, -1], keypoints[:, index], equal_nan=True)
        assert np.allclose(window.world_T_camera[:, 0, 3], np.maximum(query, stamps[0]))
        assert window.person_ids.tolist() == [1, 2] and window.stature[0] == np.float32(1.8)
    chosen = list(recording_windows(stamps, keypoints, poses[0], 900.0, 16, 20.0,
                                    end_stamps=[stamps[7], stamps[300]]))
    assert len(chosen) == 2
    assert np.allclose(chosen[1].keypoints, windows[300].keypoints, equal_nan=True)
    with pytest.raises(InputError, match='increase'):
        list(recording_windows(stamps[::-1], keypoints, poses, 900.0, 16, 20.0))
