# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of people who were just found: confirmed by a second look, or not believed."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from default_detector import require_default_detector
from test_detectors_on_video import sample_frames

from mocap23_ros.detection.blazepose import BlazePose, Look
from mocap23_ros.detection.blazepose_detector import BlazePoseDetector
from mocap23_ros.detection.packaged_weights import find_packaged
from mocap23_ros.detection.regions import PersonRegion
from mocap23_ros.detection.second_looks import follow
from mocap23_ros.detection.steady_poses import steady_poses, withstand_changes
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.skeletons.formats import BLAZEPOSE33

require_default_detector()


@pytest.fixture(scope='module')
def man():
    """The network, an image of a man, and his pose as it settles when he is followed."""
    frame, = sample_frames('single', 'cam03', [0])
    detector = BlazePoseDetector(max_people=1, backend='onnxruntime')
    found, = detector.detect(frame)
    detector.close()
    network = BlazePose(create_backend('onnxruntime', find_packaged('blazepose-full')))
    pose, = steady_poses(network, frame, [[Look(PersonRegion.of_box(found.bounding_box))]])
    for _ in range(3):
        pose, = follow(network, frame, [pose], [Look(pose.region, own=pose.landmarks)])
    yield network, frame, pose
    network.close()


def distance(pose, other):
    """Mean distance of the landmarks, in parts of the region's side."""
    offset = np.linalg.norm(pose.landmarks[:, :2] - other.landmarks[:, :2], axis=1)
    return offset.mean() / other.region.side


@pytest.mark.parametrize('scale', [0.6, 1.8])
def test_a_region_of_a_wrong_size_is_mended_by_looking_again(man, scale):
    network, image, right = man
    look = Look(replace(right.region, side=scale * right.region.side))
    first, = network.run(image, [look])
    steady, = steady_poses(network, image, [[look]])
    assert steady is not None and distance(steady, right) < 0.02
    assert distance(first, right) > 1.5 * distance(steady, right)


@pytest.mark.parametrize('angle', [1.2, 2.0, 3.1])
def test_the_wrong_pose_of_a_turned_region_is_not_believed(man, angle):
    network, image, right = man
    turned = Look(replace(right.region, rotation=right.region.rotation + angle))
    first, = network.run(image, [turned])
    assert first is not None and first.landmarks[:, 3].mean() > 0.9  # it is sure, and wrong:
    assert distance(first, right) > 0.05
    assert steady_poses(network, image, [[turned]]) == [None]
    upright = Look(replace(right.region, rotation=0.0))
    one, other = steady_poses(network, image, [[turned, upright], [upright]])
    assert distance(one, right) < 0.02 and distance(other, right) < 0.02


def test_a_person_withstands_changes_and_a_wrong_pose_of_him_does_not(man):
    network, image, right = man
    turned = Look(replace(right.region, rotation=right.region.rotation + 1.2))
    wrong, = network.run(image, [turned])
    looks = [Look(right.region), turned]
    assert withstand_changes(network, image, looks, [right, wrong]).tolist() == [True, False]
    assert withstand_changes(network, image, [], []).tolist() == []


def test_in_a_mirror_the_landmarks_are_those_of_the_image(man):
    network, image, right = man
    region, width = right.region, image.shape[1]
    plain, = network.run(image, [Look(region)])
    flipped = replace(region, x=width - region.x, rotation=-region.rotation)
    mirrored, = network.run(np.ascontiguousarray(image[:, ::-1]), [Look(flipped, mirrored=True)])
    expected = plain.landmarks[list(BLAZEPOSE33.mirror)]
    expected[:, 0] = width - expected[:, 0]
    # Both times the network saw the same crop, but for rounding.
    assert np.abs(mirrored.landmarks[:, :2] - expected[:, :2]).max() < 0.01 * region.side
    np.testing.assert_allclose(mirrored.landmarks[:, 2:], expected[:, 2:], atol=0.02)


@pytest.mark.parametrize(('camera', 'frame', 'width'), [('cam02', 28, 1080), ('cam01', 49, 540)])
def test_bolts_are_nobody(camera, frame, width):
    # A man, and a woman far behind him. On the treadmill stand black bolts with a head.
    image, = sample_frames('single', camera, [frame])
    image = cv2.resize(image, None, fx=width / image.shape[1], fy=width / image.shape[1],
                       interpolation=cv2.INTER_AREA)
    detector = BlazePoseDetector(backend='onnxruntime')
    found = detector.detect(image)
    detector.close()
    heights = sorted(d.bounding_box[3] - d.bounding_box[1] for d in found)
    assert len(found) == 2 and heights[0] > 0.3 * width, heights


def test_nobody_is_nobody(man):
    network, image, right = man
    corner = Look(replace(right.region, x=0.0, y=0.0, side=150.0))
    assert steady_poses(network, image, [[corner], []]) == [None, None]
    assert steady_poses(network, image, []) == []
