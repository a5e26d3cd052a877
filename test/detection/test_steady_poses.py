# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of people who were just found: confirmed by a second look, or not believed."""

from dataclasses import replace

import numpy as np
import pytest
from default_detector import require_default_detector
from test_detectors_on_video import sample_frames

from mocap23_ros.detection.blazepose import BlazePose, Look
from mocap23_ros.detection.blazepose_detector import BlazePoseDetector
from mocap23_ros.detection.packaged_weights import find_packaged
from mocap23_ros.detection.steady_poses import steady_poses
from mocap23_ros.engines.backends import create_backend

require_default_detector()


@pytest.fixture(scope='module')
def man():
    """The network, an image of a man, and his pose as it settles when he is followed."""
    frame, = sample_frames('single', 'cam03', [0])
    detector = BlazePoseDetector(max_people=1, backend='onnxruntime')
    for _ in range(4):
        assert detector.detect(frame)
    pose, = detector._poses
    detector.close()
    network = BlazePose(create_backend('onnxruntime', find_packaged('blazepose-full')))
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


def test_nobody_is_nobody(man):
    network, image, right = man
    corner = Look(replace(right.region, x=0.0, y=0.0, side=150.0))
    assert steady_poses(network, image, [[corner], []]) == [None, None]
    assert steady_poses(network, image, []) == []
