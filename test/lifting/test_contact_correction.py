# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Standing feet stay where they are, and anchors let go when they should."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mocap23_ros.lifting.contact_correction import ContactCorrection, place_middle_joint
from mocap23_ros.lifting.lifted_frame import LiftedFrame

CAMERA = np.array([0.0, 0.0, 1.5])


def standing(position, stamp, contact=(1.0, 1.0), person_id=1):
    """A crude standing body of one person at (x, y)."""
    joints = np.zeros((1, 19, 3))
    joints[0, :, 2] = 1.2
    for side, (hip, knee, ankle) in ((1, (11, 13, 15)), (-1, (12, 14, 16))):
        joints[0, hip] = (0, .1 * side, .9)
        joints[0, knee] = (.05, .1 * side, .48)
        joints[0, ankle] = (0, .1 * side, .08)
    joints[0, 17] = (0, 0, .9)
    joints[0, :, :2] += position
    return LiftedFrame(stamp, np.array([person_id]), joints, np.zeros((1, 19, 3, 3)),
                        np.ones((1, 19), np.float32), np.array([contact], np.float32),
                        np.array([1.7], np.float32), np.array([.1], np.float32))


def ankle_path(correction, positions, contacts):
    frames = [correction.apply(standing((4 + x, 0), i / 30, contact), CAMERA)
              for i, (x, contact) in enumerate(zip(positions, contacts, strict=True))]
    return np.array([frame.joints[0, 15] for frame in frames]), frames


def test_depth_drift_of_a_standing_person_is_taken_out():
    drift = 0.05 * np.sin(np.arange(90) / 8)
    path, frames = ankle_path(ContactCorrection(), drift, [(1, 1)] * 90)
    skate = np.linalg.norm(np.diff(path, axis=0), axis=-1).sum()
    assert skate < 0.25 * np.abs(np.diff(drift)).sum()
    for frame in frames:  # bones of the legs keep their lengths
        thigh = np.linalg.norm(frame.joints[0, 13] - frame.joints[0, 11])
        assert abs(thigh - np.hypot(.05, .42)) < 0.01


def test_moving_feet_are_left_alone():
    walk = np.arange(60) * 0.04
    path, _ = ankle_path(ContactCorrection(), walk, [(0, 0)] * 60)
    np.testing.assert_allclose(path[:, 0], 4 + walk)


def test_anchor_that_the_observations_contradict_is_released():
    walk = np.arange(60) * 0.04  # 1.2 m/s, yet contact is claimed
    path, _ = ankle_path(ContactCorrection(), walk, [(1, 1)] * 60)
    assert np.abs(path[:, 0] - 4 - walk).max() < 0.25


def test_displacement_fades_after_the_feet_leave():
    positions = np.concatenate([np.linspace(0, 0.05, 30), np.full(60, 0.05)])
    contacts = [(1, 1)] * 30 + [(0, 0)] * 60
    path, _ = ankle_path(ContactCorrection(), positions, contacts)
    assert abs(path[-1, 0] - 4.05) < 2e-3
    assert np.abs(np.diff(path[28:, 0])).max() < 0.02  # no jump at the release


def test_people_are_independent_and_can_be_forgotten():
    correction = ContactCorrection()
    correction.apply(standing((4, 0), 0.0), CAMERA)
    correction.forget([1])
    fresh = correction.apply(standing((4.05, 0), 0.1), CAMERA)
    np.testing.assert_allclose(fresh.joints, standing((4.05, 0), 0.1).joints)
    other = correction.apply(standing((5, 0), 0.2, person_id=2), CAMERA)
    np.testing.assert_allclose(other.joints, standing((5, 0), 0.2).joints)


@given(points=arrays(float, (4, 3), elements=st.floats(-1, 1)))
@settings(max_examples=80, deadline=None)
def test_two_bone_limb_keeps_its_lengths_within_reach(points):
    start, middle, end, new_end = points
    upper, lower = np.linalg.norm(middle - start), np.linalg.norm(end - middle)
    placed = place_middle_joint(start, middle, end, new_end)
    assert np.isfinite(placed).all()
    reach = np.linalg.norm(new_end - start)
    bend = np.linalg.norm(np.cross(middle - start, new_end - start))
    if abs(upper - lower) + 1e-3 < reach < upper + lower - 1e-3 and bend > 1e-3:
        assert abs(np.linalg.norm(placed - start) - upper) < 1e-6
        assert abs(np.linalg.norm(new_end - placed) - lower) < 1e-6
