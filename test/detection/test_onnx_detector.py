# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The onnx detector on small real networks whose answers are known."""

import numpy as np
import pytest
from onnx_networks import constant_network, heatmap_network, image_with_dot, simcc_network
from refusals import one_line

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.detection.network_families import FAMILIES
from mocap23_ros.detection.network_family import BoxFamily
from mocap23_ros.detection.onnx_detector import OnnxDetector


@pytest.mark.parametrize('batch', ['N', 1])
def test_simcc_finds_the_red_dot_in_the_whole_image(tmp_path, batch):
    detector = OnnxDetector(simcc_network(tmp_path / 'p.onnx', batch))
    found = detector.detect(image_with_dot(400, 170))
    assert detector.format.name == 'coco17' and len(found) == 1
    np.testing.assert_allclose(found[0].keypoints[:, :2], [[400, 170]] * 17, atol=2.5)
    assert (found[0].keypoints[:, 2] > 0.5).all() and found[0].score > 0.5


def test_channels_are_not_swapped(tmp_path):
    detector = OnnxDetector(simcc_network(tmp_path / 'p.onnx'))
    assert detector.detect(image_with_dot(400, 170, colour=(255, 0, 0))) == []


def test_heatmaps_are_read_below_a_pixel_of_the_heatmap(tmp_path):
    detector = OnnxDetector(heatmap_network(tmp_path / 'p.onnx'))
    # A heatmap pixel is 4 * 800 / 192 = 17 px of this image.
    for x, y in ((401, 310), (405, 313), (409, 305)):
        found = detector.detect(image_with_dot(x, y, radius=40))
        detector.reset()
        np.testing.assert_allclose(found[0].keypoints[:, :2], [[x, y]] * 17, atol=2.5)


def yolo_rows(people, classes=0):
    """Columns [1, rows, N] of (x, y, w, h, score, keypoints) in px of the input."""
    rows = np.zeros((1, 5 + 51 if not classes else 4 + classes, 100), np.float32)
    for index, (x, y, w, h, score) in enumerate(people):
        rows[0, :5, index] = x, y, w, h, score
        if not classes:
            keypoints = np.zeros((17, 3), np.float32)
            keypoints[:] = x, y, 0.9
            keypoints[:, 0] += np.linspace(-w / 2, w / 2, 17)
            rows[0, 5:, index] = keypoints.reshape(-1)
    return rows


def test_yolo_pose_undoes_the_letterbox_and_drops_doubles(tmp_path):
    # 960x640 fits 96x64 exactly at 1/10; 640x640 leaves 16 px at each side.
    people = [(30, 30, 20, 40, 0.9), (31, 30, 20, 40, 0.6), (70, 30, 20, 40, 0.8),
              (50, 50, 9, 9, 0.1)]
    path = constant_network(tmp_path / 'y.onnx', {'output0': yolo_rows(people)})
    detector = OnnxDetector(path)
    wide = detector.detect(np.zeros((640, 960, 3), np.uint8))
    assert [round(d.score, 3) for d in wide] == [0.9, 0.8]
    np.testing.assert_allclose(wide[0].bounding_box, [200, 100, 400, 500], atol=1e-3)
    np.testing.assert_allclose(wide[0].keypoints[:, 0], np.linspace(200, 400, 17), atol=1e-3)
    square = detector.detect(np.zeros((640, 640, 3), np.uint8))
    np.testing.assert_allclose(square[0].bounding_box, [40, 100, 240, 500], atol=1e-3)
    assert len(OnnxDetector(path, max_people=1).detect(np.zeros((640, 960, 3), np.uint8))) == 1


def test_yolo_pose_marks_keypoints_outside_the_image(tmp_path):
    path = constant_network(tmp_path / 'y.onnx', {'output0': yolo_rows([(5, 30, 20, 40, 0.9)])})
    keypoints = OnnxDetector(path).detect(np.zeros((640, 960, 3), np.uint8))[0].keypoints
    outside = np.linspace(-50, 150, 17) < 0
    assert np.isnan(keypoints[outside, :2]).all() and (keypoints[outside, 2] == 0).all()
    assert np.isfinite(keypoints[~outside]).all()


def test_yolo_pose_with_suppression_inside(tmp_path):
    rows = np.zeros((1, 30, 57), np.float32)
    rows[0, 4, :6] = 20, 10, 40, 50, 0.9, 0
    rows[0, 4, 6:] = np.tile([30, 30, 0.8], 17)
    path = constant_network(tmp_path / 'e.onnx', {'output0': rows})
    found = OnnxDetector(path).detect(np.zeros((640, 960, 3), np.uint8))
    assert len(found) == 1
    np.testing.assert_allclose(found[0].bounding_box, [200, 100, 400, 500], atol=1e-3)
    np.testing.assert_allclose(found[0].keypoints, [[300, 300, 0.8]] * 17, atol=1e-3)


