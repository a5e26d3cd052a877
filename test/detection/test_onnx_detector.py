# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The onnx detector on small real networks whose answers are known."""

import cv2
import numpy as np
import pytest

from mocap23_ros.detection.confidence_calibration import stated_of
from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.detection.network_families import FAMILIES
from mocap23_ros.detection.network_family import BoxFamily
from mocap23_ros.detection.onnx_detector import OnnxDetector
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.person_scale import person_scale

onnx = pytest.importorskip('onnx', reason='onnx is needed to make the networks')
helper, numpy_helper, FLOAT = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT

MEAN = np.array([123.675, 116.28, 103.53])
STD = np.array([58.395, 57.12, 57.375])


def save(path, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(
        nodes, 'known', [helper.make_tensor_value_info(n, FLOAT, s) for n, s in inputs],
        [helper.make_tensor_value_info(n, t, s) for n, t, s in outputs],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def redness(channels=((1, -1, -1),)):
    """A node that turns the normalised RGB input into "how red", so that channel order counts."""
    return np.array(channels, np.float32).reshape(-1, 3, 1, 1)


def simcc_network(path, batch='N', width=192, height=256):
    """All 17 keypoints at the reddest column and row: 2 bins per pixel, as RTMPose's."""
    # Red is +1, black is 0, after a 1x1 convolution that undoes the normalisation.
    weight = redness() * np.array(STD / 255).reshape(1, 3, 1, 1)
    bias = np.array([float((MEAN / 255 * [1, -1, -1]).sum())])
    nodes = [
        helper.make_node('Conv', ['input', 'weight', 'bias'], ['red']),
        helper.make_node('ReduceMax', ['red'], ['x'], axes=[2], keepdims=0),
        helper.make_node('ReduceMax', ['red'], ['y'], axes=[3], keepdims=0),
        helper.make_node('Resize', ['x', '', 'twice'], ['x2'], mode='nearest',
                         coordinate_transformation_mode='asymmetric', nearest_mode='floor'),
        helper.make_node('Resize', ['y', '', 'twice'], ['y2'], mode='nearest',
                         coordinate_transformation_mode='asymmetric', nearest_mode='floor'),
        helper.make_node('Tile', ['x2', 'joints'], ['simcc_x']),
        helper.make_node('Tile', ['y2', 'joints'], ['simcc_y']),
    ]
    # The outputs stand in the other order: they must be found by name.
    return save(path, nodes, [('input', [batch, 3, height, width])],
                [('simcc_y', FLOAT, [batch, 17, 2 * height]),
                 ('simcc_x', FLOAT, [batch, 17, 2 * width])],
                [('weight', weight.astype(np.float32)), ('bias', bias.astype(np.float32)),
                 ('twice', np.array([1, 1, 2], np.float32)), ('joints', np.array([1, 17, 1]))])


def heatmap_network(path, width=192, height=256):
    """All 17 heatmaps show how red the image is, at a quarter of its size, as ViTPose's."""
    weight = redness() * np.array(STD / 255).reshape(1, 3, 1, 1)
    bias = np.array([float((MEAN / 255 * [1, -1, -1]).sum())])
    nodes = [
        helper.make_node('Conv', ['input', 'weight', 'bias'], ['red']),
        helper.make_node('Resize', ['red', '', '', 'size'], ['small'], mode='linear',
                         coordinate_transformation_mode='align_corners'),
        helper.make_node('Tile', ['small', 'joints'], ['heatmaps']),
    ]
    return save(path, nodes, [('input', ['N', 3, height, width])],
                [('heatmaps', FLOAT, ['N', 17, height // 4, width // 4])],
                [('weight', weight.astype(np.float32)), ('bias', bias.astype(np.float32)),
                 ('size', np.array([1, 1, height // 4, width // 4])),
                 ('joints', np.array([1, 17, 1, 1]))])


def constant_network(path, outputs, height=64, width=96):
    """Always the same answer (plus 0 times the image, so that the input is used)."""
    nodes = [helper.make_node('ReduceSum', ['input', 'axes'], ['sum'], keepdims=0),
             helper.make_node('Mul', ['sum', 'zero'], ['nothing'])]
    constants = [('axes', np.arange(4)), ('zero', np.zeros((), np.float32))]
    declared = []
    for name, value in outputs.items():
        constants.append((f'{name}_value', value))
        if value.dtype == np.float32:
            nodes.append(helper.make_node('Add', [f'{name}_value', 'nothing'], [name]))
            declared.append((name, FLOAT, value.shape))
        else:
            nodes.append(helper.make_node('Identity', [f'{name}_value'], [name]))
            declared.append((name, onnx.TensorProto.INT64, value.shape))
    return save(path, nodes, [('input', [1, 3, height, width])], declared, constants)


def image_with_dot(x, y, size=(640, 480), colour=(0, 0, 255), radius=6):
    image = np.zeros((size[1], size[0], 3), np.uint8)
    cv2.circle(image, (x, y), radius, colour, -1)
    return cv2.GaussianBlur(image, (0, 0), radius / 2)


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


def test_rtmw_has_feet_and_reads_logits(tmp_path):
    def logits(bins, middles):
        # What RTMW is trained towards: 10 times a Gaussian whose width grows with the input.
        offset = np.arange(bins) - np.asarray(middles)[:, None]
        return (10 * np.exp(-0.5 * offset**2 / (bins / 16)) - 4).astype(np.float32)[None]

    columns, rows = np.linspace(40, 150, 133).round(), np.linspace(30, 100, 133).round()
    outputs = {'simcc_x': logits(192, columns), 'simcc_y': logits(128, rows)}
    outputs['simcc_x'][0, 22] *= 0.0  # of which nothing is known
    outputs['simcc_y'][0, 21] *= 0.5  # less clear
    found, = (detector := OnnxDetector(constant_network(tmp_path / 'w.onnx', outputs))).detect(
        np.zeros((640, 960, 3), np.uint8))
    assert detector.format.name == 'coco23' and detector.format.joint_names[19] == 'left_heel'
    known = np.arange(23) != 22
    crop = FAMILIES['rtmw'].crop(np.array([0, 0, 960, 640]), (96, 64))
    expected = crop.to_image(np.stack([columns, rows], axis=1) / 2)[:23]
    np.testing.assert_allclose(found.keypoints[known, :2], expected[known], atol=0.1)
    np.testing.assert_allclose(found.keypoints[:21, 2], 1, atol=0.05)
    assert 0.1 < found.keypoints[21, 2] < 0.8 and found.keypoints[22, 2] < 0.05


@pytest.mark.parametrize('background', [False, True])
def test_rfdetr_covariances_become_confidence(tmp_path, background):
    points = np.random.default_rng(0).uniform([0.3, 0.2], [0.5, 0.9], (17, 2))
    size = person_scale(points[None])[0]
    # Along x and y in parts of the image; their ellipse counts, whatever its shape.
    deviation = np.outer(COCO_SIGMAS * size * np.linspace(0.3, 3, 17), [0.5, 2.0])
    keypoints = np.zeros((1, 3, 17, 8), np.float32)
    keypoints[0, 1, :, :2], keypoints[0, 1, :, 2] = points, 6
    keypoints[0, 1, :, 4], keypoints[0, 1, :, 6] = -np.log(deviation).T
    keypoints[0, 1, 16, 2] = -3  # hardly to be found, though it would be exact
    keypoints[0, 1, 16, 4:7:2] = 9
    labels = np.full((1, 3, 91), -9, np.float32)
    labels[0, 1, int(background)], labels[0, 2, 5] = 2, 4  # query 2 is another thing
    if background:
        keypoints = np.concatenate([np.zeros_like(keypoints), keypoints], axis=2)
    dets = np.tile(np.array([0.4, 0.55, 0.2, 0.7], np.float32), (1, 3, 1))
    path = constant_network(tmp_path / 'r.onnx', {
        'dets': dets, 'labels': labels, 'keypoints': keypoints}, 96, 96)
    # The image is stretched to the square input, not padded.
    found, = OnnxDetector(path).detect(np.zeros((320, 960, 3), np.uint8))
    np.testing.assert_allclose(found.keypoints[:, :2], points * [960, 320], rtol=1e-4)
    np.testing.assert_allclose(found.bounding_box, np.array([0.3, 0.2, 0.5, 0.9]) * (
        960, 320, 960, 320), rtol=1e-4)
    assert found.score == pytest.approx(1 / (1 + np.exp(-2)))
    np.testing.assert_allclose(found.keypoints[:16, 2],
                               stated_of(np.linspace(0.3, 3, 17))[:16], rtol=1e-4)
    assert found.keypoints[16, 2] == pytest.approx(1 / (1 + np.exp(3)))


def test_detrpose_counts_in_the_size_that_it_is_told(tmp_path):
    points = np.zeros((1, 3, 17, 2), np.float32)
    points[0, 1], points[0, 2] = np.linspace([0.2, 0.3], [0.6, 0.9], 17), 0.5
    nodes = [
        helper.make_node('ReduceSum', ['images', 'axes'], ['sum'], keepdims=0),
        helper.make_node('Mul', ['sum', 'zero'], ['nothing']),
        helper.make_node('Add', ['points', 'nothing'], ['used']),
        helper.make_node('Cast', ['orig_target_sizes'], ['sizes'], to=FLOAT),
        helper.make_node('Unsqueeze', ['sizes', 'middle'], ['rows']),
        helper.make_node('Mul', ['used', 'rows'], ['keypoints']),
        helper.make_node('Identity', ['three'], ['scores']),
        helper.make_node('Identity', ['classes'], ['labels'])]
    graph = helper.make_graph(
        nodes, 'known', [
            helper.make_tensor_value_info('images', FLOAT, ['N', 3, 64, 64]),
            helper.make_tensor_value_info('orig_target_sizes', onnx.TensorProto.INT64, ['N', 2])],
        [helper.make_tensor_value_info('scores', FLOAT, [1, 3]),
         helper.make_tensor_value_info('labels', onnx.TensorProto.INT64, [1, 3]),
         helper.make_tensor_value_info('keypoints', FLOAT, [1, 3, 17, 2])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (
            ('axes', np.arange(4)), ('zero', np.zeros((), np.float32)), ('points', points),
            ('middle', np.array([1, 2])), ('three', np.array([[0.1, 0.7, 0.2]], np.float32)),
            ('classes', np.array([[1, 1, 1]])))])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9),
              tmp_path / 'd.onnx')
    found, = OnnxDetector(tmp_path / 'd.onnx').detect(np.zeros((320, 960, 3), np.uint8))
    np.testing.assert_allclose(found.keypoints[:, :2], points[0, 1] * (960, 320), rtol=1e-4)
    np.testing.assert_allclose(found.bounding_box, [192, 96, 576, 288], rtol=1e-4)
    np.testing.assert_allclose(found.keypoints[:, 2], 0.7)
    with pytest.raises(InputError, match='orig_target_sizes'):  # it cannot be fed as another
        OnnxDetector(tmp_path / 'd.onnx', family='rtmo')


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
        with pytest.raises(InputError, match=words) as caught:
            create_detector('onnx', **options)
        assert '\n' not in str(caught.value)


def test_many_people_in_one_run_equal_single_runs(tmp_path):
    pose = simcc_network(tmp_path / 'p.onnx')
    single = simcc_network(tmp_path / 's.onnx', 1)
    boxes = next(box_networks(tmp_path))
    image = np.maximum(image_with_dot(200, 330, (960, 640)), image_with_dot(720, 250, (960, 640)))
    for a, b in zip(OnnxDetector(pose, boxes).detect(image),
                    OnnxDetector(single, boxes).detect(image), strict=True):
        np.testing.assert_array_equal(a.keypoints, b.keypoints)
