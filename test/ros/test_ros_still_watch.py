# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the node says of a camera that was knocked under a transform that stays as it was."""

from dataclasses import replace

import cv2
import numpy as np
from scenes import CAMERA, room, seen
from sensor_msgs.msg import Image
from synthetic_scene import camera_info, camera_pose, header

from mocap23_ros.detection.upright_detector import UprightDetector
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.plausibility.scene_points import shrunk
from mocap23_ros.ros.camera_infos import CameraInfoCache
from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.given_camera import GivenPose
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.still_watch import StillWatch
from mocap23_ros.skeletons.formats import COCO17

ROOM = room()
STILL, KNOCKED = ([seen(ROOM, turn=(turn, 0, 0), seed=k) for k in range(3)] for turn in (0, -2))


class Quiet:
    def info(self, message): ...
    warning = error = info


class Watch:
    def __init__(self):
        self.problems = ProblemLog(Quiet(), lambda: 0.0, settle_time=0.0)
        self.watch = StillWatch(self.problems)
        self.frame = 0

    def run(self, seconds, images, pose=None, rate=10.0):
        """What is said after some seconds of these images under a pose, or one of each frame."""
        for _ in range(int(seconds * rate)):
            stamp, image = self.frame / rate, images[self.frame % len(images)]
            told = pose(self.frame) if callable(pose) else camera_pose()
            due = self.watch.is_due(stamp)
            self.watch.feed(stamp, shrunk(image) if due else None, [], CAMERA, told)
            self.frame += 1
        self.problems.settle()
        problem = self.problems.present().get('camera moved')
        return problem.message if problem else ''


def test_a_knock_under_the_same_transform_is_named_until_the_transform_is_mended():
    watch = Watch()
    assert watch.run(4, STILL) == ''
    assert '2.0 degrees down' in watch.run(3, KNOCKED)
    assert watch.problems.present()['camera moved'].severity == Severity.ERROR
    assert watch.run(3, KNOCKED, lambda frame: camera_pose(pitch=0.2)) == ''
    assert Watch().run(9, STILL) == ''


def test_a_camera_that_transforms_move_is_left_alone():
    watch = Watch()
    images = STILL * 10 + KNOCKED * 10
    assert watch.run(6, images, lambda frame: camera_pose(pitch=0.17 + 0.02 * frame)) == ''
    assert not watch.watch.is_due(6.0), 'no image is shrunk and searched for nothing'


def test_where_the_image_turned_the_pose_is_as_unsure():
    watch, told = Watch(), CameraPoseUncertainty()
    watch.run(4, STILL)
    assert watch.watch.uncertainty(told) is told
    watch.run(0.6, KNOCKED)  # before anything is said
    sd = np.sqrt(np.diag(watch.watch.uncertainty(told).of_pose()))
    assert np.allclose(sd[3:], np.hypot(told.rotation, np.radians(2.0)), atol=0.003)
    assert np.allclose(sd[:3], told.position)


class Nobody:
    """A detector that finds nobody, behind the part of UprightDetector that the core uses."""

    format = COCO17

    def detect(self, image):
        return []

    def close(self): ...
    reset = close


def processor_of_images(size):
    """The frame path of images of this size under CAMERA's K, and its problems and settings."""
    settings = replace(Settings(), detector='external', lifter='geometric', tf_timeout=0.0)
    core = create_core(settings)
    core.detector = UprightDetector(Nobody())
    problems, infos = ProblemLog(Quiet(), lambda: 0.0, settle_time=0.0), CameraInfoCache()
    info = camera_info(0)
    info.width, info.height = size
    info.k = CAMERA.K.ravel().tolist()
    info.p = np.hstack([CAMERA.K, np.zeros((3, 1))]).ravel().tolist()
    infos.add(info)
    processor = FrameProcessor(core, CameraSource(infos.find, problems), GivenPose(camera_pose()),
                               problems, lambda: processor.reset(same_time=True))
    return processor, problems, settings


def test_every_frame_of_images_is_watched_also_where_their_encoding_changes():
    processor, problems, settings = processor_of_images(CAMERA.image_size)
    for number in range(80):
        image = (STILL if number < 40 else KNOCKED)[number % 3]
        processor.begin(message_of(image, number), settings)
        processor.finish_next()
        assert number >= 40 or not problems.present()
    assert '2.0 degrees down' in problems.present()['camera moved'].message


def test_black_bars_that_k_does_not_know_of_are_an_error():
    processor, problems, settings = processor_of_images((852, 480))
    for number in range(25):
        assert number < 16 or 'black bars' in problems.present()
        image = np.pad(STILL[number % 3], ((0, 0), (106, 106), (0, 0)))
        processor.begin(message_of(image, number), settings)
        processor.finish_next()
    problem = problems.present()['black bars']
    assert problem.severity == Severity.ERROR and 'add the bar to cx' in problem.message


def message_of(image, number):
    encoding = ('bgr8', 'rgb8', 'mono8')[number % 3]
    pixels = {'bgr8': image, 'rgb8': image[..., ::-1],
              'mono8': cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None]}[encoding]
    return Image(header=header(10**18 + number * 10**8), width=image.shape[1],
                 height=image.shape[0], encoding=encoding,
                 step=pixels.shape[2] * image.shape[1], data=pixels.tobytes())