def test_rtmo_is_read_as_it_comes(tmp_path):
    keypoints = np.zeros((1, 3, 17, 3), np.float32)
    keypoints[0, 1], keypoints[0, 2] = [30, 30, 0.8], [70, 20, 0.7]
    dets = np.array([[[0, 0, 9, 9, 0.1], [20, 10, 40, 50, 0.9], [60, 5, 80, 40, 0.95]]], np.float32)
    path = constant_network(tmp_path / 'o.onnx', {'dets': dets, 'keypoints': keypoints})
    # 960x320 leaves half of the height empty, at the bottom.
    found = OnnxDetector(path).detect(np.zeros((320, 960, 3), np.uint8))
    assert [round(d.score, 3) for d in found] == [0.95, 0.9]
    np.testing.assert_allclose(found[1].keypoints, [[300, 300, 0.8]] * 17, atol=1e-3)


def test_a_new_family_is_a_file_and_a_row(tmp_path, monkeypatch):
    class Centres(BoxFamily):
        name, outputs, rank, pixels = 'centres', ('middle',), 3, InputPixels()

        def matches(self, outputs):
            return outputs[0].name == 'middle'

        def decode(self, outputs, min_score, most):
            x, y = outputs[0][0, 0]
            return np.array([[x - 15, y - 30, x + 15, y + 30, 0.9]])

    monkeypatch.setitem(FAMILIES, 'centres', Centres())
    boxes = constant_network(
        tmp_path / 'c.onnx', {'middle': np.array([[[20, 32]]], np.float32)})
    pose = simcc_network(tmp_path / 'p.onnx')
    found, = OnnxDetector(pose, person_model=boxes).detect(image_with_dot(200, 330, (960, 640)))
    np.testing.assert_allclose(found.keypoints[:, :2], [[200, 330]] * 17, atol=4)


def box_networks(tmp_path):
    """The same two people (and a dog) from both kinds of box networks."""
    yolo = yolo_rows([(20, 32, 30, 60, 0.9), (70, 32, 30, 60, 0.8)], classes=80)
    yolo[0, :4, 2], yolo[0, 4:6, 2] = (45, 10, 10, 10), (0.4, 0.7)
    yield constant_network(tmp_path / 'b.onnx', {'output0': yolo})
    dets = np.array([[[5, 2, 35, 62, 0.9], [55, 2, 85, 62, 0.8], [40, 5, 50, 15, 0.7]]], np.float32)
    yield constant_network(tmp_path / 'x.onnx', {'dets': dets, 'labels': np.array([[0, 0, 16]])})


def test_boxes_of_people_lead_to_a_pose_each(tmp_path):
    pose = simcc_network(tmp_path / 'p.onnx')
    image = np.maximum(image_with_dot(200, 330, (960, 640)), image_with_dot(720, 250, (960, 640)))
    for boxes in box_networks(tmp_path):
        found = OnnxDetector(pose, person_model=boxes).detect(image)
        middles = sorted(float(np.nanmean(d.keypoints[:, 0])) for d in found)
        np.testing.assert_allclose(middles, [200, 720], atol=4)


def test_a_followed_person_is_found_again_around_the_last_keypoints(tmp_path):
    # Only in the first image does the pose network look everywhere.
    detector = OnnxDetector(simcc_network(tmp_path / 'p.onnx'))
    detector.detect(image_with_dot(400, 170))
    assert detector.detect(image_with_dot(100, 170)) == []  # too far: lost
    assert len(detector.detect(image_with_dot(100, 170))) == 1  # searched again


def test_bad_files_and_options_are_one_clear_line(tmp_path):
    pose = simcc_network(tmp_path / 'p.onnx')
    (tmp_path / 'damaged.onnx').write_bytes(pose.read_bytes()[:200])
    (tmp_path / 'text.onnx').write_text('no network')
    boxes = next(box_networks(tmp_path))
    odd = constant_network(tmp_path / 'odd.onnx', {'a': np.zeros((1, 7, 3), np.float32)})
    for options, words in (
            ({'model': tmp_path / 'absent.onnx'}, 'does not exist'),
            ({'model': tmp_path / 'damaged.onnx'}, 'not a usable'),
            ({'model': tmp_path / 'text.onnx'}, 'not a usable'),
            ({'model': tmp_path}, 'does not exist'),
            ({'model': odd}, 'family'),
            ({'model': pose, 'family': 'vitpose'}, '4 dimensions'),
            ({'model': pose, 'family': 'nonsense'}, 'rtmpose'),
            ({'model': boxes}, 'person_model'),
            ({'model': pose, 'person_model': pose}, 'not a network for boxes'),
            ({'model': pose, 'max_people': 0}, 'max_people'),
            ({'model': pose, 'backend': 'nonsense'}, 'onnxruntime')):
        with one_line(words):
            create_detector('onnx', **options)


def test_many_people_in_one_run_equal_single_runs(tmp_path):
    pose = simcc_network(tmp_path / 'p.onnx')
    single = simcc_network(tmp_path / 's.onnx', 1)
    boxes = next(box_networks(tmp_path))
    image = np.maximum(image_with_dot(200, 330, (960, 640)), image_with_dot(720, 250, (960, 640)))
    for a, b in zip(OnnxDetector(pose, boxes).detect(image),
                    OnnxDetector(single, boxes).detect(image), strict=True):
        np.testing.assert_array_equal(a.keypoints, b.keypoints)
