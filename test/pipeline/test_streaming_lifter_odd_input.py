# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frame-by-frame lifting of odd input: clocks, hopeless people, options, nonsense."""

import pickle

import numpy as np
import pytest
from streamed_tracks import CAMERA, POSE, run, track, walk
from synthetic_people import look_at, walking_person

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.tracking.track import Track, TrackState


def test_clock_going_back_is_refused_and_reset_mends_it():
    streaming = StreamingLifter(GeometricLifter())
    joints = walk(5)
    run(streaming, {1: joints})
    with pytest.raises(InputError, match='older'):
        streaming.update(3.0, [track(1, joints[0])], CAMERA, POSE)
    streaming.reset()
    assert len(streaming.update(3.0, [track(1, joints[0])], CAMERA, POSE)) == 1


def test_hopeless_people_are_left_out_and_others_stay():
    below = POSE.copy()
    below[2, 3] = -0.5
    streaming = StreamingLifter(GeometricLifter())
    assert streaming.update(1.0, [track(1, walk(1)[0])], CAMERA, below) == []
    assert streaming.update(2.0, [], CAMERA, POSE) == []
    nothing = Track(2, TrackState.TRACKED, np.full((17, 3), np.nan, np.float32),
                    np.zeros(4, np.float32), 0.0)
    estimates = streaming.update(2.1, [nothing, track(3, walk(1)[0])], CAMERA, POSE)
    assert [e.person_id for e in estimates] == [3]


@pytest.mark.parametrize('options', [{'lag': -1}, {'lag': 1.5}, {'lag': 999},
                                     {'fill_fraction': 2.0}, {'patience': -1.0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InputError):
        StreamingLifter(GeometricLifter(), **options)


def test_jumping_clock_gap_and_many_people_do_not_grow_memory():
    streaming = StreamingLifter(GeometricLifter())
    sizes = []
    for i in range(60):
        person = walking_person([0.0], (4.0, 0.0))[0]
        streaming.update(100.0 * i, [track(i + 1, person)], CAMERA, POSE)
        sizes.append(len(pickle.dumps(streaming)))
    assert sizes[-1] < sizes[9] + 1000


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.filterwarnings('error')
def test_nonsense_never_crashes_and_estimates_are_finite(seed):
    rng = np.random.default_rng(seed)
    streaming = StreamingLifter(GeometricLifter(), lag=seed % 3)
    pose = look_at((0, 0, rng.uniform(0, 2)), (rng.normal() + .01, rng.normal(), rng.normal()))
    person, stamp = walk(1)[0], 1e9 * rng.random()
    for _ in range(40):
        stamp += rng.choice([0, .01, .033, .5, 3], p=[.05, .2, .6, .1, .05])
        tracks = []
        for person_id in range(1, rng.integers(1, 5)):
            keypoints = track(1, person).keypoints.copy()
            if rng.random() < 0.4:
                keypoints = rng.uniform((-500, -500, 0), (2000, 1500, 1), (17, 3)
                                        ).astype(np.float32)
            keypoints[rng.random(17) < rng.choice([0, .3, .9, 1])] = (np.nan, np.nan, 0)
            tracks.append(Track(person_id, TrackState(int(rng.integers(0, 3))), keypoints,
                                np.zeros(4, np.float32), 0.0))
        for estimate in streaming.update(stamp, tracks, CAMERA, pose):
            there = np.isfinite(estimate.joints).all(axis=-1)
            assert there[17] and np.abs(estimate.joints[there]).max() < 500
            assert np.isfinite(estimate.covariance[there]).all()
            assert np.isfinite(estimate.world_T_root).all()
            assert np.isfinite(estimate.root_covariance).all()
