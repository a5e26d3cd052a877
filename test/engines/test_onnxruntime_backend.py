# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The ONNX Runtime backend on a small real network."""

import numpy as np
import pytest
from refusals import one_line

from mocap23_ros.engines.backends import create_backend
from mocap23_ros.errors import InputError

onnx = pytest.importorskip('onnx', reason='onnx is needed to make the network')


@pytest.fixture
def sum_network(tmp_path):
    make, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node('Add', ['a', 'b'], ['sum'])], 'sum',
        [make('a', kind, ['N', 3]), make('b', kind, [3])], [make('sum', kind, ['N', 3])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 17)],
                                   ir_version=9)
    path = tmp_path / 'sum.onnx'
    onnx.save(model, path)
    return path


@pytest.mark.parametrize('name', ['auto', 'onnxruntime'])
def test_runs_and_describes_itself(sum_network, name):
    backend = create_backend(name, sum_network)
    assert [(s.name, s.shape) for s in backend.inputs] == [('a', (-1, 3)), ('b', (3,))]
    assert [(s.name, s.shape) for s in backend.outputs] == [('sum', (-1, 3))]
    for rows in (1, 4):
        result = backend.run({'a': np.ones((rows, 3), np.float32),
                              'b': np.arange(3, dtype=np.float32)})
        np.testing.assert_array_equal(result['sum'], np.tile([1, 2, 3], (rows, 1)))


@pytest.mark.parametrize('arrays, words', [
    ({'a': np.ones((1, 3), np.float32)}, 'takes a, b'),
    ({'a': np.ones((1, 3)), 'b': np.ones(3, np.float32)}, 'float32, not float64'),
    ({'a': np.ones((1, 4), np.float32), 'b': np.ones(3, np.float32)}, 'shape'),
    ({'a': np.ones(3, np.float32), 'b': np.ones(3, np.float32)}, 'shape'),
])
def test_arrays_that_do_not_fit_are_refused(sum_network, arrays, words):
    with pytest.raises(InputError, match=words):
        create_backend('onnxruntime', sum_network).run(arrays)


def test_bad_files_names_and_closed_backends(sum_network, tmp_path):
    (tmp_path / 'bad.onnx').write_bytes(sum_network.read_bytes()[:-20] + b'garbage')
    for path, words in ((tmp_path / 'bad.onnx', 'not a usable'), (tmp_path / 'no', 'not exist')):
        with one_line(words):
            create_backend('onnxruntime', path)
    with pytest.raises(InputError, match='onnxruntime'):
        create_backend('nonsense', sum_network)
    backend = create_backend('onnxruntime', sum_network, threads=1)
    backend.close()
    with pytest.raises(InputError, match='closed'):
        backend.run({})
