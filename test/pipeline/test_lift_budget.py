# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Where time does not suffice, the nearest people are computed first and the others in turn."""

import numpy as np
import pytest
from synthetic_people import look_at, walking_person

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.pipeline.lift_budget import LiftBudget
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.tracking.track import Track, TrackState

CAMERA = CameraModel.from_calibration([1000, 0, 640, 0, 1000, 360, 0, 0, 1],
                                      image_size=(1280, 720))
POSE = look_at((0, 0, 1.5), (6, 0, 0.9))
RATE = 15.0
DISTANCES = {1: 9.0, 2: 4.0, 3: 8.0, 4: 5.0, 5: 7.0, 6: 6.0}


def crowd_at(stamp):
    tracks = []
    for person_id, x in DISTANCES.items():
        (joints,) = walking_person(np.array([stamp]), start=(x, 0.4 * person_id - 1.4), heading=1.6)
        keypoints = np.full((17, 3), 0.9, np.float32)
        keypoints[:, :2] = CAMERA.project((joints - POSE[:3, 3]) @ POSE[:3, :3])
        tracks.append(Track(
            person_id, TrackState.TRACKED, keypoints, np.zeros(4, np.float32), 1.0))
    return tracks


def test_how_many_people_a_time_suffices_for():
    budget = LiftBudget()
    assert budget.most_people(0.1) is None, 'nothing is known yet'
    for people, seconds in ((4, 0.04), (4, 0.04), (1, 3.0), (4, 0.04), (0, 1.0)):
        budget.note(people, seconds)
    assert budget.most_people(0.1) == 10, 'a single slow image is no measure'
    assert budget.most_people(1e-4) == 2, 'somebody is always computed'
    assert budget.most_people(0.0) is None


def test_the_nearest_are_always_computed_and_the_others_in_turn():
    streaming = StreamingLifter(GeometricLifter())
    for i in range(30):
        streaming.update(i / RATE, crowd_at(i / RATE), CAMERA, POSE)
    computed = {person_id: 0 for person_id in DISTANCES}
    longest = {person_id: 0 for person_id in DISTANCES}
    waited = dict(longest)
    for i in range(30, 60):
        estimates = streaming.update(i / RATE, crowd_at(i / RATE), CAMERA, POSE, most_people=4)
        assert [e.person_id for e in estimates] == sorted(DISTANCES), 'everybody is published'
        assert (streaming.people_lifted, streaming.people_left_out) == (4, 2)
        for estimate in estimates:
            person_id = estimate.person_id
            if estimate.state is TrackState.PREDICTED:
                waited[person_id] += 1
            else:
                assert estimate.state is TrackState.TRACKED
                computed[person_id] += 1
                waited[person_id] = 0
            longest[person_id] = max(longest[person_id], waited[person_id])
    assert {i for i, count in computed.items() if count == 30} == {2, 4, 6}, 'the nearest three'
    assert max(longest.values()) <= 2, 'the other three take turns'


def test_who_waits_for_long_is_predicted_and_not_lost():
    streaming = StreamingLifter(GeometricLifter(), patience=0.5)
    for i in range(30):
        streaming.update(i / RATE, crowd_at(i / RATE), CAMERA, POSE)
    for i in range(30, 90):
        estimates = streaming.update(2.0 * i / RATE, crowd_at(i / RATE), CAMERA, POSE,
                                     most_people=2)
        assert len(estimates) == len(DISTANCES)
        assert all(e.state is not TrackState.LOST for e in estimates)


@pytest.mark.parametrize('most', [None, 6, 100])
def test_where_it_suffices_nothing_changes(most):
    free, bounded = StreamingLifter(GeometricLifter()), StreamingLifter(GeometricLifter())
    for i in range(20):
        expected = free.update(i / RATE, crowd_at(i / RATE), CAMERA, POSE)
        found = bounded.update(i / RATE, crowd_at(i / RATE), CAMERA, POSE, most)
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one.joints, other.joints)
