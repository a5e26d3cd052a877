# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Ids where the camera is known: hidden people, comings and goings, phantoms."""

import numpy as np
import pytest
from synthetic_people import look_at
from tracking_scenes import VIEW, Scene, detections_of, walk_along, wandering

from mocap23_ros.detection.detector import Detection
from mocap23_ros.tracking.floor_places import CameraView
from mocap23_ros.tracking.track import TrackState
from mocap23_ros.tracking.tracker import Tracker

RATE = 15.0


def follow(images, stamps, tracker=None, view=VIEW):
    """Ids of the people in every image: list of {person: id}; and all tracks, image by image."""
    tracker = tracker or Tracker()
    given, everything = [], []
    for found, stamp in zip(images, stamps, strict=True):
        tracks = tracker.update([d for _, d in found], stamp, view)
        everything.append(tracks)
        given.append({i: t.person_id for i, d in found if i is not None for t in tracks
                      if np.array_equal(t.keypoints, d.keypoints, equal_nan=True)})
    return given, everything


def ids_of(given, person):
    return list(dict.fromkeys(row[person] for row in given if person in row))


def line(start, end, stamps, stature=1.7):
    share = np.linspace(0, 1, len(stamps))[:, None]
    return walk_along(np.array(start) * (1 - share) + np.array(end) * share, stamps, stature)


def tracked(everything):
    return {t.person_id for tracks in everything for t in tracks if t.state == TrackState.TRACKED}


def test_two_who_cross_and_hide_each_other_keep_their_ids():
    stamps = np.arange(0, 5, 1 / RATE)
    scene = Scene(np.stack([line((5, -2), (5, 2), stamps), line((6.5, 1.2), (6.5, -1.2), stamps)]),
                  stamps)
    for seed in range(3):
        images = detections_of(scene, seed)
        assert any(1 not in [i for i, _ in found] for found in images[25:50])  # the far one
        given, everything = follow(images, stamps)
        given = given[8:]  # all were found three times in a row
        assert ids_of(given, 0) != ids_of(given, 1)
        assert len(ids_of(given, 0)) == len(ids_of(given, 1)) == 1
        assert len(tracked(everything)) == 2


@pytest.mark.parametrize('hidden', [1.0, 2.0, 3.0])
def test_whoever_is_hidden_while_walking_on_has_the_id_again(hidden):
    stamps = np.arange(0, 8, 1 / RATE)
    scene = Scene(line((6, -2.5), (6, 3.0), stamps)[None], stamps)
    images = [[] if 3 < t < 3 + hidden else found
              for t, found in zip(stamps, detections_of(scene, twice=0, ghosts=0), strict=True)]
    given, everything = follow(images, stamps)
    assert len(ids_of(given, 0)) == 1
    lost = [t for tracks in everything for t in tracks if t.state == TrackState.LOST]
    assert len(lost) == (hidden > 1.2)  # and no id is there twice
    assert all(len({t.person_id for t in tracks}) == len(tracks) for tracks in everything)


@pytest.mark.parametrize('after', [0.35, 0.7, 1.1, 2.0])
def test_nobody_inherits_the_id_of_somebody_else(after):
    stamps = np.arange(0, 12, 1 / RATE)
    first, near, far = (line((6, y), (6, y + 0.2), stamps, stature)
                        for y, stature in ((0, 1.85), (0.2, 1.15), (-2.4, 1.85)))
    there = stamps > 3 + after
    present = (stamps < 3, there & (stamps < 8), there)
    joints = np.stack([np.where(when[:, None, None], body, np.nan)
                       for when, body in zip(present, (first, near, far), strict=True)])
    given, _ = follow(detections_of(Scene(joints, stamps), twice=0, ghosts=0, missed=0), stamps)
    assert [len(ids_of(given, i)) for i in range(3)] == [1, 1, 1]
    assert len({ids_of(given, i)[0] for i in range(3)}) == 3  # a child, and a man 2.4 m away


