# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Identities of simulated people: entering, leaving, crossing, hidden, many, any rate."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocap23_ros.detection.detector import Detection
from mocap23_ros.errors import InputError
from mocap23_ros.tracking.track import TrackState
from mocap23_ros.tracking.tracker import Tracker

INIT, TRACKED, PREDICTED, LOST = TrackState

# Offsets of COCO keypoints from the middle of the body, as fractions of its height.
SHAPE = np.array([
    [0, -.45], [.02, -.47], [-.02, -.47], [.05, -.46], [-.05, -.46], [.12, -.32], [-.12, -.32],
    [.16, -.14], [-.16, -.14], [.17, .0], [-.17, .0], [.08, .03], [-.08, .03], [.08, .26],
    [-.08, .26], [.08, .48], [-.08, .48]])


def person(x, y, height, phase=0.0, noise=None, score=0.9):
    shape = SHAPE.copy()
    # Arms and legs swing, each person in its own phase.
    shape[[9, 15], 0] += 0.08 * math.sin(phase)
    shape[[10, 16], 0] -= 0.08 * math.sin(phase)
    points = shape * height + (x, y)
    if noise is not None:
        points += noise.normal(0, 0.008 * height, points.shape)
    keypoints = np.concatenate([points, np.full((17, 1), score)], axis=1).astype(np.float32)
    box = np.concatenate([points.min(0), points.max(0)]).astype(np.float32)
    return Detection(keypoints, box, score)


def ids(tracks, *states):
    return [t.person_id for t in tracks if not states or t.state in states]


def walk(tracker, people_at, stamps):
    """Feed people_at(stamp) -> {truth: Detection}; return [{truth: id}] of seen people."""
    result = []
    for stamp in stamps:
        truth = people_at(stamp)
        tracks = tracker.update(list(truth.values()), stamp)
        row = {}
        for name, detection in truth.items():
            for track in tracks:
                if track.state in (INIT, TRACKED) and track.keypoints is detection.keypoints:
                    row[name] = track.person_id
        result.append(row)
    return result


def test_a_new_person_is_confirmed_by_the_third_detection():
    tracker = Tracker()
    states = [tracker.update([person(300, 300, 200)], 0.1 * i)[0].state for i in range(4)]
    assert states == [INIT, INIT, TRACKED, TRACKED]


def test_one_false_detection_is_never_tracked_and_is_reported_lost_once():
    tracker = Tracker()
    assert tracker.update([person(300, 300, 200)], 0.0)[0].state == INIT
    assert [t.state for t in tracker.update([], 0.1)] == [LOST]
    assert tracker.update([], 0.2) == []


def test_state_keypoints_box_and_times_while_hidden_and_after():
    tracker = Tracker(keep_for=1.0)
    for i in range(11):
        tracker.update([person(300 + 10 * i, 300, 200)], 0.1 * i)
    hidden = tracker.update([], 1.5)[0]
    assert hidden.state == PREDICTED and np.isnan(hidden.keypoints[:, :2]).all()
    assert hidden.age == pytest.approx(1.5)
    # It walks on with 100 px/s while nobody sees it.
    assert hidden.bounding_box[[0, 2]].mean() == pytest.approx(450, abs=12)
    lost = tracker.update([], 2.5)
    assert [t.state for t in lost] == [LOST]
    assert tracker.update([], 2.6) == []
    back = tracker.update([person(500, 300, 200)], 2.7)
    assert back[0].person_id == hidden.person_id + 1


@pytest.mark.parametrize('rate', [10.0, 30.0, 200.0])
def test_the_id_outlives_one_second_of_occlusion(rate):
    tracker = Tracker()
    noise = np.random.default_rng(1)

    def people(t):
        walker = person(200 + 120 * t, 300, 220, 6 * t, noise)
        return {} if 1.0 < t <= 2.0 else {'a': walker}
    rows = walk(tracker, people, np.arange(0, 3, 1 / rate))
    assert {row['a'] for row in rows if 'a' in row} == {1}


@pytest.mark.parametrize('hidden', [False, True])
@pytest.mark.parametrize('rate', [15.0, 30.0, 60.0])
def test_crossing_people_keep_their_ids(rate, hidden):
    tracker = Tracker()
    noise = np.random.default_rng(2)

    def people(t):
        front = person(100 + 200 * t, 300, 230, 7 * t, noise)
        back = person(700 - 200 * t, 285, 210, 5 * t + 1, noise)
        if hidden and abs(t - 1.5) < 0.25:  # the one behind is not seen
            return {'front': front}
        return {'front': front, 'back': back}
    rows = walk(tracker, people, np.arange(0, 3, 1 / rate))
    assert {row['front'] for row in rows} == {1}
    assert {row['back'] for row in rows if 'back' in row} == {2}


def test_people_enter_and_leave():
    tracker = Tracker()

    def people(t):
        present = {}
        if t < 2:
            present['a'] = person(200, 300, 200, 5 * t)
        if t >= 1:
            present['b'] = person(900, 320, 200, 5 * t)
        if t >= 3:
            present['c'] = person(210, 300, 205, 5 * t)
        return present
    rows = walk(tracker, people, np.arange(0, 5, 1 / 30))
    given = {name: {row[name] for row in rows if name in row} for name in 'abc'}
    # c stands where a stood, 1 s later: within the time for which an occlusion is bridged.
    assert given['a'] == {1} and given['b'] == {2} and len(given['c']) == 1


