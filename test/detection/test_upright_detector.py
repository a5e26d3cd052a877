# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Images of cameras on their side are turned for the detector, and its findings back."""

import numpy as np
import pytest
from synthetic_people import look_at

from mocap23_ros.detection.detector import Detection
from mocap23_ros.detection.upright_detector import UprightDetector
from mocap23_ros.skeletons.formats import COCO17


class DotDetector:
    """Finds one bright pixel and calls it a person whose head is 3 px above it."""

    format = COCO17

    def __init__(self):
        self.resets = 0

    def detect(self, image_bgr):
        y, x = np.argwhere(image_bgr[..., 0] == 255)[0]
        keypoints = np.full((17, 3), np.nan, np.float32)
        keypoints[:, 2] = 0
        keypoints[0], keypoints[16] = (x, y - 3, 0.9), (x, y, 0.8)
        return [Detection(keypoints, np.array([x - 1, y - 4, x + 2, y + 1], np.float32), 0.7,
                          keypoints[[16, 16, 16, 0]])]

    def reset(self):
        self.resets += 1

    def close(self):
        pass


def rolled(degrees, target=(4, 0, 1.0)):
    """A camera that is turned clockwise about its axis, as seen from behind it."""
    pose = look_at((0, 0, 1.5), target)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    pose[:3, :3] = pose[:3, :3] @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    return pose


@pytest.mark.parametrize(('roll', 'up'), [(0, (0, -1)), (90, (-1, 0)), (180, (0, 1)),
                                          (270, (1, 0)), (30, (0, -1)), (-100, (1, 0))])
def test_findings_are_in_the_pixels_of_the_image(roll, up):
    image = np.zeros((40, 60, 3), np.uint8)
    image[12, 33] = 255
    detector = UprightDetector(DotDetector())
    detector.follow(rolled(roll))
    (found,) = detector.detect(image)
    assert found.keypoints[16].tolist() == [33, 12, pytest.approx(0.8)]
    assert found.keypoints[0, :2].tolist() == [33 + 3 * up[0], 12 + 3 * up[1]]
    assert found.feet[2:].tolist() == found.keypoints[[16, 0]].tolist()
    assert np.isnan(found.keypoints[5, :2]).all() and found.keypoints[5, 2] == 0
    x_min, y_min, x_max, y_max = found.bounding_box
    assert x_min <= 33 <= x_max and y_min <= 12 <= y_max and found.score == 0.7


def test_turns_change_only_for_good_reason():
    inner = DotDetector()
    detector = UprightDetector(inner)
    for roll in (0, 44, 50, 58, 40):
        detector.follow(rolled(roll))
    assert inner.resets == 0
    detector.follow(rolled(70))
    assert inner.resets == 1
    for roll in (45, 32, 100):
        detector.follow(rolled(roll))
    detector.follow(rolled(123, target=(0.01, 0, 0)))  # straight down: no side is up
    assert inner.resets == 1
