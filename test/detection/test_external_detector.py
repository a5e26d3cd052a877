# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints from elsewhere, and what every detector refuses."""

import sys

import numpy as np
import pytest

from mocap23_ros.detection.detector import Detection
from mocap23_ros.detection.detectors import DETECTOR_NAMES, create_detector
from mocap23_ros.detection.external_detector import ExternalDetector
from mocap23_ros.detection.images import check_image
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.formats import COCO17, HALPE26


def detection(form, value=10.0):
    keypoints = np.full((len(form), 3), value, np.float32)
    keypoints[:, 2] = 0.5
    return Detection(keypoints, np.array([0, 0, 20, 20], np.float32), 0.7)


def test_people_come_back_at_their_stamp_and_only_once():
    detector = create_detector('external')
    detector.add(1.0, [detection(COCO17, 10)], COCO17)
    detector.add(2.0, [], COCO17)
    assert detector.take(1.5) is None
    assert detector.take(1.0004)[0].keypoints[0, 0] == 10
    assert detector.take(1.0) is None
    assert detector.take(2.0) == []


def test_formats_are_converted():
    detector = ExternalDetector()
    detector.add(1.0, [detection(HALPE26)], HALPE26)
    detector.set_image_stamp(1.0)
    found = detector.detect(np.zeros((64, 64, 3), np.uint8))
    assert found[0].keypoints.shape == (17, 3) and (found[0].keypoints[:, 0] == 10).all()
    assert detector.format is COCO17


def test_not_a_number_counts_as_not_found():
    bad = detection(COCO17)
    bad.keypoints[3] = 5, np.inf, 0.9
    detector = ExternalDetector()
    detector.add(1.0, [bad], COCO17)
    np.testing.assert_array_equal(detector.take(1.0)[0].keypoints[3], [np.nan, np.nan, 0])


def test_held_arrivals_are_bounded():
    detector = ExternalDetector(capacity=5)
    for stamp in range(100):
        detector.add(float(stamp), [], COCO17)
    assert detector.take(94.0) is None and detector.take(95.0) == []


def test_wrong_shapes_stamps_and_missing_announcement_are_refused():
    detector = ExternalDetector()
    with pytest.raises(InputError, match='26'):
        detector.add(1.0, [detection(COCO17)], HALPE26)
    with pytest.raises(InputError, match='stamp'):
        detector.add(float('nan'), [], COCO17)
    with pytest.raises(InputError, match='set_image_stamp'):
        detector.detect(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize('image, words', [
    (np.zeros((480, 640), np.uint8), 'grey'),
    (np.zeros((480, 640, 1), np.uint8), 'grey'),
    (np.zeros((0, 640, 3), np.uint8), 'empty'),
    (np.zeros((8, 8, 3), np.uint8), 'too small'),
    (np.zeros((480, 640, 4), np.uint8), 'shape'),
    (np.zeros((480, 640, 3), np.float32), 'float32'),
    ([[1, 2], [3, 4]], 'list'),
])
def test_unusable_images_are_one_clear_line(image, words):
    with pytest.raises(InputError, match=words) as caught:
        check_image(image)
    assert '\n' not in str(caught.value)


def test_padded_and_flipped_images_are_accepted():
    wide = np.zeros((64, 100, 3), np.uint8)
    for view in (wide[:, :80], wide[::-1], wide[..., ::-1]):
        assert check_image(view).flags.c_contiguous


def test_unknown_detectors_and_options_name_the_known_ones():
    with pytest.raises(InputError, match='mediapipe, onnx, external'):
        create_detector('nonsense')
    with pytest.raises(InputError, match='tolerance'):
        create_detector('external', colour='red')
    assert set(DETECTOR_NAMES) == {'blazepose', 'mediapipe', 'onnx', 'external'}
    assert create_detector('external', tolerance=None).take(0.0) is None


def test_a_missing_package_is_named_with_its_installation(monkeypatch):
    from mocap23_ros.detection import mediapipe_graphs
    mediapipe_graphs._mediapipe.cache_clear()
    monkeypatch.setitem(sys.modules, 'mediapipe', None)
    with pytest.raises(InputError, match='pip install --no-deps mediapipe==0.10'):
        create_detector('mediapipe')
    mediapipe_graphs._mediapipe.cache_clear()
