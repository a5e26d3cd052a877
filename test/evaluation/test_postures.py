# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Postures that figures are binned by."""

import numpy as np
import pytest
from synthetic_people import walking_person

from mocap23_ros.evaluation.metrics import by_posture, motion_errors
from mocap23_ros.evaluation.postures import POSTURES, postures
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES


def named(joints):
    return {POSTURES[int(index)] for index in postures(joints)}


@pytest.fixture
def standing():
    return walking_person(np.arange(5) / 30, speed=0.0)


def turned(joints, degrees, pivot):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (joints - pivot) @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]) + pivot


@pytest.mark.parametrize('scale', [0.5, 1.0])  # children count as adults do
def test_who_stands_bends_crouches_and_lies(standing, scale):
    assert named(scale * standing) == {'upright'}
    hips = standing[:, HIPS].mean(axis=1)[:, None]
    bent = np.where(np.isin(np.arange(standing.shape[1]), [*HIPS, *KNEES, *ANKLES])[:, None],
                    standing, turned(standing, 70, hips))
    assert named(scale * bent) == {'bent'}
    crouching = standing.copy()
    crouching[:, ANKLES, 2] = hips[:, :, 2] - 0.35
    crouching[:, KNEES] = hips + (0.4, 0, 0.05)
    assert named(scale * crouching) == {'low'}
    assert named(scale * turned(standing, 90, hips) + (0, 0, -1.0)) == {'lying'}


def test_unknown_joints_have_no_posture(standing):
    standing[2, HIPS[0]] = np.nan
    assert np.isnan(postures(standing)).tolist() == [False, False, True, False, False]
    assert np.isnan(postures(np.full((3, 17, 3), np.nan))).all()


def test_figures_come_by_posture(standing):
    lying = turned(standing, 90, standing[:, HIPS].mean(axis=1)[:, None])
    bins = by_posture([motion_errors(standing + (0, 0, .1), standing, 30),
                       motion_errors(lying + (0, 0, .2), lying, 30)])
    assert list(bins) == ['upright', 'lying']
    assert bins['lying']['abs_mpjpe_mm'] == pytest.approx(200) and bins['lying']['frames'] == 5
