# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Who stands on a step seems tall and far away: the covariance says that it may be so."""

import numpy as np
import pytest
from synthetic_people import look_at, walking_person, windows_of

from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.skeletons.coco17 import HIPS, PELVIS

POSE = look_at((0, 0, 1.2), (4.5, 0, 0.9))
STAMPS = np.arange(32) / 20
NO_GRAPHS = pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')


@pytest.fixture(scope='module', params=['geometric', pytest.param('diffusion', marks=NO_GRAPHS)])
def lifter(request):
    options = {'tier': 's', 'backend': 'onnxruntime'} if request.param == 'diffusion' else {}
    lifter = create_lifter(request.param, **options)
    yield lifter
    lifter.close()


def placed(lifter, raised, stature=1.7, given=np.nan):
    """Of the newest hips along x, which is along the rays: error and sd, m; sd of the stature."""
    people = [walking_person(STAMPS, (4.5, -0.8), np.pi / 2, 1.0, stature) + (0, 0, up)
              for up in raised]
    lifter.forget()
    motion = lifter.lift(windows_of(people, POSE, STAMPS, noise=2.0,
                                    stature=np.full(len(people), given)))
    truth = np.stack(people)[:, -1, HIPS].mean(axis=1)
    return (motion.joints[:, -1, PELVIS, 0] - truth[:, 0],
            np.sqrt(motion.covariance[:, -1, PELVIS, 0, 0]), motion.stature_sd)


def test_who_stands_on_a_step_is_within_the_covariance(lifter):
    error, sd, stature_sd = placed(lifter, [0.0, 0.2, 0.3, 0.5])
    assert (np.abs(error) < 2.8 * sd).all(), (error, sd)
    assert sd[0] < 0.2 and (sd[2:] > 0.35).all() and (np.diff(stature_sd[:3]) > 0.005).all()


def test_who_is_known_to_be_tall_is_not_doubted_and_children_never(lifter):
    unknown, tall = (placed(lifter, [0.0], 1.95, given)[1] for given in (np.nan, 1.95))
    assert tall < 0.2 and unknown > 1.3 * tall
    assert placed(lifter, [0.0], 1.2)[1] < 0.25
    error, sd, _ = placed(lifter, [0.3], 1.6, 1.6)
    assert abs(error) < 2.8 * sd


@NO_GRAPHS
def test_who_steps_down_before_the_camera_is_within_the_covariance():
    lifter = create_lifter('diffusion', tier='s', backend='onnxruntime')
    for number in range(40):  # of a known height, from the start
        person = walking_person(STAMPS, (4.5, -0.8), np.pi / 2, 1.0) - (0, 0, 0.3)
        motion = lifter.lift(windows_of([person], POSE, STAMPS + 0.5 * number, noise=2.0,
                                        stature=[1.7]))
    error = motion.joints[0, -1, PELVIS, 0] - person[-1, HIPS, 0].mean()
    assert abs(error) < 2.8 * np.sqrt(motion.covariance[0, -1, PELVIS, 0, 0])
    lifter.forget()
    for number in range(60):
        down = 0.3 * (30 < number <= 45)
        person = walking_person(STAMPS, (4.5, -0.8), np.pi / 2, 1.0) - (0, 0, down)
        motion = lifter.lift(windows_of([person], POSE, STAMPS + 0.5 * number, noise=2.0))
        sd = np.sqrt(motion.covariance[0, -1, PELVIS, 0, 0])
        error = motion.joints[0, -1, PELVIS, 0] - person[-1, HIPS, 0].mean()
        if number == 45:
            assert -2.8 * sd < error < -0.4
        elif number in (30, 59):
            assert abs(error) < 0.2 and sd < 0.2, (number, error, sd)
    lifter.close()