@pytest.mark.parametrize('away, same', [(2.6, True), (3.5, True), (5.0, False)])
def test_a_gap_in_the_images_keeps_ids_for_as_long_as_people_are_remembered(away, same):
    stamps = np.arange(0, 10, 1 / RATE)
    scene = Scene(np.stack([line((5, -1), (5.3, -1), stamps), line((7, 1.5), (7, 1.7), stamps)]),
                  stamps)
    kept = (stamps < 3) | (stamps > 3 + away)
    images = [found for found, keep in zip(
        detections_of(scene, twice=0, ghosts=0, missed=0), kept, strict=True) if keep]
    given, _ = follow(images, stamps[kept])
    for person in (0, 1):
        assert len(ids_of(given, person)) == (1 if same else 2)


def test_a_person_who_is_found_twice_is_one_and_two_close_together_are_two():
    stamps = np.arange(0, 4, 1 / RATE)
    one = Scene(line((6, -1), (6, 1), stamps)[None], stamps)
    _, everything = follow(detections_of(one, twice=1.0, missed=0.1, ghosts=0), stamps)
    assert len(tracked(everything)) == 1
    pair = Scene(np.stack([line((5, -1), (5, 1), stamps),
                           line((5, -1.55), (5, 0.45), stamps)]), stamps)
    _, everything = follow(detections_of(pair, twice=0.1, ghosts=0), stamps)
    assert len(tracked(everything)) == 2


def turned_over(detection):
    keypoints = detection.keypoints.copy()
    low, high = detection.bounding_box[[1, 3]]
    keypoints[:, 1] = low + high - keypoints[:, 1]
    return Detection(keypoints, detection.bounding_box, detection.score)


def raised(detection):
    """On a screen above the horizon."""
    shift = np.float32(detection.bounding_box[3] - 90)
    keypoints = detection.keypoints - np.array([0, shift, 0], np.float32)
    return Detection(keypoints, detection.bounding_box - np.array([0, shift, 0, shift], np.float32),
                     detection.score)


@pytest.mark.parametrize('change', [turned_over, raised])
def test_nobody_is_born_who_cannot_stand_on_the_floor(change):
    stamps = np.arange(0, 3, 1 / RATE)
    scene = Scene(line((7, -1), (7, 1), stamps)[None], stamps)
    images = [[(i, change(d)) for i, d in found]
              for found in detections_of(scene, twice=0, ghosts=0)]
    assert not tracked(follow(images, stamps)[1])
    assert tracked(follow(images, stamps, view=None)[1])  # where nothing is known against it


FROM_ABOVE = look_at((0, 0, 3.2), (2.7, 0, 0))  # 50 degrees down
ROBOT = look_at((0, 0, 1.4), (4, 0, 0.6))


def lying(place, towards, stamps):
    """Joints [1,F,17,3] of somebody who lies on his back; towards: where the head points, rad."""
    body = walk_along(np.zeros((2, 2)) + [[0, 0], [0.001, 0]], np.array([0, 0.1]))[0]
    front, left, up = (body - body[11:13].mean(axis=0)).T
    cosine, sine = np.cos(towards), np.sin(towards)
    joints = np.column_stack([place[0] + cosine * up - sine * left,
                              place[1] + sine * up + cosine * left,
                              0.12 + np.maximum(front, -0.05)])
    return np.repeat(joints[None, None], len(stamps), axis=1)


def seen_by(pose, joints, stamps):
    """Detections of people [P,F,17,3] by a camera of another pose than VIEW's."""
    return detections_of(Scene(_seen_from(joints, pose), stamps), twice=0, ghosts=0, missed=0)


@pytest.mark.parametrize('pose, distance', [(ROBOT, 4.0), (VIEW.world_T_camera, 5.0),
                                            (FROM_ABOVE, 3.0)])
@pytest.mark.parametrize('towards', np.deg2rad(range(0, 360, 45)))
def test_whoever_lies_on_the_floor_is_born_whichever_way(pose, distance, towards):
    stamps = np.arange(0, 1, 1 / RATE)
    images = seen_by(pose, lying((distance, 0), towards, stamps), stamps)
    assert len(tracked(follow(images, stamps, view=CameraView(VIEW.camera, pose))[1])) == 1


@pytest.mark.parametrize('pose, near, far', [(FROM_ABOVE, 2.0, 3.2), (ROBOT, 1.5, 3.0),
                                             (ROBOT, 23.0, 25.0)])
