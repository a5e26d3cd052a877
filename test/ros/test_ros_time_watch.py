# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Images that are of another time than the transforms of a camera that turns are noticed."""

import re
from functools import cache

import numpy as np
from scenes import CAMERA, room, seen
from scipy.spatial.transform import Rotation
from synthetic_scene import camera_pose

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.plausibility.scene_points import shrunk
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.time_watch import TimeWatch

STAMPS = np.arange(0, 18, 0.1).tolist()

PICTURE = room()


class Quiet:
    def info(self, message): ...
    warning = error = info


def heading(time):
    """Degrees to the right, of a robot that looks here and there."""
    return 8 * np.sin(1.3 * time) + 4 * np.sin(2.9 * time + 1)


@cache
def image(frame):
    """The small image of a frame, as the robot looks at its stamp."""
    return shrunk(seen(PICTURE, (0, heading(STAMPS[frame]), 0), seed=frame))


def watched(late, focal=1.0):
    """Problems of a watch of images that are late by some seconds, and the watch.

    focal: of the told focal length over the true one.
    """
    problems = ProblemLog(Quiet(), lambda: 0.0, settle_time=0.0)
    watch = TimeWatch(problems)
    told = CameraModel.from_calibration(
        CAMERA.K * [[focal, 1, 1], [1, focal, 1], [1, 1, 1]], (), 'plumb_bob', CAMERA.image_size)
    for frame, stamp in enumerate(STAMPS):
        pose = camera_pose()
        pose[:3, :3] = pose[:3, :3] @ Rotation.from_euler(
            'y', heading(stamp + late), degrees=True).as_matrix()
        watch.feed(stamp, image(frame) if watch.is_due(stamp) else None, [], told, pose, 0.0)
    problems.settle()
    return problems.present(), watch


def test_images_of_another_time_are_named_and_joints_are_as_unsure():
    late = 0.08
    problems, watch = watched(late)
    problem = problems['image time']
    assert problem.severity == Severity.ERROR
    assert re.search(r'seem [78]\d \+- \d+ ms later', problem.message)
    told = CameraPoseUncertainty()
    np.testing.assert_allclose(watch.uncertainty(told).stamp, np.hypot(told.stamp, late), rtol=0.1)


def test_right_stamps_are_left_alone_and_another_focal_length_is_told():
    assert not watched(0.01)[0]
    problem = watched(0.0, focal=1.15)[0]['camera scale']
    assert re.search(r'0\.8\d times as far.* 1\.1\d times the true', problem.message)
