# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import pickle

import numpy as np
import pytest
from synthetic_people import look_at

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.tracking.track import Track, TrackState
from mocap23_ros.windows import keypoint_buffer
from mocap23_ros.windows.keypoint_history import KeypointHistory

CAMERA = CameraModel.from_calibration([[600, 0, 320], [0, 600, 240], [0, 0, 1]],
                                      [-0.2, 0.05, 0.001, 0, 0], 'plumb_bob', (640, 480))
POSE = look_at([0, 0, 1.5], [4.0, 0, 0.9])
NOW = 1.7e9


def path(person_id, stamp):
    """Pixel keypoints [17,3] that move smoothly."""
    keypoints = np.empty((17, 3))
    phase = person_id + np.arange(17) * 0.3
    keypoints[:, 0] = 320 + 150 * np.sin(0.8 * (stamp - NOW) + phase)
    keypoints[:, 1] = 240 + 150 * np.cos(0.9 * (stamp - NOW) + phase)
    keypoints[:, 2] = 0.6 + 0.3 * np.sin(0.5 * (stamp - NOW) + phase)
    return keypoints


def feed(history, stamps, ids=(1,)):
    for stamp in stamps:
        history.add(stamp, {i: path(i, stamp) for i in ids}, CAMERA, POSE)


def truth(person_id, stamps):
    keypoints = np.stack([path(person_id, t) for t in stamps])
    return np.concatenate([CAMERA.undistort(keypoints[..., :2]), keypoints[..., 2:]], axis=-1)


@pytest.mark.parametrize('rate, jitter', [(10, 0.02), (15, 0), (24, 0.01), (30, 0.008), (60, 0.004),
                                          (200, 0.001)])
def test_any_camera_rate_gives_the_same_motion(rate, jitter):
    rng = np.random.default_rng(rate)
    stamps = NOW + np.arange(int(3 * rate)) / rate + rng.uniform(-jitter, jitter, int(3 * rate))
    stamps = stamps[(rng.random(len(stamps)) > 0.1) | (np.arange(len(stamps)) == len(stamps) - 1)]
    history = KeypointHistory(max_gap=0.35)
    feed(history, stamps, ids=(4, 9))
    windows = history.windows(32, 20.0)
    assert windows.keypoints.shape == (2, 32, 17, 3) and windows.keypoints.dtype == np.float32
    assert windows.stamps[-1] == stamps[-1] and np.allclose(np.diff(windows.stamps), 0.05)
    assert windows.person_ids.tolist() == [4, 9]
    assert windows.focal_length == 600 and np.isnan(windows.stature).all()
    assert np.allclose(windows.world_T_camera, POSE)
    for row, person_id in enumerate((4, 9)):
        error = np.abs(windows.keypoints[row] - truth(person_id, windows.stamps))
        assert error[-1].max() < 1e-6  # the newest frame itself
        assert error.max() < 0.012  # the sagitta of a 0.3 s chord of this path, not more


def test_long_gaps_stay_empty_and_nothing_is_extrapolated():
    stamps = NOW + np.concatenate([np.arange(0, 1, 0.05), np.arange(1.5, 2.01, 0.05)])
    history = KeypointHistory(max_gap=0.25)
    feed(history, stamps)
    windows = history.windows(60, 20.0, end_stamp=stamps[-1] + 0.2)
    known = np.isfinite(windows.keypoints[0, :, 0, 0])
    inside = ((windows.stamps >= stamps[0] - 1e-6) & (windows.stamps <= stamps[19] + 1e-6)
              | (windows.stamps >= stamps[20] - 1e-6) & (windows.stamps <= stamps[-1] + 1e-6))
    assert np.array_equal(known, inside)
    assert np.array_equal(windows.keypoints[0, :, 0, 2] > 0, known)
    assert np.isfinite(windows.world_T_camera).all()


def test_missed_detections_are_bridged_per_keypoint():
    history = KeypointHistory()
    stamps = NOW + np.arange(30) / 30
    for index, stamp in enumerate(stamps):
        keypoints = path(1, stamp)
        if index in (10, 11):
            keypoints[3] = (np.nan, np.nan, 0)  # short: bridged
        if 12 <= index < 25:
            keypoints[5, 2] = 0  # long: unknown
        keypoints[7] = (np.nan, 5, 0.9)  # never whole
        history.add(stamp, {1: keypoints}, CAMERA, POSE)
    windows = history.windows(30, 30.0)
    known = np.isfinite(windows.keypoints[0, :, :, 0])
    assert known[:, 3].all() and not known[12:25, 5].any() and known[:12, 5].all()
    assert not known[:, 7].any()
    assert np.abs(windows.keypoints[0, 10, 3] - truth(1, stamps[[10]])[0, 3]).max() < 0.01


