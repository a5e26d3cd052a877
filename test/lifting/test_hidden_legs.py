# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Of who may sit behind a table the distance is known from apparent size alone, and said so."""

import numpy as np
import pytest
from synthetic_people import look_at, walking_person, windows_of

from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.skeletons.body_proportions import STATURE_SD
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES

pytestmark = pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))
STAMPS = np.arange(32) / 20
LEGS = np.concatenate([KNEES, ANKLES])


@pytest.fixture(scope='module')
def lifter():
    lifter = create_lifter('diffusion', tier='s', backend='onnxruntime')
    yield lifter
    lifter.close()


def lifted(lifter, people, hidden):
    windows = windows_of(people, POSE, STAMPS, noise=2.0)
    windows.keypoints[:, :, hidden] = (np.nan, np.nan, 0)
    lifter.forget()
    return lifter.lift(windows)


def distance_sds(motion):
    """Of the hips of the newest sample, along x, which is along the rays."""
    return np.sqrt(motion.covariance[:, -1, HIPS, 0, 0].mean(axis=1))


def test_who_sits_behind_a_table_is_not_surely_nearer(lifter):
    people = [walking_person(STAMPS, (4, 0), np.pi, 0, stature) for stature in (1.6, 1.75, 1.9)]
    for joints in people:
        joints[:, :, 2] -= 0.4  # the trunk of who sits; the legs are hidden
    motion = lifted(lifter, people, LEGS)
    truth = np.stack(people)[:, -1, HIPS].mean(axis=1)
    error = motion.joints[:, -1, HIPS].mean(axis=1) - truth
    assert (np.abs(error[:, 0]) < 2.5 * distance_sds(motion)).all()
    # Nor does an unsure distance teach how tall they are.
    assert (motion.stature_sd / motion.stature > 0.95 * STATURE_SD).all()


def test_head_and_shoulders_alone_tell_no_distance_even_of_who_walks(lifter):
    people = [walking_person(STAMPS, (4, -0.8), turn, 1.2) for turn in (np.pi / 2, np.pi, 0.3)]
    motion = lifted(lifter, people, np.arange(7, 17))
    distance = motion.joints[:, -1, HIPS, 0].mean(axis=1)
    assert (distance_sds(motion) > 0.4 * distance).all()


def test_legs_or_steps_show_who_stands(lifter):
    standing = walking_person(STAMPS, (4, 0), np.pi, 0)
    walking = walking_person(STAMPS, (4, -0.8), np.pi / 2, 1.2)
    behind = distance_sds(lifted(lifter, [standing, walking], LEGS))
    seen = distance_sds(lifted(lifter, [standing], []))
    assert behind[0] > 2 * behind[1] and behind[0] > 2 * seen[0]


def test_a_newcomer_with_legs_is_not_doubted(lifter):
    windows = windows_of([walking_person(STAMPS, (4, 0), np.pi, 0)], POSE, STAMPS, noise=2.0)
    windows.keypoints[:, :-3] = (np.nan, np.nan, 0)
    lifter.forget()
    assert distance_sds(lifter.lift(windows)) < 0.25
