# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
from default_detector import require_default_detector
from hypothesis import given
from hypothesis import strategies as st

from mocap23_ros.cli.main import main
from mocap23_ros.demo.player import frame_sequence
from mocap23_ros.demo.take import load_take, recorded
from mocap23_ros.demo.truth import triangulate_motion
from mocap23_ros.errors import InputError

# Computing the truth takes half a minute, more on a busy machine; then it is cached.
pytestmark = pytest.mark.timeout(600)

STANDING = np.array([
    [0, .1, 1.6], [.03, .1, 1.63], [-.03, .1, 1.63], [.08, 0, 1.6], [-.08, 0, 1.6],
    [.18, 0, 1.4], [-.18, 0, 1.4], [.25, 0, 1.1], [-.25, 0, 1.1], [.27, .1, .9], [-.27, .1, .9],
    [.1, 0, .9], [-.1, 0, .9], [.11, .03, .5], [-.11, .03, .5], [.12, 0, .08], [-.12, 0, .08]])


def walker(frames):
    """A stiff person who walks and turns: [F,17,3]."""
    time = np.arange(frames) / 60
    turn = 0.6 * time
    rotation = np.zeros((frames, 3, 3))
    rotation[:, 0, 0] = rotation[:, 1, 1] = np.cos(turn)
    rotation[:, 1, 0], rotation[:, 0, 1] = np.sin(turn), -np.sin(turn)
    rotation[:, 2, 2] = 1
    joints = np.einsum('fij,kj->fki', rotation, STANDING)
    joints[..., 0] += 0.5 * time[:, None] - 0.3
    return joints


def test_swapped_limbs_and_wrong_views_are_found_out(room_cameras):
    rng = np.random.default_rng(3)
    joints = walker(30)
    keypoints = np.ones((4, 30, 17, 3))
    for index, camera in enumerate(room_cameras):
        keypoints[index, ..., :2] = camera.project(joints)
    keypoints[..., :2] += rng.normal(0, 2, keypoints[..., :2].shape)
    swapped = keypoints.copy()
    left, right = (11, 13, 15), (12, 14, 16)
    swapped[1, 8:18, left], swapped[1, 8:18, right] = (
        keypoints[1, 8:18, right].copy(), keypoints[1, 8:18, left].copy())
    swapped[2, 24, 9, :2] += 150  # a wrist elsewhere, once
    motion = triangulate_motion(room_cameras, swapped, 60.0)
    expected = np.zeros((4, 30), bool)
    expected[1, 8:18] = True
    assert (motion.swapped[..., 1] == expected).mean() > 0.99
    assert not motion.swapped[..., 0].any()
    error = np.linalg.norm(motion.joints - joints, axis=-1)
    assert np.median(error) < 0.006 and error.max() < 0.04
    again = triangulate_motion(room_cameras, swapped, 60.0)
    assert np.array_equal(motion.joints, again.joints)


def test_a_joint_that_hardly_anybody_sees_is_bridged(room_cameras):
    joints = walker(40)
    keypoints = np.ones((4, 40, 17, 3))
    for index, camera in enumerate(room_cameras):
        keypoints[index, ..., :2] = camera.project(joints)
    keypoints[1:, 15:20, 10, :2] = np.nan  # one view alone cannot place it
    motion = triangulate_motion(room_cameras, keypoints, 60.0)
    assert motion.bridged[15:20, 10].all() and motion.bridged.sum() == 5
    assert np.linalg.norm(motion.joints[:, 10] - joints[:, 10], axis=-1).max() < 0.01


@pytest.fixture(scope='module')
def take(sample_files):
    require_default_detector()
    try:
        return load_take()
    except InputError as error:
        pytest.skip(f'the truth cannot be computed: {error}')


def test_the_truth_of_the_sample_is_consistent_with_itself(take):
    truth = take.truth
    assert truth.joints.shape == (100, 17, 3) and np.isfinite(truth.joints).all()
    assert np.median(truth.residual_px[:, :, 5:]) < 9  # px: shoulders to ankles
    bones = ((5, 7), (6, 8), (11, 13), (13, 15), (12, 14), (14, 16), (5, 6), (11, 12))
    for a, b in bones:
        length = np.linalg.norm(truth.joints[:, a] - truth.joints[:, b], axis=-1)
        assert length.std() < 0.03, (a, b)
    # One foot always bears on the beam (top at 0.05 m): its ankle is 5 to 14 cm above that.
    lower_ankle = truth.joints[:, [15, 16], 2].min(1) - take.floor_height
    assert 0.05 < np.median(lower_ankle) < 0.14 and lower_ankle.std() < 0.03
    # Nobody moves faster than that on a beam.
    assert np.linalg.norm(np.diff(truth.joints, axis=0), axis=-1).max() * take.fps < 8
    # He walks along the beam, which is the x axis.
    hips = truth.joints[:, [11, 12]].mean(1)
    assert np.abs(hips[:, 1]).max() < 0.3 and np.ptp(hips[:, 0]) > 0.4


def test_the_detector_kept_left_and_right_in_every_view(take):
    # On cam02 the landmark network alone exchanges them in 29 frames.
    assert take.truth.swapped.any(-1).sum(1).max() < 5


def test_the_keypoints_can_be_lifted(take, tmp_path):
    from mocap23_ros.recordings.recording import load_recording

    camera = take.camera('cam03')
    path = tmp_path / 'in.npz'
    recorded(camera, take.keypoints[2][:, None], np.arange(100) / 60,
             take.floor_height).save(path)
    recording = load_recording(path)
    assert recording.frames == 100 and recording.people == 1
    assert recording.world_T_camera[0, 2, 3] == pytest.approx(camera.world_T_camera[2, 3] - 0.05)


@given(st.integers(2, 120), st.sampled_from((60.0, 30.0, 20.0, 15.0, 10.0)),
       st.floats(0.5, 30.0))
def test_playing_forwards_and_backwards_never_jumps(frame_count, rate, seconds):
    frames = frame_sequence(frame_count, 60.0, rate, seconds)
    step = 60 / rate
    assert len(frames) == max(1, round(seconds * rate)) and frames[0] == 0
    assert frames.min() >= 0 and frames.max() < frame_count
    assert np.abs(np.diff(frames)).max(initial=0) <= step
    # Away from the ends the speed is that of the film.
    inner = (frames[1:-1] >= step) & (frames[1:-1] < frame_count - step)
    assert (np.abs(np.diff(frames))[1:][inner] == step).all()


def test_the_real_cameras_are_evaluation_sets(sample_files, tmp_path, capsys):
    assert main(['evaluate', '--set', 'sample', '--methods', 'geometric', '--sequences', '2',
                 '--out', str(tmp_path)]) == 0
    written = capsys.readouterr()
    assert 'sample, 1188 frames at 60 Hz' in written.out and 'cam02' in written.err
    figures = json.loads((tmp_path / 'report.json').read_text())['methods']['geometric']
    assert 50 < figures['mpjpe_mm'] < 300 and 0 < figures['coverage_95'] <= 1
