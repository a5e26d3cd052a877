# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Small graphs for the engine tests, and the library that builds engines without a GPU."""

import numpy as np
import pytest

from mocap23_ros.engines.tensorrt_library import load_tensorrt
from mocap23_ros.errors import InputError

onnx = pytest.importorskip('onnx', reason='onnx is needed to make the networks')


def tensorrt_rtx():
    """TensorRT-RTX, or skip."""
    try:
        return load_tensorrt('tensorrt_rtx')
    except InputError as error:
        pytest.skip(str(error))


def write_perceptron(path, width=8, seed=0, operator='Relu', batch='people', beside=None):
    """x [batch,width] -> y [batch,width]; returns the path. beside: file of the weights."""
    make, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    weight = np.random.default_rng(seed).normal(size=(width, width)).astype(np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node('MatMul', ['x', 'weight'], ['h']),
         onnx.helper.make_node(operator, ['h'], ['y'])], 'perceptron',
        [make('x', kind, [batch, width])], [make('y', kind, [batch, width])],
        [onnx.numpy_helper.from_array(weight, 'weight')])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 18)],
                                   ir_version=10)
    onnx.save(model, path, save_as_external_data=beside is not None, location=beside,
              size_threshold=0)
    return path
