# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Decoders and crops against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocap23_ros.detection.cropping import letterbox, person_crop, stretched, write_input
from mocap23_ros.detection.decoding import decode_heatmaps
from mocap23_ros.detection.keypoint_similarity import COCO_SIGMAS, keypoint_similarity
from mocap23_ros.detection.network_families import FAMILIES


@given(st.floats(7, 40), st.floats(7, 56))
def test_a_gaussian_heatmap_is_found_to_a_twentieth_of_its_pixel(x, y):
    columns, rows = np.meshgrid(np.arange(48), np.arange(64))
    heatmap = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.0**2))
    heatmaps = heatmap[None, None].astype(np.float32)
    found = decode_heatmaps(heatmaps, (192, 256), udp=True)[0, 0]
    expected = np.array([x, y]) * [191 / 47, 255 / 63]
    np.testing.assert_allclose(found[:2], expected, atol=0.2)
    plain = decode_heatmaps(heatmaps, (192, 256), udp=False)[0, 0]
    np.testing.assert_allclose(plain[:2], np.array([x, y]) * 4, atol=0.2)


def test_empty_and_border_heatmaps_are_harmless():
    heatmaps = np.zeros((1, 3, 64, 48), np.float32)
    heatmaps[0, 1, 0, 0] = 0.7
    heatmaps[0, 2, 63, 47] = 7.0
    found = decode_heatmaps(heatmaps, (192, 256), udp=True)[0]
    assert np.isnan(found[0, :2]).all() and found[0, 2] == 0
    np.testing.assert_allclose(found[1], [0, 0, 0.7])
    np.testing.assert_allclose(found[2], [191, 255, 1])


def test_simcc_takes_the_lower_confidence_and_marks_what_is_missing():
    x, y = np.zeros((1, 2, 384), np.float32), np.zeros((1, 2, 512), np.float32)
    x[0, 0, 101], y[0, 0, 300] = 0.9, 0.4
    x[0, 1, 5], y[0, 1] = 0.9, -0.1
    found = FAMILIES['rtmpose'].decode([x, y], (192, 256))[0]
    np.testing.assert_allclose(found[0], [50.5, 150, 0.4])
    assert np.isnan(found[1, :2]).all() and found[1, 2] == 0


boxes = st.tuples(st.floats(-50, 500), st.floats(-50, 500), st.floats(2, 400), st.floats(2, 400))


@given(boxes, st.booleans())
def test_a_crop_holds_the_padded_box_and_comes_back(box, udp):
    x, y, width, height = box
    corners = np.array([x, y, x + width, y + height])
    crop = person_crop(corners, (192, 256), 1.25, udp)
    inside = corners.reshape(2, 2) * crop.scale + (crop.shift_x, crop.shift_y)
    assert (inside >= -1e-3).all() and (inside <= [192 + 1e-3, 256 + 1e-3]).all()
    np.testing.assert_allclose(crop.to_image(inside), corners.reshape(2, 2), atol=1e-2)


@pytest.mark.parametrize('size', [(640, 480), (1080, 1920), (1921, 1079)])
@pytest.mark.parametrize('centred', [True, False])
def test_a_letterboxed_edge_comes_back_where_it_was(size, centred):
    image = np.zeros((size[1], size[0], 3), np.uint8)
    edge_x, edge_y = size[0] // 3, size[1] // 2
    image[edge_y:, edge_x:] = 255
    pixels = replace(FAMILIES['yolo-pose'].pixels, fill=0)
    crop = letterbox(size, (640, 640), centred)
    out = np.zeros((3, 640, 640), np.float32)
    write_input(image, crop, pixels, out)
    # Area of white counts the edge's place below a pixel.
    middle = int(edge_y * crop.scale + crop.shift_y) + 20
    row = out[0, middle]
    right = size[0] * crop.scale + crop.shift_x
    assert (right - row.sum() - crop.shift_x) / crop.scale == pytest.approx(edge_x, abs=2.0)
    assert out.max() == pytest.approx(1.0) and out.min() == 0


def test_a_stretched_corner_comes_back_where_it_was():
    image = np.zeros((480, 640, 3), np.uint8)
    image[160:, 400:] = 255
    crop = stretched((640, 480), (320, 320))
    out = np.zeros((3, 320, 320), np.float32)
    write_input(image, crop, replace(FAMILIES['detrpose'].pixels, fill=255), out)
    edges = 320 - out[0, -10].sum(), 320 - out[0, :, -10].sum()
    assert edges == pytest.approx((200, 320 / 3), abs=0.6)
    np.testing.assert_allclose(crop.to_image(np.array([edges])), [[400, 160]], atol=1.2)
    np.testing.assert_allclose(crop.boxes_to_image(np.array([[*edges, 320, 320]]))[0, 2:],
                               (640, 480))


def test_similarity_is_one_for_the_same_person_and_as_defined_one_sigma_off():
    random = np.random.default_rng(0)
    people = random.uniform(0, 500, (4, 17, 3))
    area = np.full(4, 200.0**2)
    np.testing.assert_allclose(np.diag(keypoint_similarity(people, people, area)), 1)
    moved = people.copy()
    moved[..., 0] += 2 * COCO_SIGMAS * 200.0
    np.testing.assert_allclose(np.diag(keypoint_similarity(people, moved, area)), np.exp(-0.5))


def test_similarity_with_too_few_common_keypoints_is_unknown():
    people = np.ones((1, 17, 3))
    hidden = people.copy()
    hidden[0, 2:, :2] = np.nan
    assert np.isnan(keypoint_similarity(people, hidden, np.array([100.0])))[0, 0]
