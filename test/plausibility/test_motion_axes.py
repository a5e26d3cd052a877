# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Estimates in a world with other axes are told so, right ones and merely bad ones are not."""

import numpy as np
import pytest
from synthetic_people import walking_person

from mocap23_ros.plausibility.motion_axes import axes_doubt
from mocap23_ros.skeletons.formats import COCO17

TRUTH = walking_person(np.arange(60) / 20, heading=0.9)


def noisy(joints, metres):
    return joints + np.random.default_rng(0).normal(0, metres, joints.shape)


def test_good_and_bad_estimates_of_the_same_world_are_not_doubted():
    assert axes_doubt(noisy(TRUTH, 0.05) + (1, 2, 0), TRUTH) == ''
    assert axes_doubt(noisy(TRUTH, 0.4), TRUTH) == ''
    assert axes_doubt(np.full_like(TRUTH, np.nan), TRUTH) == ''


@pytest.mark.parametrize(('joints', 'words'), [
    (TRUTH[..., [0, 2, 1]] * (1, 1, -1), 'turned against the truth, whose x, y, z are their x, -z'),
    (TRUTH * (1, -1, -1), 'whose x, y, z are their x, -y, -z'),
    (TRUTH[:, list(COCO17.mirror)] * (1, -1, 1), 'mirrored'),
])
def test_other_axes_are_named(joints, words):
    assert words in axes_doubt(noisy(joints, 0.03), TRUTH)


def test_exchanged_sides_are_named():
    person = walking_person(np.arange(60) / 20, speed=0.0)
    person[:, [7, 9]] += (0.3, 0.2, 0.5)  # the left arm is up: sides can be told apart
    wide = person * (1, 2.0, 1)
    exchanged = wide[:, list(COCO17.mirror)]
    assert 'left and right' in axes_doubt(exchanged, wide)
