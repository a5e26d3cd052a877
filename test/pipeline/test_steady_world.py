# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Localisation that corrects itself while people are in view."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from streamed_tracks import CAMERA, POSE, RATE, run, track, walk

from mocap23_ros.geometry.poses import transform_points
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter

FRAMES, LEAP = 75, 40


def moved(x, y, degrees):
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler('z', degrees, degrees=True).as_matrix()
    pose[:2, 3] = x, y
    return pose


@pytest.mark.parametrize('leap', [moved(0.5, 0.3, 10), moved(-40, 3, 170), moved(0, 0.12, 0)])
@pytest.mark.parametrize('lag', [0, 2])
def test_a_leap_of_the_map_moves_people_with_it_and_nobody_runs(leap, lag):
    joints = {1: walk(FRAMES)}
    poses = [POSE if i < LEAP else leap @ POSE for i in range(FRAMES)]
    plain, _ = run(StreamingLifter(GeometricLifter(), lag=lag), joints)
    leapt, _ = run(StreamingLifter(GeometricLifter(), lag=lag), joints, poses)
    R = leap[:3, :3]
    for (before,), (after,) in zip(plain[LEAP:], leapt[LEAP:], strict=True):
        assert after.state == before.state
        np.testing.assert_allclose(
            after.joints, transform_points(leap, before.joints), atol=1e-3)
        np.testing.assert_allclose(after.covariance, R @ before.covariance @ R.T, atol=1e-3)
        np.testing.assert_allclose(
            after.world_T_root, leap @ before.world_T_root, atol=1e-3)
        np.testing.assert_allclose(after.root_velocity, R @ before.root_velocity, atol=1e-3)
        np.testing.assert_allclose(
            after.root_covariance[3:, :3], R @ before.root_covariance[3:, :3] @ R.T, atol=1e-3)


@pytest.mark.parametrize('wrong', [
    pytest.param(Rotation.identity(), id='height'),
    pytest.param(Rotation.from_rotvec([0, np.radians(4), 0]), id='pitch')])
def test_what_was_learned_under_another_floor_is_forgotten(wrong):
    joints = walk(FRAMES)
    told = POSE.copy()
    told[:3, :3] = wrong.as_matrix() @ POSE[:3, :3]
    told[2, 3] -= 0.4 if wrong.magnitude() == 0 else 0
    results, _ = run(StreamingLifter(GeometricLifter()), {1: joints},
                     [told if i < LEAP else POSE for i in range(FRAMES)])
    errors = [np.linalg.norm(estimates[0].joints[17] - joints[i, 11:13].mean(axis=0))
              for i, estimates in enumerate(results)]
    assert min(errors[LEAP - 10:LEAP]) > 0.5
    assert max(errors[LEAP:]) < 0.35


@pytest.mark.parametrize('motion', ['turns at once', 'brakes', 'lifts the mast'])
def test_a_camera_that_really_moves_is_believed(motion):
    def pose_at(i):
        after = max(i - LEAP, 0) / RATE
        pose = POSE.copy()
        if motion == 'turns at once':
            return moved(0, 0, np.degrees(1.5 * after)) @ pose
        if motion == 'brakes':
            pose[0, 3] += 2.0 * min(i, LEAP) / RATE - 2.5
        else:
            pose[2, 3] += after
        return pose

    joints = walk(FRAMES)
    streaming = StreamingLifter(GeometricLifter())
    for i in range(55):
        pose = pose_at(i)
        person = track(1, (joints[i] - pose[:3, 3]) @ pose[:3, :3] @ POSE[:3, :3].T + POSE[:3, 3])
        streaming.update(10 + i / RATE, [person], CAMERA, pose)
        np.testing.assert_array_equal(streaming.steady_T_camera, pose)


def test_nobody_is_predicted_kilometres_from_the_camera():
    joints = walk(FRAMES)
    streaming = StreamingLifter(GeometricLifter())
    far = moved(3000.0, 0, 0) @ POSE
    for i in range(LEAP):
        estimates = streaming.update(10 + i / RATE, [track(1, joints[i])], CAMERA, POSE)
    assert [e.person_id for e in estimates] == [1]
    assert not streaming.update(10 + LEAP / RATE, [], CAMERA, far)
    for i in range(LEAP, FRAMES):  # there everybody is followed as ever
        estimates = streaming.update(10.1 + i / RATE, [track(2, joints[i])], CAMERA, far)
        assert [e.person_id for e in estimates] == [2]
        place = joints[i, 11:13].mean(axis=0) + (3000.0, 0, 0)
    assert np.linalg.norm(estimates[0].joints[17] - place) < 0.35