def test_people_enter_and_leave():
    history = KeypointHistory(duration=4.0)
    feed(history, NOW + np.arange(0, 1, 0.05), ids=(1, 2))
    feed(history, NOW + np.arange(1, 3, 0.05), ids=(2, 3))
    windows = history.windows(20, 20.0)
    assert windows.person_ids.tolist() == [2, 3]
    wide = history.windows(60, 20.0)
    assert wide.person_ids.tolist() == [1, 2, 3]
    known = np.isfinite(wide.keypoints[..., 0, 0])
    assert known[1].sum() >= 59 and known[0, -39:].sum() == 0 and known[2, :19].sum() == 0
    chosen = history.windows(20, 20.0, person_ids=[3, 77, 2])
    assert chosen.person_ids.tolist() == [3, 77, 2]
    assert np.isnan(chosen.keypoints[1, ..., :2]).all()
    assert np.array_equal(chosen.keypoints[[2, 0]], windows.keypoints)
    feed(history, NOW + np.arange(3, 6, 0.05), ids=(3,))
    assert history.person_ids == [2, 3]
    feed(history, NOW + np.arange(6, 8, 0.05), ids=())
    assert history.person_ids == [3]
    feed(history, NOW + np.arange(8, 12, 0.05), ids=())
    assert history.person_ids == [] and history.windows(20, 20.0).people == 0


def test_a_forgotten_person_leaves_the_others_as_they_are():
    history = KeypointHistory()
    stamps = NOW + np.arange(0, 1, 0.05)
    feed(history, stamps, ids=(1, 2, 3, 4, 5, 6))
    before = history.windows(16, 20.0, person_ids=[1, 3, 5, 6])
    history.set_stature(5, 1.7)
    history.set_stature(2, 1.5)
    history.forget([2, 4, 99])
    after = history.windows(16, 20.0)
    assert after.person_ids.tolist() == [1, 3, 5, 6]
    assert np.array_equal(after.keypoints, before.keypoints)
    assert np.allclose(after.stature, [np.nan, np.nan, 1.7, np.nan], equal_nan=True)
    feed(history, [stamps[-1] + 0.05], ids=(2, 1))
    again = history.windows(16, 20.0, person_ids=[2])
    assert np.isnan(again.stature[0]) and np.isfinite(again.keypoints[0, :, 0, 0]).sum() == 1


def test_a_frame_with_the_same_stamp_replaces():
    history = KeypointHistory()
    feed(history, NOW + np.arange(5) / 30, ids=(1, 2))
    last = NOW + 4 / 30
    history.add(last, {2: path(7, last)}, CAMERA, POSE)
    assert len(history) == 5
    windows = history.windows(3, 30.0)
    assert np.isnan(windows.keypoints[0, -1, :, :2]).all()
    assert np.allclose(windows.keypoints[1, -1], truth(7, [last])[0], atol=1e-6)


def test_time_does_not_run_backwards():
    history = KeypointHistory()
    feed(history, [NOW, NOW + 1])
    with pytest.raises(InputError, match='0.500 s older.*reset'):
        feed(history, [NOW + 0.5])
    assert len(history) == 2 and history.newest_stamp == NOW + 1
    history.reset()
    assert len(history) == 0 and history.newest_stamp is None and history.person_ids == []
    feed(history, [NOW + 0.5])
    assert len(history) == 1


@pytest.mark.parametrize('change, message', [
    (dict(stamp=np.nan), 'stamp nan'),
    (dict(people={1: np.zeros((18, 3))}), r'person 1 .*\[18, 3\], not \[17, 3\]'),
    (dict(people={i: np.zeros((17, 3)) for i in range(300)}), '300 people'),
    (dict(world_T_camera=np.eye(4) * 2), 'non-rigid'),
    (dict(world_T_camera=np.tile(np.eye(4), (2, 1, 1))), r'not \[4, 4\]'),
])
def test_bad_frames_are_refused_and_leave_no_trace(change, message):
    history = KeypointHistory()
    feed(history, NOW + np.arange(5) / 30)
    before = history.windows(5, 30.0)
    frame = dict(stamp=NOW + 1, people={1: path(1, NOW + 1)}, camera=CAMERA, world_T_camera=POSE)
    with pytest.raises(InputError, match=message):
        history.add(**{**frame, **change})
    assert len(history) == 5
    assert np.array_equal(history.windows(5, 30.0).keypoints, before.keypoints, equal_nan=True)


