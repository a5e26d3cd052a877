# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frame-by-frame lifting: prediction, states, lag; causality is held by test_lift_learned.py."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from streamed_tracks import CAMERA, POSE, RATE, run, track, walk
from synthetic_people import walking_person

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.skeletons.formats import OUTPUT23
from mocap23_ros.tracking.track import TrackState


def test_joints_follow_the_person_and_the_root_pose_faces_forward():
    joints = walk(60)
    results, _ = run(StreamingLifter(GeometricLifter()), {7: joints})
    last = results[-1][0]
    assert last.person_id == 7 and last.state == TrackState.TRACKED
    assert last.stamp == pytest.approx(10 + 59 / RATE)
    root = joints[-1, 11:13].mean(axis=0)
    assert np.linalg.norm(last.world_T_root[:3, 3] - root) < 0.25
    np.testing.assert_allclose(last.world_T_root[:3, 3], last.joints[17], atol=1e-5)
    rotation = last.world_T_root[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    forward = np.array([np.cos(1.3), np.sin(1.3)])
    assert rotation[:2, 0] @ forward > 0.8 and rotation[2, 2] > 0.9
    assert abs(last.root_velocity[1] - forward[1]) < 0.35  # across the view
    assert np.linalg.norm(last.root_velocity[:2] - forward) < 1.0
    assert (np.linalg.eigvalsh(last.root_covariance) > 0).all()


@pytest.mark.parametrize('ankles', [0.0, 0.08])
def test_feet_that_tracks_know_are_placed_where_they_are_wanted_and_go_with_the_ankles(ankles):
    joints = walk(20)
    ahead = np.array([np.cos(1.3), np.sin(1.3), 0])
    heels = joints[:, 15:17] - 0.05 * ahead - [0, 0, 0.05]
    feet = np.concatenate([heels, heels + 0.2 * ahead], axis=1)
    plain = StreamingLifter(GeometricLifter(), ankles=ankles)
    wanted = StreamingLifter(GeometricLifter(), feet=True, ankles=ankles)
    assert wanted.output_format == OUTPUT23
    for frame, (own, points) in enumerate(zip(joints, feet, strict=True)):
        pixels = CAMERA.project((points - POSE[:3, 3]) @ POSE[:3, :3])
        person = replace(track(1, own), feet=np.column_stack(
            [pixels, np.full(4, 0.9)]).astype(np.float32))
        (without,), (estimate,) = (
            streaming.update(frame / RATE, [person], CAMERA, POSE) for streaming in (plain, wanted))
    assert without.joints.shape == (19, 3)
    np.testing.assert_array_equal(estimate.joints[:19], without.joints)
    offset = estimate.joints[19:] - estimate.joints[[15, 16, 15, 16]]
    error = offset - (feet[-1] - joints[-1][[15, 16, 15, 16]])
    assert np.linalg.norm(error, axis=1).max() < 0.08
    assert abs(error[:, 2].mean()) < 0.012
    wanted.update(20 / RATE, [track(1, joints[-1])], CAMERA, POSE)
    (unseen,) = wanted.update(1.0, [track(1, joints[-1])], CAMERA, POSE)
    assert np.isnan(unseen.joints[19:]).all() and np.isfinite(unseen.joints[:19]).all()


def test_joints_stay_within_their_covariance_when_the_camera_is_said_to_be_uncertain():
    rng = np.random.default_rng(5)
    joints = walk(15)
    told = CameraPoseUncertainty(rotation=0.03, position=0.05, stamp=0.0)
    within = {'told': [], 'untold': []}
    for _ in range(12):
        believed = POSE.copy()
        believed[:3, :3] = Rotation.from_rotvec(rng.normal(0, 0.03, 3)).as_matrix() @ POSE[:3, :3]
        believed[:3, 3] += rng.normal(0, 0.05, 3)
        for name, uncertainty in (('told', told), ('untold', None)):
            results, _ = run(StreamingLifter(GeometricLifter(), pose_uncertainty=uncertainty),
                             {1: joints}, [believed] * len(joints))
            estimate = results[-1][0]
            error = estimate.joints[:17] - joints[-1]
            square = np.einsum('ji,jik,jk->j', error, np.linalg.inv(estimate.covariance[:17]),
                               error)
            within[name].append(np.mean(square < 7.81))
    assert np.mean(within['told']) > 0.9
    assert np.mean(within['untold']) < np.mean(within['told']) - 0.1


def test_lifters_get_the_calibrated_confidence_and_tracks_stay_as_they_are():
    def half(keypoints):
        return np.concatenate([keypoints[..., :2], 0.5 * keypoints[..., 2:]], axis=-1)

    people = [track(1, joints) for joints in walk(20)]
    calibrated = StreamingLifter(GeometricLifter(), calibrate=half)
    plain, told = StreamingLifter(GeometricLifter()), StreamingLifter(GeometricLifter())
    for frame, person in enumerate(people):
        stamp = 10 + frame / RATE
        lower = replace(person, keypoints=half(person.keypoints))
        (one,), (other,), (raw,) = (
            streaming.update(stamp, [seen], CAMERA, POSE)
            for streaming, seen in ((calibrated, person), (told, lower), (plain, person)))
        np.testing.assert_array_equal(one.joints, other.joints)
        np.testing.assert_array_equal(one.covariance, other.covariance)
        assert person.keypoints[:, 2].min() == np.float32(0.9)
    assert np.trace(one.covariance[0]) > np.trace(raw.covariance[0])


def test_lag_delays_the_stamps_and_finish_returns_the_rest():
    joints = walk(20)
    results, rest = run(StreamingLifter(GeometricLifter(), lag=4), {1: joints})
    assert all(not r for r in results[:4])
    stamps = [r[0].stamp for r in results[4:] + rest]
    np.testing.assert_allclose(stamps, 10 + np.arange(20) / RATE)


def test_a_track_that_leaps_is_lifted_anew_where_it_is():
    here, there = walk(60), walk(60) + (0.0, -2.5, 0)
    results, _ = run(StreamingLifter(GeometricLifter()),
                     {1: np.concatenate([here[:40], there[40:]])})
    for frame in range(40, 60):
        error = np.linalg.norm(results[frame][0].joints[:17] - there[frame], axis=1).mean()
        assert error < (0.5 if frame < 42 else 0.2), frame
    assert results[39][0].state == TrackState.TRACKED != results[40][0].state


def test_unseen_person_is_predicted_with_growing_covariance_and_lost_once():
    joints = walk(45)
    streaming = StreamingLifter(GeometricLifter(), patience=1.0)
    run(streaming, {1: joints})
    traces, states = [], []
    for i in range(45, 90):
        estimates = streaming.update(10 + i / RATE, [track(1, None, TrackState.PREDICTED)],
                                     CAMERA, POSE)
        states += [e.state for e in estimates]
        traces += [np.trace(e.covariance[17]) for e in estimates]
        for estimate in estimates:
            assert np.isfinite(estimate.joints).all()
    assert states[:-1] == [TrackState.PREDICTED] * (len(states) - 1)
    assert states[-1] == TrackState.LOST
    assert len(states) == 30 + 1
    assert (np.diff(traces) > 0).all()


def test_tracker_giving_up_is_reported_at_once():
    streaming = StreamingLifter(GeometricLifter())
    run(streaming, {1: walk(10)})
    lost = streaming.update(12, [track(1, None, TrackState.LOST)], CAMERA, POSE)
    assert [e.state for e in lost] == [TrackState.LOST]
    assert streaming.update(12.1, [], CAMERA, POSE) == []


class RecordingLifter:
    """Lifts as the geometric one does and notes calls."""

    def __init__(self):
        self.inner = GeometricLifter()
        self.input_format, self.output_format = self.inner.input_format, self.inner.output_format
        self.window_length, self.rate = self.inner.window_length, self.inner.rate
        self.calls = []

    def lift(self, windows) -> LiftedMotion:
        self.calls.append(list(windows.person_ids))
        return self.inner.lift(windows)

    def restart(self, person_ids):
        self.inner.restart(person_ids)

    def forget(self, person_ids=None):
        self.inner.forget(person_ids)

    def close(self):
        self.inner.close()


def test_filling_window_is_lifted_from_the_first_frame_and_reported_as_init():
    lifter = RecordingLifter()
    results, _ = run(StreamingLifter(lifter, fill_fraction=0.5), {1: walk(40)})
    fill_frames = int(np.ceil(0.5 * 31 / 20 * RATE))
    assert all(r[0].state == TrackState.INIT for r in results[:fill_frames])
    assert results[fill_frames][0].state == TrackState.TRACKED
    assert len(lifter.calls) == 40


def test_all_people_with_new_data_are_lifted_in_one_call_and_nobody_else():
    lifter = RecordingLifter()
    streaming = StreamingLifter(lifter, fill_fraction=0.0)
    people = {i: walking_person(np.arange(10) / RATE, (3 + i, i - 2.0)) for i in (1, 2, 3)}
    run(streaming, people)
    assert lifter.calls == [[1, 2, 3]] * 10
    streaming.update(12, [track(1, people[1][-1]), track(2, None, TrackState.PREDICTED)],
                     CAMERA, POSE)
    assert lifter.calls[-1] == [1]
    streaming.update(12.1, [], CAMERA, POSE)
    assert len(lifter.calls) == 11


def test_a_dropped_frame_of_one_person_does_not_depend_on_who_else_is_there():
    joints = walk(40)
    alone, together = ({}, {})
    for seen, people in ((alone, {1: joints}), (together, {1: joints, 2: walk(40) + (1, 1, 0)})):
        streaming = StreamingLifter(GeometricLifter())
        for i in range(40):
            tracks = [track(p, None if (p == 1 and i == 30) else j[i],
                            TrackState.PREDICTED if (p == 1 and i == 30) else TrackState.TRACKED)
                      for p, j in people.items()]
            for estimate in streaming.update(10 + i / RATE, tracks, CAMERA, POSE):
                if estimate.person_id == 1:
                    seen[i] = estimate.joints
    for i in range(40):
        np.testing.assert_allclose(alone[i], together[i], atol=1e-6)


@pytest.mark.parametrize('rate', [1.0, 1.5, 2.0, 3.0, 5.0, 10.0])
def test_lag_loses_nobody_at_low_rates(rate):
    """Frames further apart than keypoints are interpolated over are still seen by their window."""
    joints = walking_person(np.arange(12) / rate, start=(4.0, -0.5), heading=1.3)
    streaming = StreamingLifter(GeometricLifter(), lag=3)
    results = [streaming.update(10 + i / rate, [track(1, joints[i])], CAMERA, POSE)
               for i in range(12)]
    results += streaming.finish()
    found = [r[0] for r in results if r]
    assert len(found) == 12
    root = np.array([e.joints[17] for e in found])
    assert np.linalg.norm(root - joints[:, 11:13].mean(axis=1), axis=-1).max() < 0.5


def test_known_stature_is_used_and_survives_until_reset():
    streaming = StreamingLifter(GeometricLifter())
    streaming.set_stature(1, 1.5)
    results, _ = run(streaming, {1: walk(10)})
    assert results[-1][0].stature == pytest.approx(1.5)
    streaming.reset()
    results, _ = run(streaming, {1: walk(10)})
    assert results[-1][0].stature != pytest.approx(1.5)
    with pytest.raises(InputError, match='stature must be'):
        streaming.set_stature(1, 17.0)
