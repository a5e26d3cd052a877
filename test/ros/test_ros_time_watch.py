# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Images that are of another time than the transforms of a camera that turns are noticed."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scenes import CAMERA, room, seen
from scipy.spatial.transform import Rotation
from synthetic_scene import camera_info, camera_pose, keypoints_message, person

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.plausibility.image_delay import best_offset
from mocap23_ros.plausibility.pose_track import PoseTrack
from mocap23_ros.plausibility.scene_points import shrunk
from mocap23_ros.plausibility.scene_turns import SceneTurn, turn_curve
from mocap23_ros.ros.camera_infos import CameraInfoCache
from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.stamps import nanoseconds
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


def watched(late, focal=1.0, seconds=10, mirrored=False):
    """Problems of a watch of images that are late by some seconds, and the watch.

    focal: of the told focal length over the true one.
    """
    way = -1 if mirrored else 1
    problems = ProblemLog(Quiet(), lambda: 0.0, settle_time=0.0)
    watch = TimeWatch(problems)
    told = CameraModel.from_calibration(
        CAMERA.K * [[focal, 1, 1], [1, focal, 1], [1, 1, 1]], (), 'plumb_bob', CAMERA.image_size)
    for frame, stamp in enumerate(STAMPS[:10 * seconds]):
        watch.feed(stamp, image(frame)[:, ::way].copy() if watch.is_due(stamp) else None, [], told,
                   looking_at(stamp + late), 0.0)
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
    problem = watched(0.0, focal=1.15, seconds=18)[0]['camera scale']
    assert re.search(r'0\.8\d times as far.* 1\.1\d times the true', problem.message)


def test_images_that_turn_the_other_way_are_an_error():
    problems = watched(0.0, seconds=18, mirrored=True)[0]
    assert list(problems) == ['camera turns']
    assert problems['camera turns'].severity == Severity.ERROR
    assert 'the image is mirrored' in problems['camera turns'].message


@pytest.mark.parametrize(('seen_T_told', 'scale'), [
    (np.eye(3), 1.0), (1.2 * np.eye(3), 1.2), (-np.eye(3), -1.0), (np.diag([1, -1, -1]), -1.0),
    (np.roll(np.eye(3), 1, axis=0), 0.0), (np.zeros((3, 3)), np.nan)])
@pytest.mark.parametrize('speed', [0.0, 1.0])
def test_how_turns_that_are_seen_go_with_those_of_the_poses(seen_T_told, scale, speed):
    """Not where the robot drives: what is near seems to turn any way."""
    stamps, rng = np.array(STAMPS), np.random.default_rng(0)
    poses = np.stack([looking_at(0.0 if np.isnan(scale) else stamp) for stamp in stamps])
    poses[:, 0, 3] += speed * stamps
    track, scale = PoseTrack(stamps, poses), np.nan if speed else scale
    turns = [SceneTurn(first, second, seen_T_told @ [0, np.radians(
        heading(second) - heading(first)), 0] + rng.normal(scale=0.002, size=3))
        for first, second in zip(stamps[10:-10:2], stamps[12:-8:2], strict=False)]
    curve, found = turn_curve(turns, track)
    np.testing.assert_allclose(found, scale, rtol=0.03)
    assert curve.any() != (scale <= 0)


@pytest.mark.parametrize(('late', 'side'), [(0.0, 1), (0.12, 1), (0.0, -1)])
def test_what_a_side_camera_drives_past_is_not_of_another_time_but_of_its_side(late, side):
    stamps, depth, speed = np.array(STAMPS), 3.0, 0.8
    driven = np.stack([looking_at(stamp) for stamp in stamps])
    driven[:, :3, 3] += np.outer(speed * stamps, driven[0, :3, 0])  # to the camera's right
    turns = [SceneTurn(stamps[n], stamps[n + 2], np.array([0, np.radians(
        heading(stamps[n + 2]) - heading(stamps[n])) + side * 0.2 * speed / depth, 0]))
        for n in range(10, 90, 2)]
    curve, scale = turn_curve(turns, PoseTrack(stamps - late, driven))
    assert (scale < 0) == (side < 0)
    if side > 0:
        found = best_offset(curve)
        assert found.is_there() == (late > 0)
        np.testing.assert_allclose(found.seconds, late, atol=0.01)


class Turning:
    """Transforms of the camera of a robot that turns; keeps the stamps [ns] that are asked for."""

    def __init__(self):
        self.asked = []

    def camera_pose(self, world_frame, header):
        self.asked.append(nanoseconds(header.stamp))
        return looking_at(1e-9 * (self.asked[-1] - BEGIN))


BEGIN = 10**18


def looking_at(time):
    pose = camera_pose()
    pose[:3, :3] = pose[:3, :3] @ Rotation.from_euler(
        'y', heading(time), degrees=True).as_matrix()
    return pose


def test_the_offset_that_is_named_mends_it_and_people_stand_still():
    late, poses, infos = 0.15, Turning(), CameraInfoCache()
    infos.add(camera_info(0))
    problems = ProblemLog(Quiet(), lambda: 0.0, settle_time=0.0)
    settings = replace(Settings(), detector='external', lifter='geometric', tf_timeout=0.0)
    processor = FrameProcessor(create_core(settings), CameraSource(infos.find, problems), poses,
                               problems, lambda: processor.reset(same_time=True))
    said = ''
    for frame in range(130):
        if said:
            settings = replace(settings, image_time_offset=float(said.split(' to ')[-1].split()[0]))
        stamp = BEGIN + frame * 10**8
        processor.begin(keypoints_message([person()], stamp, looking_at(0.1 * frame - late)),
                        settings)
        places = [e.world_T_root[:2, 3] for e in processor.finish_next().estimates]
        problem = problems.present().get('image time')
        said = said or (problem.message if problem else '')
    assert poses.asked[0] == BEGIN
    np.testing.assert_allclose(1e-9 * (stamp - poses.asked[-1]), late, atol=0.01)
    np.testing.assert_allclose(places[0], person()[[11, 12]].mean(axis=0)[:2], atol=0.1)
    problems.settle()
    assert 'image time' not in problems.present()
