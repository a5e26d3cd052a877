# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RTMW, RF-DETR Keypoint and DETRPose, as small real networks whose answers are known."""

import numpy as np
import pytest
from onnx_networks import (
    FLOAT,
    constant_network,
    helper,
    numpy_helper,
    onnx,
    save,
    simcc_network,
)

from mocap23_ros.detection.confidence_calibration import stated_of
from mocap23_ros.detection.network_families import FAMILIES
from mocap23_ros.detection.onnx_detector import OnnxDetector
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.person_scale import person_scale


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


def test_published_weights_given_by_name_are_of_their_family_where_outputs_do_not_tell(
        tmp_path, monkeypatch):
    # RTMDet and YOLOX have the same outputs; the pixels of only one of them are normalised.
    nodes = [helper.make_node('ReduceMean', ['input'], ['mean'], axes=[1, 2, 3], keepdims=1),
             helper.make_node('Abs', ['mean'], ['off']),
             helper.make_node('Sub', ['one', 'off'], ['sure']),
             helper.make_node('Reshape', ['sure', 'shape'], ['score']),
             helper.make_node('Concat', ['box', 'score'], ['dets'], axis=2),
             helper.make_node('Identity', ['person'], ['labels'])]
    monkeypatch.setenv('MOCAP23_CACHE', str(tmp_path))
    pose = simcc_network(tmp_path / 'pose.onnx')
    (tmp_path / 'weights').mkdir()
    for name in ('rtmdet-m-person', 'yolox-m-person'):
        save(tmp_path / 'weights' / f'{name}.onnx', nodes, [('input', [1, 3, 64, 96])],
             [('dets', FLOAT, [1, 1, 5]), ('labels', onnx.TensorProto.INT64, [1, 1])],
             [('one', np.ones((1, 1, 1, 1), np.float32)), ('shape', np.array([1, 1, 1])),
              ('box', np.array([[[20, 10, 60, 50]]], np.float32)), ('person', np.array([[0]]))])
    image = np.full((64, 96, 3), (104, 116, 124), np.uint8)
    image[30, 40] = 0, 0, 255
    assert len(OnnxDetector(pose, 'rtmdet-m-person').detect(image)) == 1
    assert OnnxDetector(pose, 'yolox-m-person').detect(image) == []
