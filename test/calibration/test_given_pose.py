# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Ten seconds of somebody who walks about, before cameras whose given pose is wrong or right."""

import time
from dataclasses import replace

import numpy as np
import psutil
import pytest
from scipy.spatial.transform import Rotation
from walkers import FPS, camera_above_floor, passers_by, seen, walks

from mocap23_ros.calibration.given_pose import given_pose_doubt
from mocap23_ros.plausibility.findings_apart import FindingsApart
from mocap23_ros.plausibility.people_samples import PeopleMemory
from mocap23_ros.plausibility.pose_doubt import pose_findings
from mocap23_ros.ros.pose_fit import PoseFit

SECONDS = 10.0


def sightings(height=2.0, pitch=14.0, roll=1.0, seed=0):
    """Samples under the true pose, as the node keeps them, and the focal length."""
    joints, stature = walks('16', SECONDS, 5.0, seed)
    camera, pose = camera_above_floor(height, pitch, roll)
    memory = PeopleMemory()
    for frame, keypoints in enumerate(seen(joints, camera, pose, 4.0, seed)):
        if memory.is_due(frame / FPS):
            memory.add(frame / FPS, [7], keypoints[None], camera, pose)
    return memory.recent(), camera.focal_length, stature


@pytest.fixture(scope='module')
def walker():
    return sightings()


def doubt(walker, wrong=lambda pose: pose, focal=1.0, statures=None):
    samples, focal_length, _ = walker
    told = np.stack([wrong(pose) for pose in samples.floor_T_camera])
    return given_pose_doubt(samples.stamps, samples.person_ids, samples.points / focal, told,
                           focal * focal_length, statures)


def turned(axis, degrees):
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    return lambda pose: pose @ turn


def raised(factor):
    def wrong(pose):
        pose = pose.copy()
        pose[2, 3] *= factor
        return pose
    return wrong


@pytest.mark.parametrize(('wrong', 'words'), [
    (turned('x', 6), 'degrees (pitch: it looks down more than told)'),
    (turned('x', -6), 'degrees (pitch: it looks up more than told)'),
    (turned('z', 6), 'degrees (roll: its'), (turned('z', -6), 'degrees (roll: its'),
    (raised(1.5), 'cm (it stands lower than told)')])
def test_a_pose_that_is_far_off_is_doubted_with_the_amount(walker, wrong, words):
    said = doubt(walker, wrong)
    assert words in said and said.count('+-') == 1
    amount = float(said.split('off by ')[1].split()[0])
    assert amount == pytest.approx(6, abs=1.5) if 'degrees' in words else amount == pytest.approx(
        100, abs=20)


def test_right_poses_are_not_doubted_nor_heights_that_children_would_explain(walker):
    assert doubt(walker) == ''
    assert doubt(walker, turned('xz', (1.0, 1.0))) == ''
    assert doubt(walker, raised(0.6)) == ''
    known = {7: walker[2]}
    assert doubt(walker, statures=known) == ''
    assert 'it stands higher than told' in doubt(walker, raised(0.6), statures=known)


def test_a_focal_length_that_is_far_off_shows_as_pitch(walker):
    assert 'K is of these images' in doubt(walker, focal=0.6)


def test_a_camera_that_moves_or_people_who_do_not_walk_are_not_judged(walker):
    samples, focal_length, stature = walker
    moving = samples.floor_T_camera.copy()
    moving[:, 0, 3] = np.linspace(0, 1, len(moving))
    assert doubt((replace(samples, floor_T_camera=moving), focal_length, stature)) is None
    few = samples.select(np.arange(20))
    assert doubt((few, focal_length, stature)) is None
    still = replace(samples, points=samples.points[:1].repeat(len(samples), axis=0))
    assert doubt((still, focal_length, stature), turned('x', 8)) is None


def test_dancers_and_sportsmen_raise_no_doubt():
    """Subjects of CMU who do whatever they did, one after the other."""
    camera, pose = camera_above_floor(1.6, 9.0, 0.5)
    memory = PeopleMemory()
    for frame, (stamp, person, joints, _) in enumerate(
            passers_by(36.0, 5.5, np.random.default_rng([31, 1]))):
        if memory.is_due(stamp):
            memory.add(stamp, [person], seen(joints[None], camera, pose, 4.0, frame), camera, pose)
        if stamp > 11.9 and round(stamp * FPS) % 240 == 0:
            s = memory.recent()
            assert not given_pose_doubt(s.stamps, s.person_ids, s.points, s.floor_T_camera,
                                       camera.focal_length)


@pytest.fixture
def wrong(walker):
    """What a fit beside frames is asked, of a camera that looks down more than told."""
    samples, focal_length, _ = walker
    told = samples.floor_T_camera @ turned('x', 6)(np.eye(4))
    return replace(samples, floor_T_camera=told), focal_length, {7: 1.8}


def test_a_live_node_finds_what_a_bag_does_a_moment_later(wrong):
    at_once, live = PoseFit(live=False).update(0.0, *wrong), PoseFit(live=True)
    assert at_once and live.update(0.0, *wrong) == []
    deadline = time.monotonic() + 100.0
    while not live.update(0.0, *wrong):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert live.update(0.0, *wrong) == at_once == pose_findings(*wrong)


def test_a_fit_whose_process_is_killed_is_made_here_and_who_is_stopped_is_gone(wrong):
    others = set(psutil.Process().children())
    apart = FindingsApart(*wrong)
    (process,) = set(psutil.Process().children()) - others
    process.kill()
    assert apart.result() == pose_findings(*wrong)
    apart = FindingsApart(*wrong)
    apart.stop()
    assert apart.is_done and not set(psutil.Process().children()) - others
