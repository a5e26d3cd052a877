# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Small real networks whose answers are known, and an image with a dot for them."""

import cv2
import numpy as np
import pytest

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
