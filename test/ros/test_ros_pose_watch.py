# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera pose that is off is named, and mended where that is wanted, on the node's frame path."""

import logging
from dataclasses import replace
from functools import lru_cache

import bag_examples as bags
import numpy as np
import pytest
from walkers import camera_above_floor, passers_by, seen, told_by_mistake

from mocap23_ros.plausibility.people_samples import PeopleMemory
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.given_camera import GivenModel, GivenPose
from mocap23_ros.ros.pose_watch import PoseWatch
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.settings import Settings

KEY = 'camera pose bias'
CAMERA, POSE = camera_above_floor(1.6, 9, 1)
WRONG, RIGHT = (1.2, 0.0, 0.0), (0.0, 0.0, 0.0)
HIPS = [11, 12]
MINUTES = 8


class Watched:
    """Minutes of passers-by, without the lifter."""

    def __init__(self, wrong, refine):
        self.problems = ProblemLog(logging.getLogger(), lambda: self.now)
        self.now, self.named = 0.0, []
        self.watch, memory = PoseWatch(self.problems), PeopleMemory()
        self.told = told_by_mistake(POSE, wrong)
        for frame, (self.now, person, joints, _) in enumerate(passers_by(
                60 * MINUTES, 5.5, np.random.default_rng([3, 0]), 'walk', 5.0)):
            memory.add(self.now, [person], seen(joints[None], CAMERA, POSE, 3.0, frame), CAMERA,
                       self.told)
            if self.watch.is_due(self.now):
                self.watch.update(self.now, memory.recent(), CAMERA.focal_length, refine)
                self.problems.settle()
                if KEY in self.problems.present():
                    self.named.append((self.now, self.problems.present()[KEY]))


watched = lru_cache(Watched)


def pitch_error(pose):
    return abs(np.degrees(np.arcsin(pose[2, 2]) - np.arcsin(POSE[2, 2])))


def test_a_wrong_pitch_is_named_with_its_size_and_what_to_do():
    run = watched(WRONG, False)
    _, problem = run.named[-1]
    assert problem.severity == Severity.WARN
    assert problem.message.startswith('the camera pose seems off by 1.')
    assert '(pitch: it looks down more than told)' in problem.message
    assert 'mocap23 calibrate' in problem.message and 'refine_camera_pose' in problem.message
    assert run.watch.figure.startswith('pitch +1.')
    assert run.named[0][0] < 300
    np.testing.assert_array_equal(run.watch.mended(run.told), run.told)


def test_the_parameter_mends_it_and_a_reset_forgets_it():
    run = watched(WRONG, True)
    assert 'it is mended' in run.named[-1][1].message
    assert pitch_error(run.told) == pytest.approx(WRONG[0], abs=0.01)
    assert pitch_error(run.watch.mended(run.told)) < 0.5


def test_a_right_pose_is_left_as_it_is():
    run = Watched(RIGHT, True)
    assert not run.named
    np.testing.assert_array_equal(run.watch.mended(run.told), POSE)
    assert run.watch.figure
    run.watch.reset()
    assert run.watch.figure == ''


def test_skeletons_are_lifted_under_the_mended_pose():
    """The last half minute with the lifter, as it is and with what was learned before."""
    errors, sizes, poses = {}, {}, {}
    for refine in (False, True):
        settings = replace(Settings(), detector='external', lifter='geometric',
                           lift_budget=0.0, refine_camera_pose=refine)
        core = create_core(settings)
        run = watched(WRONG, refine)
        processor = FrameProcessor(
            core, GivenModel(CAMERA, False), GivenPose(run.told), run.problems, lambda: None)
        errors[refine], sizes[refine] = [], []
        for frame, (stamp, _, joints, _) in enumerate(passers_by(
                30, 5.5, np.random.default_rng(4), 'walk', 10.0)):
            keypoints = np.nan_to_num(seen(joints[None], CAMERA, POSE, 3.0, frame)[0])
            stamp = bags.START + int(1e9 * (run.now + 5 + stamp))
            processor.begin(bags.keypoints(stamp, [keypoints]), settings)
            result = processor.finish_next()
            processor.set_up.pose = run.watch  # as if this node had seen those minutes
            for estimate in result.estimates:
                off = (estimate.joints[HIPS] - joints[HIPS]).mean(axis=0)[:2]
                if np.isfinite(off).all():
                    errors[refine].append(np.linalg.norm(off))
                    sizes[refine].append(np.trace(estimate.covariance[HIPS[0]]))
        poses[refine] = result.world_T_camera
        core.close()
    assert pitch_error(poses[True]) < 0.5 < pitch_error(poses[False])
    assert np.median(errors[True]) < 0.75 * np.median(errors[False])
    # What is mended is no surer than the estimate is.
    assert np.median(sizes[True]) > np.median(sizes[False])
