# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of another time than the poses of a camera that turns, told by people alone."""

import numpy as np
import pytest
from synthetic_scene import FOCAL, HEIGHT, WIDTH, camera_pose, person, project

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_checks import set_up_findings
from mocap23_ros.skeletons.formats import COCO17

RATE, SECONDS = 10.0, 20.0
CAMERA = CameraModel.from_calibration(
    np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]]), (), 'plumb_bob',
    (WIDTH, HEIGHT))


def here_and_there(time):
    """The heading [rad] of a robot that looks about."""
    return 0.25 * np.sin(1.1 * time) + 0.12 * np.sin(2.3 * time + 1)


def turned(heading, place=0.0):
    """The camera of a robot that turned, and drove sideways by metres."""
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]]
    turn[1, 3] = place
    return turn @ camera_pose()


def found(late, ways, heading=here_and_there, speed=0.0):
    """Messages about the time; ways: y [m] of people, of the time; late: s; speed: m/s, driven."""
    noise = np.random.default_rng(1)
    stamps = np.arange(0, SECONDS, 1 / RATE)
    keypoints = np.full((len(stamps), len(ways), 17, 3), 0.9)
    for frame, stamp in enumerate(stamps):
        then = stamp - late
        for k, way in enumerate(ways):
            keypoints[frame, k, :, :2] = project(
                person(4.0, way(then)), turned(heading(then), speed * np.sin(0.5 * then)))
    keypoints[..., :2] += noise.normal(0, 4, keypoints[..., :2].shape)
    poses = np.stack([turned(heading(stamp), speed * np.sin(0.5 * stamp)) for stamp in stamps])
    findings = set_up_findings(KeypointRecording(
        keypoints.astype(np.float32), stamps, (CAMERA,), poses,
        np.full(len(ways), np.nan, np.float32), COCO17, '')) or []
    return [finding.message for finding in findings if finding.key == 'image time']


def stays(time):
    return 0.3 + 0.02 * np.sin(5 * time)


def strolls(time):
    return 0.8 * np.sin(0.5 * time + 1) + 0.02 * np.sin(6 * time)


@pytest.mark.parametrize('late', [0.1, -0.06])
@pytest.mark.parametrize('ways', [[stays], [strolls, stays]])
def test_people_who_swing_as_the_camera_turns_tell_by_how_much(late, ways):
    said, = found(late, ways, speed=0.3)
    way = 'later' if late > 0 else 'earlier'
    amount = float(said.split('seem ')[1].split()[0])
    assert amount == pytest.approx(1e3 * abs(late), abs=8) and way in said


@pytest.mark.parametrize('lag', [0.0, 0.3])
def test_a_robot_that_turns_after_people_is_right(lag):
    assert not found(0.0, [strolls], lambda time: 0.9 * np.arctan(strolls(time - lag) / 4))


def test_right_stamps_are_left_alone():
    assert not found(0.01, [strolls, stays], speed=0.3)