def test_people_from_above_near_and_far_keep_their_ids(pose, near, far):
    stamps = np.arange(0, 3, 1 / RATE)
    aside = 0.1 * near + 0.25
    people = np.stack([line((near, -aside), (far, -aside), stamps),
                       line((far, aside), (near, aside), stamps)])
    given, everything = follow(seen_by(pose, people, stamps), stamps,
                               view=CameraView(VIEW.camera, pose))
    assert len(ids_of(given, 0)) == len(ids_of(given, 1)) == 1
    assert len(tracked(everything)) == 2


@pytest.mark.parametrize('seen', [range(11), [*range(11), 13, 14], range(5, 13)])
def test_people_partly_in_view_are_born(seen):
    stamps = np.arange(0, 2, 1 / RATE)
    scene = Scene(line((4, -1), (4, 1), stamps)[None], stamps)
    images = detections_of(scene, twice=0, ghosts=0, missed=0)
    hidden = [j for j in range(17) if j not in seen]
    for found in images:
        for _, detection in found:
            detection.keypoints[hidden] = (np.nan, np.nan, 0)
    assert len(tracked(follow(images, stamps)[1])) == 1


@pytest.mark.parametrize('seed', range(2))
def test_four_who_wander_about_keep_their_ids(seed):
    scene = wandering(4, 15.0, RATE, seed)
    given, everything = follow(detections_of(scene, seed), scene.stamps)
    changes = sum(a[i] != b[i] for a, b in zip(given, given[1:], strict=False)
                  for i in a.keys() & b.keys())
    assert len(tracked(everything)) <= 5
    assert changes <= 3


def test_ids_outlive_a_camera_that_turns_within_an_image():
    """Image places jump when the camera turns quickly; places in the world do not."""
    stamps = np.arange(0, 4, 1 / RATE)
    scene = Scene(np.stack([line((6, -0.6), (6, -0.3), stamps), line((6, 0.9), (6, 0.6), stamps)]),
                  stamps)
    tracker, given = Tracker(), []
    for frame, stamp in enumerate(stamps):
        # About the vertical, by the angle between the two, there and back.
        shift = np.float32(225.0 * ((frame // 8) % 2))
        angle = np.arctan(shift / 900.0)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0],
                         [0, 0, 1]])
        pose = VIEW.world_T_camera.copy()
        pose[:3, :3] = turn @ pose[:3, :3]
        p_world = scene.joints[:, frame]
        found = detections_of(Scene(_seen_from(p_world, pose)[:, None], stamps[:1]),
                              seed=frame, twice=0, ghosts=0, missed=0)[0]
        tracks = tracker.update([d for _, d in found], stamp, CameraView(VIEW.camera, pose))
        given.append({i: t.person_id for i, d in found for t in tracks
                      if np.array_equal(t.keypoints, d.keypoints, equal_nan=True)})
    assert ids_of(given, 0) != ids_of(given, 1)
    assert len(ids_of(given, 0)) == len(ids_of(given, 1)) == 1


def _seen_from(p_world, pose):
    """Points where the camera of VIEW sees what a camera of this pose would."""
    p_camera = (p_world - pose[:3, 3]) @ pose[:3, :3]
    return p_camera @ VIEW.world_T_camera[:3, :3].T + VIEW.world_T_camera[:3, 3]


@pytest.mark.parametrize('row', [0.5, 0.7])
def test_nobody_of_a_crowd_in_rows_is_taken_for_somebody_elses_double(row):
    stamps = np.arange(0, 0.6, 1 / RATE)
    tracker = Tracker()
    crowd = [line((3.5 + row * (i // 5), 0.7 * (i % 5 - 2) * (1 + 0.15 * (i // 5))),
                  (3.55 + row * (i // 5), 0.7 * (i % 5 - 2) * (1 + 0.15 * (i // 5))), stamps)
             for i in range(20)]
    for frame, stamp in enumerate(stamps):
        alone = [detections_of(Scene(body[None, [frame]], stamps[:1]), 20 * frame + i, 0, 0, 0)
                 [0][0][1] for i, body in enumerate(crowd)]
        tracks = tracker.update(alone, stamp, VIEW)
    assert sum(t.state == TrackState.TRACKED for t in tracks) == 20
