# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Exchanges of left and right: found, and not seen where bodies turn and legs cross."""

import numpy as np
import pytest
from synthetic_people import look_at, project, walking_person

from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.tracking.side_filter import SideFilter
from mocap23_ros.tracking.side_model import pair_table
from mocap23_ros.tracking.side_motion import OffsetFilters

MIRROR = np.array(COCO17.mirror)
PARTS = {'arms': range(5, 11), 'legs': range(11, 17), 'everything': range(17)}
POSE = look_at((0, 0, 1.5), (5, 0, 0.9))


def corrected(people, stamps, memory=128):
    """Feed keypoints [P,F,17,3]; what is left at the end, and as it was decided at once."""
    sides = SideFilter(COCO17, memory)
    later, at_once = people.copy(), people.copy()
    for frame, stamp in enumerate(stamps):
        for change in sides.update(stamp, range(1, len(people) + 1), people[:, frame]):
            rows = later[change.person_id - 1, frame + 1 - len(change.exchange):frame + 1]
            rows[:] = np.where(change.exchange[..., None], rows[:, MIRROR], rows)
        at_once[:, frame] = later[:, frame]
    return later, at_once, sides


def walk(heading, rate, seconds=4.0, noise=3.0, seed=0):
    stamps = np.arange(0, seconds, 1 / rate)
    start = (5.0 - 2 * np.cos(heading), -2 * np.sin(heading))
    joints = walking_person(stamps, start, heading)
    return project(joints, POSE, noise, seed=seed), 10 + stamps


def exchange(keypoints, frames, part):
    wrong = keypoints.copy()
    joints = np.array(PARTS[part])
    wrong[frames.start:frames.stop, joints] = keypoints[frames.start:frames.stop, MIRROR[joints]]
    return wrong


@pytest.mark.parametrize('rate, heading', [(10, np.pi / 2), (30, 0.8), (30, np.pi / 2), (60, 0.0)])
def test_nothing_is_exchanged_where_the_detector_is_right_also_in_side_view(rate, heading):
    people = np.stack([walk(heading, rate, seed=s)[0] for s in range(3)])
    later, at_once, _ = corrected(people, walk(heading, rate)[1])
    np.testing.assert_array_equal(later, people)
    np.testing.assert_array_equal(at_once, people)


@pytest.mark.parametrize('part, seconds, rate', [
    ('arms', 0.2, 15), ('legs', 0.1, 30), ('everything', 0.1, 60), ('everything', 1.2, 15),
    ('legs', 1.0, 30), ('arms', 0.5, 30)])
def test_exchanges_of_a_tenth_of_a_second_and_more_are_undone_in_their_first_image(
        part, seconds, rate):
    right, stamps = walk(0.5, rate)
    first = round(1.7 * rate)
    frames = range(first, first + max(1, round(seconds * rate)))
    later, at_once, _ = corrected(exchange(right, frames, part)[None], stamps)
    body = slice(5, 17)  # offsets of the face are within the noise
    wrong = (at_once[0, :, body] != right[:, body]).any(axis=(1, 2))
    assert not wrong[first + 1:first + len(frames) - 1].any()
    assert (later[0, :, body] != right[:, body]).any(axis=(1, 2)).sum() <= 1


@pytest.mark.parametrize('part, heading', [('arms', 1.0), ('legs', 1.3)])
def test_right_sides_are_left_alone_after_a_beginning_with_a_part_exchanged(part, heading):
    for seed in range(3):
        right, stamps = walk(heading, 30, seconds=2.5, seed=seed)
        wrong = exchange(right, range(12), part)
        later, at_once, _ = corrected(wrong[None], stamps)
        assert (at_once[0, 12:, 5:] == right[12:, 5:]).all()
        assert (later[0, :, 5:] == right[:, 5:]).all()


def test_an_exchange_at_the_beginning_is_found_out_when_the_right_sides_prevail():
    right, stamps = walk(0.5, 30)
    wrong = exchange(right, range(20), 'everything')
    later, at_once, _ = corrected(wrong[None], stamps)
    assert (later[0, :, 5:] == right[:, 5:]).all()
    assert (at_once[0, 45:, 5:] == right[45:, 5:]).all()  # of 20 wrong images, in 25 right ones


