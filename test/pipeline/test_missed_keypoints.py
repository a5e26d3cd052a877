# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints beside their keypoints are unsure across the ray, as far as they are beside them."""

import numpy as np
import pytest

from mocap23_ros.pipeline.missed_keypoints import MissedKeypoints

POSE = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.5], [0, 0, 0, 1]])  # looks along x
IDS = np.array([7])


def added(missed, stamp, off, seen=True, depth=4.0):
    """Covariance of people straight ahead whose keypoints are that many metres off, upwards."""
    joints = np.tile([depth, 0.0, 1.5], (1, 19, 1))
    keypoints = np.tile(np.float32([0, -off / depth, seen]), (1, 17, 1))
    return missed.covariance(stamp, IDS, joints, keypoints, POSE)[0]


def test_the_distance_to_the_keypoint_is_doubt_across_the_ray_alone():
    near, far = (added(MissedKeypoints(), 0.0, 0.03, depth=depth) for depth in (2.0, 8.0))
    across = near[0, 1, 1]
    assert 0.01 < np.sqrt(across) < 0.03
    assert near == pytest.approx(np.tile(np.diag([0, across, across]), (19, 1, 1)))
    assert far == pytest.approx(near)
    assert not added(MissedKeypoints(), 0.0, 0.03, seen=False).any()


def test_what_was_missed_fades_and_keypoints_elsewhere_count_within_bounds():
    missed = MissedKeypoints()
    first = added(missed, 0.0, 0.1)
    soon, later = (added(missed, stamp, 0.0)[0, 1, 1] for stamp in (0.03, 1.5))
    assert 0.4 * first[0, 1, 1] < soon < 0.6 * first[0, 1, 1] and later < 0.01 * first[0, 1, 1]
    assert np.sqrt(added(MissedKeypoints(), 0.0, 3.0)[0, 1, 1]) < 0.2
    missed.forget([7])
    assert added(missed, 1.6, 0.1) == pytest.approx(first)
