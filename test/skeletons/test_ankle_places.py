# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Ankles go down the shank for the lifter and come back up in what it lifts."""

import numpy as np
import pytest

from mocap23_ros.skeletons.ankle_places import lowered, raised
from mocap23_ros.skeletons.coco17 import ANKLES, KNEES


def test_lifted_joints_are_again_where_the_detector_had_them():
    joints = np.random.default_rng(0).normal(size=(2, 17, 3))
    lower = joints.copy()
    lower[:, ANKLES] += 0.1 * (joints[:, ANKLES] - joints[:, KNEES])
    assert raised(lower, 0.1) == pytest.approx(joints)


def test_keypoints_move_along_the_shank_and_only_where_the_knee_is_seen():
    keypoints = np.full((1, 17, 3), 0.5)
    keypoints[:, KNEES[0], :2], keypoints[:, ANKLES[0], :2] = (100, 200), (110, 300)
    keypoints[:, KNEES[1]] = np.nan, np.nan, 0
    found = lowered(keypoints, 0.1)
    assert found[0, ANKLES[0]] == pytest.approx([111, 310, 0.5])
    found[0, ANKLES[0]] = keypoints[0, ANKLES[0]]
    np.testing.assert_array_equal(found, keypoints)
