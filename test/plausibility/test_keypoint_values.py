# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints as other detectors write them."""

import numpy as np
import pytest

from mocap23_ros.errors import InputError
from mocap23_ros.plausibility.keypoint_values import clean_keypoints, in_image

SIZE = (1280, 720)


def person(seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(300, 500, 17), rng.uniform(100, 600, 17),
                            rng.uniform(0.1, 0.9, 17)]).astype(np.float32)


@pytest.mark.parametrize('written', [
    (0, 0, 0.49), (-1, -1, 0.9), (np.nan, 5, 0.9), (5, np.inf, 0.9), (300, 300, 0),
    (300, 300, -0.1), (300, 300, np.nan), (4000, 300, 0.9), (300, -2000, 0.9), (1e7, 300, 0.9)])
def test_all_ways_of_writing_not_found_become_one(written):
    keypoints = person()
    keypoints[3] = written
    cleaned = clean_keypoints(keypoints, SIZE)
    np.testing.assert_array_equal(cleaned[3], (np.nan, np.nan, 0))
    others = np.arange(17) != 3
    np.testing.assert_array_equal(cleaned[others], keypoints[others])


@pytest.mark.parametrize('written', [(0, 300, 0.9), (-40, 300, 0.9), (1300, 719, 0.9)])
def test_keypoints_at_and_beyond_the_border_stay(written):
    keypoints = person()
    keypoints[3] = written
    np.testing.assert_array_equal(clean_keypoints(keypoints, SIZE), keypoints)


@pytest.mark.parametrize('written', [
    np.linspace(0.5, 1.28, 17), np.linspace(0.9, 1.45, 17), [1, 2] * 8 + [0],
    [0.4] * 14 + [12] * 3], ids=['SimCC', 'heatmaps', 'visibility', 'spikes'])
def test_confidence_above_one_counts_as_one(written):
    keypoints = person()
    keypoints[:, 2] = written
    cleaned = clean_keypoints(keypoints, SIZE)
    np.testing.assert_array_equal(cleaned[:, 2], np.minimum(keypoints[:, 2], 1))
    assert (keypoints[:, 2] > 1).any()  # the caller's array is not changed


@pytest.mark.parametrize('scale', [5, 10, 100])
def test_confidences_of_another_scale_are_refused(scale):
    keypoints = person()
    keypoints[:4] = 0
    keypoints[:, 2] *= scale
    with pytest.raises(InputError, match='must lie between 0 and 1: divide them'):
        clean_keypoints(keypoints, SIZE)


@pytest.mark.parametrize('scale', [(1 / 1280, 1 / 720), (2 / 1280, 2 / 1280)])
def test_fractions_of_the_image_are_refused(scale):
    keypoints = person()
    keypoints[:, :2] *= scale
    keypoints[:4] = 0  # missing in the way of such detectors
    with pytest.raises(InputError, match='fractions of the image'):
        clean_keypoints(keypoints, SIZE)


def test_nobody_is_at_one_pixel_or_outside_the_image():
    people = np.stack([person(1), person(2), person(3), person(4)])
    people[1, :, :2] = 640, 360
    people[2, :, 0] += 1200
    people[3, 2:] = np.nan, np.nan, 0  # two keypoints only, but in the image
    cleaned = clean_keypoints(people, SIZE)
    np.testing.assert_array_equal(in_image(cleaned, SIZE), [True, False, False, True])
    np.testing.assert_array_equal(in_image(cleaned), [True, False, True, True])
    assert not in_image(np.full((1, 17, 3), np.nan), SIZE).any()
