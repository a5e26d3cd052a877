# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that hangs and sends its last image under new stamps."""

import logging

import numpy as np
import pytest
from synthetic_scene import camera_pose

from mocap23_ros.ros.frozen_images import FrozenImages
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog, Severity
from mocap23_ros.tracking.track import Track, TrackState

PEOPLE = [Track(1, TrackState.TRACKED, np.ones((17, 3)), np.zeros(4), 0.9)]


class Watch:
    def __init__(self):
        self.problems = ProblemLog(logging.getLogger('quiet'), lambda: 0.0, settle_time=0.0)
        self.watch = FrozenImages(self.problems)

    def run(self, images, poses=None, people=PEOPLE, rate=15.0):
        """What is reported after these images: its severity, None where nothing is."""
        for i, image in enumerate(images):
            self.watch.look(i / rate, image)
            self.watch.judge(self.watch.seconds, people,
                             camera_pose() if poses is None else poses[i])
        self.problems.settle()
        problem = self.problems.present().get('frozen images')
        return problem and problem.severity


def noisy(count, seed=0):
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, 255, (count, 48, 64, 3), np.uint8))


def test_the_same_image_with_people_for_seconds_is_said_and_its_end_too():
    watch = Watch()
    assert watch.run(noisy(20)) is None
    assert watch.run(noisy(1) * 25) is None  # 1.6 s
    assert watch.run(noisy(1) * 40) == Severity.WARN
    assert watch.run(noisy(1) * 40 + noisy(1, 7)) is None
    assert Watch().run(noisy(1) * 40, people=[]) is None
    assert Watch().run([image for image in noisy(40) for _ in range(2)], rate=30.0) is None


def test_made_up_keypoints_may_stand_still_where_the_camera_does():
    assert Watch().run([np.ones((1, 17, 3), np.float32)] * 60) is None
    nobody = np.zeros((0, 17, 3), np.float32)
    poses = [camera_pose(pitch=0.01 * i) for i in range(60)]
    assert Watch().run([nobody] * 60, poses) is None


@pytest.mark.parametrize('shown', [noisy(1) * 20, [np.ones((1, 17, 3), np.float32)] * 20])
@pytest.mark.parametrize('moves', ['turns', 'drives'])
def test_an_image_that_does_not_follow_its_camera_is_refused(shown, moves):
    poses = [camera_pose(pitch=0.17 + 0.01 * i * (moves == 'turns')) for i in range(20)]
    for i, pose in enumerate(poses):
        pose[0, 3] += 0.03 * i * (moves == 'drives')
    watch = Watch()
    with pytest.raises(FrameRejectedError):
        watch.run(shown, poses)
    assert watch.problems.present()['frozen images'].severity == Severity.ERROR
    assert 'the camera hangs' in watch.problems.present()['frozen images'].message
    amount = '0.0 m and 3 degrees' if moves == 'turns' else 'm and 0 degrees'
    assert amount in watch.problems.present()['frozen images'].message
    assert Watch().run(noisy(20), poses) is None


@pytest.mark.parametrize('level', [0, 7, 255])
def test_images_that_show_nothing_are_said(level):
    def problem(images):
        watch = Watch()
        watch.run(images, people=[])
        return watch.problems.present().get('blank images')

    rng = np.random.default_rng(1)
    blank = [np.clip(level + rng.normal(0, 1, (48, 64, 3)), 0, 255).astype(np.uint8)
             for _ in range(40)]
    assert problem(blank).severity == Severity.WARN
    assert problem(blank[:25]) is None
    assert problem(blank + noisy(1)) is None
