# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People as arrays: frames, distances with uncertainty, prediction."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mocap23_ros.client import People
from mocap23_ros.client.vanished_people import VanishedPeople
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.message_arrays import unique_entries
from mocap23_ros.tracking.track import TrackState

NAMES = ('left_wrist', 'right_wrist')


def message(*people, frame='map', stamp=(12, 500_000_000)):
    """A SkeletonArray as any reader makes it; people: (id, state, joints, covariances, v)."""
    skeletons = [SimpleNamespace(
        id=person_id, state=int(state), joints=np.ravel(joints).astype(np.float32),
        covariance=np.ravel(unique_entries(np.asarray(covariance, np.float32)))
        if covariance is not None else [], root_velocity=SimpleNamespace(x=v[0], y=v[1], z=v[2]),
        contact=[0.9, 0.1], stature=1.7, stature_sd=0.05)
        for person_id, state, joints, covariance, v in people]
    return SimpleNamespace(
        header=SimpleNamespace(stamp=SimpleNamespace(sec=stamp[0], nanosec=stamp[1]),
                               frame_id=frame), skeletons=skeletons)


def one(joints, sd=0.1, velocity=(0, 0, 0), state=TrackState.TRACKED):
    return People.from_message(message(
        (7, state, joints, np.tile(np.eye(3) * sd ** 2, (len(joints), 1, 1)), velocity)), NAMES)


def test_names_stamps_and_lost_people():
    everybody = People.from_message(message(
        (7, TrackState.TRACKED, [[1, 2, 3], [4, 5, 6]], None, (0, 0, 0)),
        (8, TrackState.LOST, [[1, 2, 3], [4, 5, 6]], None, (0, 0, 0))), NAMES)
    assert everybody.stamp == 12.5 and len(everybody) == 1
    position, covariance = everybody.joint(everybody.people[0], 'right_wrist')
    assert position.tolist() == [4, 5, 6] and np.isnan(covariance).all()
    with pytest.raises(KeyError, match='left_wrist'):
        everybody.joint(everybody.people[0], 'tail')


def test_a_distance_is_less_sure_along_a_long_axis_of_the_covariance():
    covariance = np.diag([0.2 ** 2, 0.01 ** 2, 0.01 ** 2])
    people = People.from_message(message(
        (7, TrackState.TRACKED, [[2, 0, 0], [0, 1.9, 0]], [covariance, covariance],
         (0, 0, 0))), NAMES)
    nearest = people.clearance((0, 0, 0), sigmas=3)
    # The wrist 2 m ahead may be 0.6 m nearer; the other one is nearer, but sure.
    assert nearest.joint_name == 'left_wrist' and nearest.person_id == 7
    assert nearest.distance == pytest.approx(2) and nearest.sd == pytest.approx(0.2)
    assert nearest.least == pytest.approx(1.4)
    assert people.clearance((0, 0, 0), sigmas=0).joint_name == 'right_wrist'


def test_without_a_covariance_nothing_is_sure_and_nobody_is_none():
    people = People.from_message(message(
        (7, TrackState.TRACKED, [[2, 0, 0], [np.nan] * 3], None, (0, 0, 0))), NAMES)
    assert people.clearance().least == 0 and people.clearance().distance == pytest.approx(2)
    assert People.from_message(message(), NAMES).clearance() is None
    unseen = one([[np.nan] * 3, [np.nan] * 3])
    assert unseen.clearance() is None


def test_another_frame_turns_positions_velocities_and_covariances():
    people = People.from_message(message(
        (7, TrackState.TRACKED, [[1, 0, 1], [1, 1, 1]],
         np.tile(np.diag([0.04, 0.01, 0.01]), (2, 1, 1)), (1, 0, 0))), NAMES)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler('z', 90, degrees=True).as_matrix()
    pose[:3, 3] = 0, 0, -1
    turned = people.in_frame('base_link', pose)
    person = turned.people[0]
    assert turned.frame_id == 'base_link'
    np.testing.assert_allclose(person.joints, [[0, 1, 0], [-1, 1, 0]], atol=1e-9)
    np.testing.assert_allclose(person.velocity, [0, 1, 0], atol=1e-9)
    np.testing.assert_allclose(np.diag(person.covariance[0]), [0.01, 0.04, 0.01], atol=1e-9)


def test_prediction_walks_on_and_grows_less_sure():
    later = one([[2, 0, 1], [2, 0.2, 1]], velocity=(-1, 0, 0)).predicted(0.5)
    assert later.stamp == 13.0
    np.testing.assert_allclose(later.people[0].joints[0], [1.5, 0, 1])
    assert later.people[0].covariance[0, 0, 0] > 0.1 ** 2


def test_who_is_seen_and_not_placed_is_named():
    unknown = [[np.nan] * 3, [np.nan] * 3]
    seen = message((7, TrackState.TRACKED, [[2, 0, 1], [np.nan] * 3], None, (0, 0, 0)),
                   (8, TrackState.TRACKED, unknown, None, (0, 0, 0)))
    assert People.from_message(seen, NAMES).unplaced == (8,)
    everybody = People.from_message(seen, NAMES, seen_ids=[7, 12])
    assert everybody.unplaced == (8, 12)
    turned = everybody.in_frame('base_link', np.eye(4)).predicted(0.5)
    assert turned.unplaced == (8, 12), 'also elsewhere and later'


def test_who_vanishes_stays_for_a_while_where_he_was():
    vanished = VanishedPeople(5.0)

    def at(stamp, *people):
        return vanished.update(People.from_message(message(*people, stamp=(stamp, 0)), NAMES))

    def person(number, x, state=TrackState.TRACKED):
        return number, state, [[x, 0, 1]] * 2, np.tile(np.eye(3) * 0.01, (2, 1, 1)), (-1, 0, 0)

    assert [p.person_id for p in at(10, person(7, 0.5), person(8, 3.0))] == [7, 8]
    # 7 is too near to be seen; 8 is predicted, which is news of him.
    seen = at(12, person(7, -1.4, TrackState.LOST), person(8, 2.0, TrackState.PREDICTED))
    assert [(p.person_id, p.joints[0, 0]) for p in seen] == [(8, 2.0), (7, 0.5)]
    assert seen.people[1].state == TrackState.PREDICTED and not seen.people[1].velocity.any()
    assert seen.people[1].covariance[0, 0, 0] == pytest.approx(0.01 + 0.2 ** 2)
    # Given up, 8 stays where he was seen last.
    assert [(p.person_id, p.joints[0, 0]) for p in at(14)] == [(7, 0.5), (8, 3.0)]
    assert [p.joints[0, 0] for p in at(14, person(7, 1.0))] == [1.0, 3.0], 'back again'
    assert [p.person_id for p in at(18)] == [7]
    assert len(at(19)) == 0
    at(20, person(7, 1.0))
    assert len(at(2)) == 0, 'another time'
    none = VanishedPeople(0.0)
    none.update(one([[2, 0, 1], [2, 0, 1]]))
    assert len(none.update(People.from_message(message(), NAMES))) == 0


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match='names 2'):
        People.from_message(message((7, TrackState.TRACKED, [[1, 2, 3]], None, (0, 0, 0))), NAMES)
