# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Of arms that nobody sees, with nothing of the upper body, hardly anything is known."""

import numpy as np
import pytest
from synthetic_people import look_at, walking_person, windows_of

from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.skeletons.coco17 import WRISTS

pytestmark = pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')
STAMPS = np.arange(32) / 20


def wrist_sds(hidden):
    """Errors [2] and standard deviations [2] of the wrists of who walks by."""
    person = walking_person(STAMPS, (4, -0.8), np.pi / 2, 1.2)
    windows = windows_of([person], look_at((0, 0, 1.5), (4, 0, 0.9)), STAMPS, noise=2.0)
    windows.keypoints[:, :, hidden] = (np.nan, np.nan, 0)
    lifter = create_lifter('diffusion', tier='s', backend='onnxruntime')
    try:
        motion = lifter.lift(windows)
    finally:
        lifter.close()
    error = motion.joints[0, -1, WRISTS] - person[-1, WRISTS]
    return np.linalg.norm(error, axis=1), np.sqrt(
        np.trace(motion.covariance[0, -1, WRISTS], axis1=1, axis2=2))


def test_wrists_of_a_hidden_upper_body_may_be_anywhere_within_reach():
    error, sd = wrist_sds(np.arange(11))
    assert (sd > 0.7).all() and (error < 2 * sd).all()


def test_one_shoulder_that_is_seen_is_enough():
    _, sd = wrist_sds(np.arange(6))
    assert (sd < 0.7).all()