@pytest.mark.parametrize('seed', range(3))
def test_twelve_people_with_dropped_and_shuffled_detections_keep_their_ids(seed):
    tracker = Tracker()
    random = np.random.default_rng(seed)
    start = np.stack([np.tile(np.arange(4) * 300 + 200, 3), np.repeat(np.arange(3) * 260 + 200, 4)])
    speed = random.uniform(-40, 40, (2, 12))

    def people(t):
        place = start + speed * np.minimum(t, 3)
        found = {i: person(*place[:, i], 200, 5 * t + i, random)
                 for i in random.permutation(12) if random.random() > 0.15 or t < 0.2}
        return found
    rows = walk(tracker, people, np.arange(0, 4, 1 / 25))
    given = [{row[i] for row in rows if i in row} for i in range(12)]
    assert all(len(g) == 1 for g in given) and len(set.union(*given)) == 12


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_whatever_arrives_ids_are_unique_and_every_one_is_lost_exactly_once(data):
    tracker = Tracker(keep_for=0.3)
    stamp, lost, alive = 0.0, [], set()
    for _ in range(data.draw(st.integers(1, 25))):
        stamp += data.draw(st.floats(1e-3, 0.8))
        places = data.draw(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 700),
                                              st.integers(20, 400)), max_size=5))
        detections = [person(*place) for place in places]
        tracks = tracker.update(detections, stamp)
        present = ids(tracks)
        assert len(set(present)) == len(present) and sorted(present) == present
        gone = ids(tracks, LOST)
        assert alive <= set(present) and not set(present) & set(lost)
        lost += gone
        alive = set(present) - set(gone)
        # A detection belongs to one person at most, and only seen people have keypoints.
        seen = [t for t in tracks if t.state in (INIT, TRACKED)]
        assert bool(detections) <= len(seen) <= len(detections)
        for track in tracks:
            assert np.isfinite(track.bounding_box).all() and track.bounding_box.shape == (4,)
            assert np.isfinite(track.keypoints).any() == (track in seen) or track.state == LOST


def test_a_long_gap_ends_all_tracks():
    tracker = Tracker()
    for i in range(5):
        tracker.update([person(300, 300, 200)], 0.1 * i)
    tracks = tracker.update([person(300, 300, 200)], 60.0)
    assert [(t.person_id, t.state) for t in tracks] == [(1, LOST), (2, INIT)]


@pytest.mark.parametrize('stamp', [0.9, 1.0, math.nan, math.inf])
def test_stamps_must_go_on_and_a_refused_one_changes_nothing(stamp):
    tracker = Tracker()
    for t in (0.8, 0.9, 1.0):
        tracker.update([person(300, 300, 200)], t)
    with pytest.raises(InputError):
        tracker.update([person(900, 300, 200)], stamp)
    assert [(t.person_id, t.state) for t in tracker.update([person(300, 300, 200)], 1.1)] \
        == [(1, TRACKED)]


def test_reset_forgets_people_and_clock_but_not_ids():
    tracker = Tracker()
    tracker.update([person(300, 300, 200)], 100.0)
    tracker.reset()
    assert ids(tracker.update([person(300, 300, 200)], 5.0)) == [2]


def test_a_double_detection_does_not_take_the_id_over():
    tracker = Tracker()
    for i in range(10):
        tracker.update([person(300, 300, 200)], 0.1 * i)
    for i in range(10, 20):
        tracks = tracker.update([person(318, 300, 200, score=0.95), person(300, 300, 200)],
                                0.1 * i)
    first = tracks[0]
    assert first.person_id == 1
    assert first.bounding_box[[0, 2]].mean() == pytest.approx(300, abs=3)


def test_keypoints_not_found_do_not_break_the_assignment():
    tracker = Tracker()
    for i in range(6):
        detection = person(300 + 5 * i, 300, 200)
        detection.keypoints[:, :] = (np.nan, np.nan, 0) if i == 3 else detection.keypoints
        if i == 4:
            detection.keypoints[5:] = np.nan, np.nan, 0
        tracks = tracker.update([detection], 0.1 * i)
    assert ids(tracks) == [1]


def test_at_most_max_people_are_followed():
    tracker = Tracker(max_people=2)
    crowd = [person(200 * i + 100, 300, 180, score=0.5 + 0.1 * i) for i in range(4)]
    assert len(tracker.update(crowd, 0.0)) == 2
    assert len(tracker.update(crowd, 0.1)) == 2


@pytest.mark.parametrize('box', [[0, 0, np.nan, 1], [10, 0, 5, 4], [1, 2, 3]])
def test_bad_boxes_are_refused(box):
    detection = Detection(person(300, 300, 200).keypoints, np.array(box, np.float32), 0.5)
    with pytest.raises(InputError, match='bounding box'):
        Tracker().update([detection], 0.0)


def test_detections_of_two_formats_are_refused():
    tracker = Tracker()
    tracker.update([person(300, 300, 200)], 0.0)
    other = Detection(np.ones((26, 3), np.float32), np.array([0, 0, 9, 9], np.float32), 0.5)
    with pytest.raises(InputError, match='format'):
        tracker.update([other], 0.1)


def test_bad_options_are_refused():
    for options in ({'keep_for': -1.0}, {'max_people': 0}):
        with pytest.raises(InputError):
            Tracker(**options)


def test_a_jump_across_the_image_is_somebody_else():
    tracker = Tracker()
    for i in range(10):
        tracker.update([person(200, 300, 200)], i / 30)
    tracks = tracker.update([person(1200, 300, 200)], 10 / 30)
    assert [(t.person_id, t.state) for t in tracks] == [(1, PREDICTED), (2, INIT)]
    # Nor can somebody far away be a near one of a moment ago.
    tracks = tracker.update([person(200, 300, 40)], 11 / 30)
    assert (1, PREDICTED) in [(t.person_id, t.state) for t in tracks]
