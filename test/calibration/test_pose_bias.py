# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera pose that is a little off is found from who passes by; a right one is not doubted."""

import pickle
from copy import deepcopy
from functools import lru_cache

import numpy as np
import pytest
from walkers import camera_above_floor, passers_by, seen, told_by_mistake

from mocap23_ros.calibration.floor_start import pitch_roll_height
from mocap23_ros.calibration.pose_bias import mended
from mocap23_ros.calibration.pose_bias_filter import PoseBiasFilter
from mocap23_ros.plausibility.people_samples import PeopleMemory

RIGHT = (0.0, 0.0, 0.0)
RATE = 5.0  # Hz, as the memory takes them


def heading(degrees, place=(0, 0)):
    turn = np.eye(4)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[:2, :2] = [[c, -s], [s, c]]
    turn[:2, 3] = place
    return turn


@lru_cache(maxsize=8)
def watched(minutes, wrong, scene=0, what='walk', given=False, height=1.6, base=None):
    """Every estimate of the bias; base: world_T_base [4,4] of a stamp, for a camera that drives."""
    rng = np.random.default_rng([3, scene])
    camera, pose = camera_above_floor(height, 9, 1)
    told = told_by_mistake(pose, wrong)
    memory, judged, found = PeopleMemory(), PoseBiasFilter(), []
    due = 2.0
    for frame, (stamp, person, joints, stature) in enumerate(
            passers_by(60 * minutes, 5.5, rng, what, RATE)):
        if given:
            judged.set_stature(person, stature)
        world_T_base = np.eye(4) if base is None else base(stamp)
        # Who passes, passes before the camera; the world moves with it.
        points = seen(joints[None], camera, pose, 3.0, frame)
        if base is not None:
            held = base(stamp - stamp % 15)
            in_world = joints @ held[:3, :3].T + held[:3, 3]
            points = seen(in_world[None], camera, world_T_base @ pose, 3.0, frame)
        memory.add(stamp, [person], points, camera, world_T_base @ told)
        if stamp > due:
            due = stamp + 2
            recent = memory.recent()
            judged.update(recent.stamps, recent.person_ids, recent.points, recent.floor_T_camera,
                          camera.focal_length)
            if judged.bias() is not None:
                found.append((stamp, judged.bias()))
    return found, judged


def alarms(found):
    return [stamp for stamp, bias in found if bias.significant().any()]


@pytest.mark.parametrize(('what', 'scene'), [('walk', 0), ('', 0), ('', 1)])
def test_a_right_pose_is_not_doubted(what, scene):
    found, _ = watched(12, RIGHT, scene, what)
    assert found and not alarms(found)
    _, bias = found[-1]
    assert (np.abs(bias.value) < 2.5 * bias.sd).all()


def test_a_degree_of_pitch_and_roll_is_found_in_minutes():
    for wrong, axis in (((1.0, 0, 0), 0), ((0, -0.8, 0), 1)):
        found, _ = watched(8, wrong)
        assert alarms(found)
        _, bias = found[-1]
        assert np.degrees(bias.value[axis]) == pytest.approx(wrong[axis], abs=0.3)
        assert bias.significant()[axis]
        assert ('down' if axis == 0 else 'left') in bias.message(bias.significant())


def test_a_small_pitch_is_found_in_a_quarter_of_an_hour():
    found, _ = watched(15, (0.6, 0, 0))
    assert alarms(found)
    assert np.degrees(found[-1][1].value[0]) == pytest.approx(0.6, abs=0.25)


def test_a_wrong_height_is_found_where_statures_are_known_and_else_left_open():
    found, _ = watched(8, (0, 0, 0.08), given=True)
    assert alarms(found)
    _, bias = found[-1]
    assert bias.value[2] * bias.told_height == pytest.approx(0.08, abs=0.035)
    unknown, _ = watched(8, (0, 0, 0.08))
    assert not alarms(unknown)
    assert unknown[-1][1].sd[2] > 0.03


def test_the_bias_of_a_mounting_stays_while_the_base_drives():
    def drive(stamp):
        return heading(20 * np.sin(stamp / 9), (0.4 * np.sin(stamp / 7), 0.3 * np.cos(stamp / 5)))

    found, _ = watched(8, (1.0, 0, 0), base=drive)
    assert np.degrees(found[-1][1].value[0]) == pytest.approx(1.0, abs=0.35)
    assert alarms(found)


def test_another_mounting_begins_anew():
    judged = deepcopy(watched(8, (1.0, 0, 0))[1])
    assert judged.bias() is not None
    camera, pose = camera_above_floor(1.6, 14, 1)
    memory = PeopleMemory()
    for frame, (stamp, person, joints, _) in enumerate(passers_by(
            8, 5.5, np.random.default_rng(1), 'walk', RATE)):
        memory.add(stamp + 1000, [person + 900], seen(joints[None], camera, pose, 3.0, frame),
                   camera, pose)
    recent = memory.recent()
    judged.update(recent.stamps, recent.person_ids, recent.points, recent.floor_T_camera, 900.0)
    assert judged.bias() is None


def test_memory_is_bounded_however_many_people_pass():
    memory, judged, sizes = PeopleMemory(), PoseBiasFilter(), []
    camera, pose = camera_above_floor(1.6, 9, 1)
    for frame, (stamp, _, joints, _) in enumerate(
            passers_by(24, 5.5, np.random.default_rng(2), 'walk', RATE)):
        # Twenty others every 4 s: all of them were seen a moment ago.
        points = seen(joints[None], camera, pose, 3.0, frame).repeat(20, axis=0)
        memory.add(stamp, range(20 * (frame // 20), 20 * (frame // 20 + 1)), points, camera, pose)
        recent = memory.recent()
        judged.update(recent.stamps, recent.person_ids, recent.points, recent.floor_T_camera, 900.0)
        sizes.append(len(pickle.dumps(judged)))
    assert max(sizes) < 1.02 * max(sizes[:80]) and sizes[-1] > 10 * sizes[0]


def test_nobody_is_an_update_like_another():
    _, judged = watched(12, RIGHT)
    before = judged.bias()
    empty = PeopleMemory().recent()
    judged.update(empty.stamps, empty.person_ids, empty.points, empty.floor_T_camera, 900.0)
    np.testing.assert_array_equal(judged.bias().value, before.value)


def test_a_mended_pose_is_the_true_one_whatever_its_heading():
    _, pose = camera_above_floor(2.0, 20, -3)
    wrong = (0.7, -0.4, 0.1)
    world = heading(130, (3, -2))
    told = world @ told_by_mistake(pose, wrong)
    bias = np.array([*np.radians(wrong[:2]), wrong[2] / (2.0 - wrong[2])])
    np.testing.assert_allclose(mended(told, bias), world @ pose, atol=1e-12)
    np.testing.assert_allclose(pitch_roll_height(world @ pose), pitch_roll_height(pose))


def test_what_is_sure_is_told_apart_from_what_is_not():
    found, _ = watched(8, (1.0, 0, 0))
    bias = found[-1][1]
    which = np.array([True, False, False])
    alone = bias.given_the_rest(which)
    assert alone[1] == alone[2] == 0
    assert np.degrees(alone[0]) == pytest.approx(1.0, abs=0.4)
    np.testing.assert_array_equal(bias.given_the_rest(np.zeros(3, bool)), np.zeros(3))
    np.testing.assert_allclose(bias.given_the_rest(np.ones(3, bool)), bias.value)
