# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""When the learned lifter goes on from the former window, starts anew, or places nobody."""

import numpy as np
import pytest
from synthetic_people import look_at, walking_person, windows_of

from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.lifting.lifters import create_lifter

pytestmark = pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))
STAMPS = np.arange(32) / 20


def window(distance, hop=0):
    stamps = STAMPS + hop / 20
    return windows_of([walking_person(stamps, (distance, -0.5), heading=1.4)], POSE, stamps)


@pytest.fixture
def lifter():
    lifter = create_lifter('diffusion', tier='s', backend='onnxruntime')
    yield lifter
    lifter.close()


def hips(motion):
    return motion.joints[0, -1, [11, 12]].mean(axis=0)


def test_a_former_place_that_the_new_window_contradicts_is_given_up(lifter):
    fresh = hips(lifter.lift(window(3.0, hop=1)))
    lifter.forget()
    # Taken for somebody far away, as happens to those of whom little was seen.
    assert hips(lifter.lift(window(14.0)))[0] > 10
    np.testing.assert_allclose(hips(lifter.lift(window(3.0, hop=1))), fresh, atol=0.05)


def test_a_former_place_that_agrees_is_gone_on_from(lifter):
    fresh = hips(lifter.lift(window(3.0, hop=1)))
    lifter.forget()
    lifter.lift(window(3.0))
    warm = hips(lifter.lift(window(3.0, hop=1)))
    assert 0 < np.linalg.norm(warm - fresh) < 0.2


def test_who_may_be_anywhere_is_placed_nowhere(lifter):
    windows = window(3.0)
    shown = np.zeros(17, bool)
    shown[[0, 1, 10, 13]] = True  # half a face, a hand and a knee
    windows.keypoints[:, :-2] = 0
    windows.keypoints[:, :, ~shown] = 0
    motion = lifter.lift(windows)
    assert np.isnan(motion.joints).all() and np.isnan(motion.stature).all()