def test_windows_that_cannot_be():
    history = KeypointHistory()
    with pytest.raises(ValueError, match='empty'):
        history.windows(16, 20.0)
    feed(history, [NOW])
    for length, rate in ((0, 20.0), (16, 0.0), (16, np.nan)):
        with pytest.raises(InputError, match='length >= 1 and rate > 0'):
            history.windows(length, rate)
    one = history.windows(16, 20.0)
    assert np.isfinite(one.keypoints[0, -1]).all() and np.isnan(one.keypoints[0, :-1, :, 0]).all()


def test_tracks_are_taken_as_they_are():
    def track(person_id, state, keypoints):
        return Track(person_id, state, keypoints.astype(np.float32), np.zeros(4, np.float32),
                     1.0)
    history = KeypointHistory()
    history.add(NOW, [track(1, TrackState.TRACKED, path(1, NOW)),
                      track(2, TrackState.PREDICTED, np.full((17, 3), np.nan)),
                      track(3, TrackState.LOST, path(3, NOW))], CAMERA, POSE)
    assert history.person_ids == [1]
    assert np.allclose(history.windows(1, 20.0).keypoints[0], truth(1, [NOW]), atol=1e-5)


def test_a_moving_camera_is_where_it_was():
    history = KeypointHistory()
    stamps = NOW + np.arange(30) / 15
    poses = [look_at([0.2 * t, 0.1 * t, 1.5], [4.0, t, 0.9]) for t in stamps - NOW]
    for stamp, pose in zip(stamps, poses, strict=True):
        history.add(stamp, {1: path(1, stamp)}, CAMERA, pose)
    windows = history.windows(30, 30.0)
    assert np.allclose(windows.world_T_camera[-1], poses[-1], atol=1e-9)
    assert np.allclose(windows.world_T_camera[-3], poses[-2], atol=1e-7)
    assert np.allclose(windows.world_T_camera[:, 0, 3], 0.2 * (windows.stamps - NOW), atol=1e-6)


def test_poses_are_interpolated_over_gaps_of_any_length():
    history = KeypointHistory()
    for t in (0.0, 0.1, 3.1, 3.2):
        history.add(NOW + t, {}, CAMERA, look_at([t, 0, 1.5], [9.0, 0, 0.9]))
    for end in (3.2, 2.5, 0.05, 0.0, 9.0, -5.0):
        windows = history.windows(10, 20.0, end_stamp=NOW + end)
        assert np.allclose(windows.world_T_camera[:, 0, 3],
                           np.clip(windows.stamps - NOW, 0, 3.2), atol=1e-6)


def test_memory_is_bounded_and_windows_do_not_change_as_buffers_move(monkeypatch):
    monkeypatch.setattr(keypoint_buffer, 'FIRST_CAPACITY', 4096)
    large = KeypointHistory(duration=1.5)
    monkeypatch.setattr(keypoint_buffer, 'FIRST_CAPACITY', 16)
    small = KeypointHistory(duration=1.5)
    rng = np.random.default_rng(0)
    stamp = NOW
    for _ in range(400):
        stamp += rng.uniform(0.01, 0.06)
        people = {int(i): path(i, stamp) for i in rng.integers(1, 9, 5)}
        small.add(stamp, people, CAMERA, POSE)
        large.add(stamp, people, CAMERA, POSE)
        one, other = small.windows(20, 20.0), large.windows(20, 20.0)
        assert np.array_equal(one.person_ids, other.person_ids)
        assert np.array_equal(one.keypoints, other.keypoints, equal_nan=True)
    assert len(small) < 160
    # Buffers of 256 frames and 16 people at most.
    assert len(pickle.dumps(small)) < 256 * (16 * 17 * 3 * 4 + 8 + 128) + 10_000


def test_frames_are_capped_at_absurd_rates(monkeypatch):
    monkeypatch.setattr(keypoint_buffer, 'MAXIMUM_FRAMES', 50)
    history = KeypointHistory()
    feed(history, NOW + np.arange(200) * 1e-3)
    assert len(history) == 50 and history.newest_stamp == NOW + 199 * 1e-3


def test_a_crowd_that_keeps_changing_does_not_pile_up(monkeypatch):
    monkeypatch.setattr(keypoint_buffer, 'MAXIMUM_PEOPLE', 10)
    history = KeypointHistory()
    for index in range(60):
        stamp = NOW + index * 0.05
        history.add(stamp, {index: path(1, stamp)}, CAMERA, POSE)
    assert history.person_ids == list(range(50, 60))
    assert history.windows(8, 20.0).people == 8
