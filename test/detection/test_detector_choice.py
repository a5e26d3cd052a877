# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Detectors by name, and what every detector refuses."""

import sys

import numpy as np
import pytest
from refusals import one_line

from mocap23_ros.detection.detectors import DETECTORS, create_detector
from mocap23_ros.detection.images import check_image
from mocap23_ros.errors import InputError


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
    with one_line(words):
        check_image(image)


def test_padded_and_flipped_images_are_accepted():
    wide = np.zeros((64, 100, 3), np.uint8)
    for view in (wide[:, :80], wide[::-1], wide[..., ::-1]):
        assert check_image(view).flags.c_contiguous


def test_unknown_detectors_and_options_name_the_known_ones():
    with pytest.raises(InputError, match='blazepose, mediapipe, onnx'):
        create_detector('nonsense')
    with pytest.raises(InputError, match='search_interval'):
        create_detector('blazepose', colour='red')
    assert set(DETECTORS) == {'blazepose', 'mediapipe', 'onnx'}


def test_a_missing_package_is_named_with_its_installation(monkeypatch):
    for module in ('mediapipe_detector', 'mediapipe_graphs'):  # maybe imported before
        monkeypatch.delitem(sys.modules, f'mocap23_ros.detection.{module}', raising=False)
    monkeypatch.setitem(sys.modules, 'mediapipe', None)
    with pytest.raises(InputError, match='pip install --no-deps mediapipe==0.10'):
        create_detector('mediapipe')
