# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that parameters describe, without TF."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from refusals import one_line
from synthetic_scene import camera_pose, header

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.pose_covariance import of_pitch_roll_height
from mocap23_ros.geometry.poses import translation_quaternion_from_pose
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.given_camera import (
    GivenModel,
    GivenPose,
    check_floor,
    given_camera,
    pose_uncertainty,
)
from mocap23_ros.ros.settings import Settings

CAMERA = CameraModel.from_calibration(
    np.array([[900.0, 0, 640], [0, 900, 480], [0, 0, 1]]), (), 'plumb_bob', (1280, 960))
SD = (0.02, 0.07)


def text_of(pose):
    return ' '.join(str(v) for part in translation_quaternion_from_pose(pose) for v in part)


@pytest.fixture
def file(tmp_path):
    save_camera_file(tmp_path / 'c.yaml', CameraFile(CAMERA, camera_pose(), pose_sd=SD))
    return str(tmp_path / 'c.yaml')


def test_a_pose_as_text_is_that_pose():
    given = given_camera(Settings(camera_pose=text_of(camera_pose())))
    np.testing.assert_allclose(given.world_T_camera, camera_pose(), atol=1e-12)
    assert given.camera is None and given.pose_sd is None
    assert given_camera(Settings()).world_T_camera is None


def test_the_file_says_how_sure_its_pose_is_unless_parameters_do(file):
    settings = Settings(camera_file=file, detector='external', lifter='geometric')
    core = create_core(settings)
    core.close()
    assert astuple(core.streaming.pose_uncertainty)[:3] == pytest.approx((*SD, 0.01))
    changed = replace(settings, camera_rotation_sd=0.05)
    assert astuple(pose_uncertainty(changed, given_camera(changed)))[:3] == pytest.approx(
        (0.05, SD[1], 0.01))


def test_the_covariance_of_the_file_counts_whole_unless_parameters_say_otherwise(tmp_path):
    covariance = of_pitch_roll_height(
        np.array([[4e-6, 0, 3e-5], [0, 1e-6, 0], [3e-5, 0, 4e-4]]), camera_pose())
    file = str(tmp_path / 'c.yaml')
    save_camera_file(file, CameraFile(CAMERA, camera_pose(), pose_covariance=covariance))
    settings = Settings(camera_file=file)
    told = pose_uncertainty(settings, given_camera(settings))
    np.testing.assert_allclose(told.pose_covariance, covariance, atol=1e-12)
    assert (told.rotation, told.position) == pytest.approx((0.002, 0.02), rel=1e-3)
    changed = replace(settings, camera_rotation_sd=0.05)
    assert pose_uncertainty(changed, given_camera(changed)).pose_covariance is None


def test_two_answers_to_one_question_are_refused(file):
    with pytest.raises(InputError, match='leave one out'):
        given_camera(Settings(camera_file=file, camera_pose=text_of(camera_pose())))
    save_camera_file(file, CameraFile(CAMERA))
    both = given_camera(Settings(camera_file=file, camera_pose=text_of(camera_pose())))
    assert both.camera is not None and both.world_T_camera is not None


def test_floors_that_cannot_be_are_refused(file):
    check_floor(given_camera(Settings(camera_file=file)), 0.5)
    with pytest.raises(InputError, match='below the floor'):
        check_floor(given_camera(Settings(camera_file=file)), 2.0)
    save_camera_file(file, CameraFile(CAMERA, camera_pose(), floor_height=0.3))
    with pytest.raises(InputError, match='floor_height at 0 m; give the same'):
        check_floor(given_camera(Settings(camera_file=file)), 0.0)
    check_floor(given_camera(Settings(camera_file=file)), 0.3)


def test_files_that_are_none_are_one_line(tmp_path):
    with one_line('absent.yaml'):
        given_camera(Settings(camera_file=str(tmp_path / 'absent.yaml')))


class Tf:
    def __init__(self, pose):
        self.pose = pose

    def newest_pose(self, world_frame, camera_frame):
        return self.pose


@pytest.mark.parametrize(('shift', 'refused'), [(0.0, False), (0.01, False), (0.2, True)])
def test_tf_may_say_the_same_and_nothing_else(shift, refused):
    other = camera_pose()
    other[2, 3] += shift
    poses = GivenPose(camera_pose(), Tf(other))
    if refused:
        with pytest.raises(InputError, match='0.20 m and 0.0 degrees apart; leave one out'):
            poses.camera_pose('map', header(1))
    else:
        np.testing.assert_array_equal(poses.camera_pose('map', header(1)), camera_pose())
    np.testing.assert_array_equal(poses.camera_pose('map', header(1, '')), camera_pose())
    np.testing.assert_array_equal(
        GivenPose(camera_pose(), Tf(None)).camera_pose('map', header(1)), camera_pose())


def test_rectification_must_be_that_of_the_file():
    model = GivenModel(CAMERA, rectified=False)
    assert model.camera_for(header(1), (640, 480), False).K[0, 0] == pytest.approx(450)
    with pytest.raises(InputError, match='configure the node again'):
        model.camera_for(header(1), (640, 480), True)