@pytest.mark.parametrize('rate', [10, 30, 60])
def test_a_track_that_leaps_to_somebody_who_faces_the_other_way_begins_anew(rate):
    first, stamps = walk(0.5, rate)
    joints = walking_person(stamps - stamps[0], (6.3, 3.2), 0.5 + np.pi)
    second = project(joints, POSE, 3.0, seed=1)
    half = len(stamps) // 2
    people = np.concatenate([first[:half], second[half:]])[None]
    later, at_once, sides = corrected(people, stamps)
    np.testing.assert_array_equal(at_once[0, :, 5:], people[0, :, 5:])
    np.testing.assert_array_equal(later[0, :, 5:], people[0, :, 5:])
    assert sides.alternatives(0.05) == []
    # Where he stands still meanwhile, his sides are what changes.
    same_place = exchange(first, range(half, half + rate // 2), 'everything')
    assert (corrected(same_place[None], stamps)[1][0, half:, 5:] != same_place[half:, 5:]).any()


def test_who_turned_round_while_he_was_hidden_is_believed_when_he_comes_back():
    right, stamps = walk(0.5, 30)
    turned = exchange(right, range(60, len(right)), 'everything')  # as one who turned would look
    turned[60:78] = (np.nan, np.nan, 0)
    np.testing.assert_array_equal(corrected(turned[None], stamps)[1][0], turned)


@pytest.mark.parametrize('rate', [10, 30, 60])
def test_a_camera_that_turns_fast_is_no_leap_and_hides_no_exchange(rate):
    stamps = np.arange(0, 1.5, 1 / rate)
    angles = np.clip(2.5 * (stamps - 0.8), -0.5, 0.5)  # 2.5 rad/s from 0.6 to 1.0 s
    eye = np.array((0, 0, 1.5))
    poses = np.stack([look_at(eye, eye + (np.cos(a), np.sin(a), -0.1)) for a in angles])
    right = project(walking_person(stamps, (5, 0), 0.5), poses, 3.0)
    frames = range(round(0.7 * rate), round(0.9 * rate) + 1)
    at_once = corrected(exchange(right, frames, 'everything')[None], 10 + stamps)[1]
    wrong = (at_once[0, :, 5:] != right[:, 5:]).any(axis=(1, 2))
    assert wrong.sum() <= 1


def test_a_body_that_turns_round_within_a_second_stays_what_it_is():
    stamps = np.arange(0, 3, 1 / 30)
    still = walking_person(stamps, speed=0.0)
    angle = np.clip((stamps - 1) / 0.8, 0, 1) * np.pi
    rotation = np.zeros((len(stamps), 3, 3))
    rotation[:, 0, 0] = rotation[:, 1, 1] = np.cos(angle)
    rotation[:, 1, 0], rotation[:, 0, 1], rotation[:, 2, 2] = np.sin(angle), -np.sin(angle), 1
    right = project(still @ np.swapaxes(rotation, 1, 2) + (5, 0, 0), POSE, 3.0)
    _, at_once, _ = corrected(right[None], 10 + stamps)
    np.testing.assert_array_equal(at_once[0, :, 5:], right[:, 5:])


def test_two_stories_that_explain_the_images_equally_well_are_both_told():
    right, stamps = walk(0.5, 30)
    wrong = exchange(right, range(60, 120), 'everything')  # the second half
    _, _, sides = corrected(wrong[None], stamps)
    (alternative,) = sides.alternatives(0.05)
    assert alternative.person_id == 1 and 0.05 < alternative.probability <= 0.5
    assert alternative.exchange[-1, 5:].all()
    sure = corrected(right[None], stamps)[2]
    assert sure.alternatives(0.05) == []


def test_a_limb_that_was_far_off_is_followed_again_after_a_few_images():
    filters = OffsetFilters(1, pair_table(COCO17))
    filters.grow(1)
    filters.begin(0)
    noise = np.full((1, 8), 0.02**2)
    places = [0.1] * 10 + [-0.6, -0.9, -0.9, -0.3] + [0.4] * 5
    for place in places:
        filters.predict(np.array([0]), 1 / 15)
        offset = np.full((1, 8, 2), (place, 0.0))
        likelihood = filters.log_likelihood(np.array([0]), offset, noise)[0, 0, 0]
        impossible = filters.update(np.array([0]), offset[:, None], noise)
    assert not impossible.any()
    assert (likelihood > 0).all()  # an outlier's is below


def test_a_gap_is_no_evidence_and_people_do_not_mix():
    right, stamps = walk(0.5, 30)
    people = np.stack([right, right])
    people[0, 50:80] = (np.nan, np.nan, 0)
    people[1] = exchange(right, range(40, 70), 'legs')
    later, _, _ = corrected(people, stamps)
    np.testing.assert_array_equal(later[0], people[0])
    assert (later[1, :, 5:] != right[:, 5:]).any(axis=(1, 2)).sum() <= 1


def test_a_body_that_jumps_apart_for_an_image_is_not_believed():
    right, stamps = walk(0.5, 30)
    strange = right.copy()
    strange[60, 5:11, 0] = right[60, 5:11, 0].mean()  # both arms on one line
    sides = SideFilter(COCO17)
    for frame in range(61):
        sides.update(stamps[frame], [4], strange[None, frame])
        believed = frame == 60
        assert sides.contradicted(4)[5:11].all() == believed
    assert not sides.contradicted(4)[11:].any()
    sides.update(stamps[61], [4], strange[None, 61])
    assert not sides.contradicted(4).any()


def test_people_come_and_go_without_a_trace():
    right, stamps = walk(0.5, 30)
    sides = SideFilter(COCO17)
    for frame in range(60):
        sides.update(stamps[frame], [frame // 10], right[None, frame])
        sides.forget([frame // 10 - 1])
    assert not sides.exchange(1).any()
    sides.forget()
    assert sides.update(0.0, [], np.zeros((0, 17, 3))) == []
