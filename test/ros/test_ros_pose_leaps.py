# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms that throw the camera to and fro."""

import logging

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_scene import camera_pose

from mocap23_ros.ros.pose_leaps import PoseLeaps
from mocap23_ros.ros.problems import ProblemLog, Severity


def said(world_T_base, rate=15.0, seconds=4.0):
    """What is reported of a camera on a base whose pose is (x, y, z, yaw in degrees) of time."""
    problems = ProblemLog(logging.getLogger('quiet'), lambda: 0.0, settle_time=0.0)
    leaps = PoseLeaps(problems)
    for i in range(int(seconds * rate)):
        x, y, z, yaw = world_T_base(i / rate, i)
        pose = np.eye(4)
        pose[:3, :3] = Rotation.from_euler('z', yaw, degrees=True).as_matrix()
        pose[:3, 3] = x, y, z
        leaps.feed(i / rate, pose @ camera_pose())
        problems.settle()
    return problems.present().get('camera pose leaps')


@pytest.mark.parametrize('other', [(0.3, 0.1, 0, 5), (0, 0, 0.2, 0), (0, 0, 0, 90), (3, 2, 0, 170)])
@pytest.mark.parametrize('every', [1, 2, 5])
def test_two_publishers_of_one_frame_are_named(other, every):
    problem = said(lambda t, i: other if (i // every) % 2 else (0, 0, 0, 0))
    assert problem.severity == Severity.ERROR and 'two nodes' in problem.message


@pytest.mark.parametrize('motion', [
    lambda t, i: (0, 0, 0, 0),
    lambda t, i: (3 * t, 0, 0, 120 * t),
    lambda t, i: (min(2 * t, 2), 0, 0, max(0, 150 * (t - 2))),
    lambda t, i: (0.3 * np.sin(6 * t), 0, 0.02 * np.sin(30 * t), 30 * np.sin(5 * t)),
    lambda t, i: (0.01 * (i % 2), 0.01 * (i % 3), 0, 0.5 * (i % 2)),
    lambda t, i: (5.0 * (t > 1), 3.0 * (t > 1) + 0.3 * (t > 2.5), 0, 120 * (t > 1)),
], ids=['still', 'fast', 'brakes and turns', 'sways', 'noise', 'localised twice'])
@pytest.mark.parametrize('rate', [5.0, 15.0, 60.0])
def test_robots_that_move_and_localise_are_not(motion, rate):
    assert said(motion, rate) is None
