# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""From the network's uncertainty to that which streams show, along the ray and across it."""

import numpy as np

from mocap23_ros.lifting.stated_uncertainty import AS_STATED, StatedUncertainty


def test_along_and_across_change_apart_and_unseen_joints_stay_as_unsure_across():
    centre = np.array([[1.0, 0.0, 2.0]])
    joints = centre[:, None] + np.array([[[[3.0, 4.0, 0.0]], [[0.0, 0.0, -5.0]]]])[:, :, 0][:, None]
    ray = (joints - centre[:, None]) / 5
    outer = ray[..., :, None] * ray[..., None, :]
    stated = 0.02**2 * np.eye(3) + (0.1**2 - 0.02**2) * outer
    seen = np.array([[[True, False]]])
    found = StatedUncertainty(0.5, 0.25, 0.12).covariance(stated, joints, centre, seen)
    for joint, across in ((0, 0.005), (1, 0.02)):
        axis = outer[0, 0, joint]
        assert np.allclose(found[0, 0, joint],
                           across**2 * (np.eye(3) - axis) + 0.13**2 * axis)
    assert AS_STATED.covariance(stated, joints, centre, seen) is stated
