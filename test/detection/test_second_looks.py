# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Left and right of a man who leans, on real video with the real networks."""

from dataclasses import replace

import numpy as np
import pytest
from default_detector import require_default_detector
from test_detectors_on_video import sample_frames

from mocap23_ros.detection.blazepose import BlazePose, Look
from mocap23_ros.detection.blazepose_detector import BlazePoseDetector
from mocap23_ros.detection.packaged_weights import find_packaged
from mocap23_ros.detection.person_finder import person_view
from mocap23_ros.detection.regions import PersonLandmarks, PersonRegion
from mocap23_ros.detection.second_looks import follow, put_right
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17

require_default_detector()
LEFT_SHOULDER = BLAZEPOSE33.index('left_shoulder')
RIGHT_SHOULDER = BLAZEPOSE33.index('right_shoulder')
BOTH, LEGS = np.array([True, True]), np.array([False, True])


@pytest.fixture(scope='module')
def leaning():
    """The network, and two images on, of which it exchanges the sides of the first; followed."""
    frames = sample_frames('single', 'cam02', [*range(20, 52, 2)])
    detector = BlazePoseDetector(max_people=1, backend='onnxruntime')
    found, = detector.detect(frames[0])
    detector.close()
    network = BlazePose(create_backend('onnxruntime', find_packaged('blazepose-full')))
    pose, = network.run(frames[0], [Look(PersonRegion.of_box(found.bounding_box))])
    for frame in frames:
        pose, = follow(network, frame, [pose], [Look(pose.region, own=pose.landmarks)])
    yield network, frames[-1], pose
    network.close()


class CountedLooks:
    """The network, and how often it has looked."""

    def __init__(self, network):
        self.looks, self._network = 0, network

    def run(self, image, looks):
        self.looks += len(looks)
        return self._network.run(image, looks)


def faces_the_camera(pose):
    return pose.landmarks[LEFT_SHOULDER, 0] > pose.landmarks[RIGHT_SHOULDER, 0] + 50


def test_a_man_who_leans_keeps_his_left_and_right():
    # He faces the camera, with a hidden face: alone the network exchanges half of these images.
    detector = BlazePoseDetector(max_people=2)
    for frame in sample_frames('single', 'cam02', [*range(20, 80, 2)]):
        man = max(detector.detect(frame), key=lambda one: np.ptp(one.bounding_box[1::2]))
        joints = dict(zip(COCO17.joint_names, man.keypoints[:, 0], strict=True))
        for part in ('shoulder', 'hip'):
            assert joints[f'left_{part}'] > joints[f'right_{part}']
    detector.close()


def test_the_look_counts_that_goes_on_from_the_last_image(leaning):
    network, image, last = leaning
    look = Look(last.region)
    first, = network.run(image, [look])
    assert faces_the_camera(last) and not faces_the_camera(first)
    pose, = follow(network, image, [last], [look])
    assert faces_the_camera(pose) and pose.doubt


def test_who_goes_on_clearly_is_not_looked_at_twice(leaning):
    network, image, pose = leaning
    counted = CountedLooks(network)
    here, = network.run(image, [Look(pose.region)])
    again, = follow(counted, image, [replace(here, doubt=5)], [Look(pose.region)])
    assert counted.looks == 1 and again.doubt == 4
    follow(counted, image, [replace(pose, doubt=5)], [Look(pose.region)])
    assert counted.looks > 2


def test_sides_are_put_right_only_as_a_look_has_them(leaning):
    network, image, last = leaning
    look = Look(last.region)
    first, = network.run(image, [look])
    right = put_right(network, image, look, first, BOTH)
    assert right is not None and faces_the_camera(right)
    assert put_right(network, image, look, first, LEGS) is None


def test_a_view_of_a_person_lies_in_the_image():
    assert person_view(np.array([300, 200, 400, 500]), 640, 480) == (110, 110, 480, 370, 256)
    assert person_view(np.array([-300, 0, -200, 100]), 640, 480) is None


class Seen:
    """In place of the network: what it sees in one look after another."""

    def __init__(self, *poses):
        self._poses = iter(poses)

    def run(self, image, looks):
        return [next(self._poses) for _ in looks]


def pose_of(seed):
    points = np.random.default_rng(seed).uniform(100, 400, (33, 2))
    return PersonLandmarks(np.concatenate([points, np.ones((33, 2))], axis=1),
                           PersonRegion(250, 250, 400, 0.0))


def test_a_pose_that_leapt_and_that_no_other_look_confirms_is_not_seen():
    image, last = np.zeros((8, 8, 3), np.uint8), pose_of(0)
    for image_number in range(1, 7):
        pose, = follow(Seen(*map(pose_of, range(1, 6))), image, [last], [Look(last.region)])
        if image_number < 6:
            assert pose.held == image_number and pose.landmarks is last.landmarks
            last = pose
    assert pose is None  # lost: found again, looks must agree


def test_a_leap_that_looks_agree_on_is_seen():
    image, last = np.zeros((8, 8, 3), np.uint8), replace(pose_of(0), held=3)
    there = pose_of(1)
    pose, = follow(Seen(there, pose_of(2), pose_of(1), pose_of(3), pose_of(4)), image, [last],
                   [Look(last.region)])
    assert pose.held == 0 and (pose.landmarks == there.landmarks).all()
