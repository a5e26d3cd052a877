# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How engines are run, on a simulated GPU: copies, order, CUDA graphs, padding, freeing.

The engines are built by the real library; a run on a real GPU is not replaced by this.
"""

import dataclasses
import importlib

import numpy as np
import pytest
from engine_helpers import tensorrt_rtx, write_perceptron
from simulated_gpu import SimulatedCuda, simulated_tensorrt

from mocap23_ros.engines import cuda_runtime, tensorrt_backend
from mocap23_ros.engines.engine_manifest import load_engine
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.engines.tensorrt_backend import TensorRTBackend
from mocap23_ros.engines.tensorrt_builder import (
    BuildOptions,
    build_engine,
    engine_path,
    profile_sizes,
)
from mocap23_ros.errors import InputError


@pytest.fixture
def gpu(tmp_path, monkeypatch):
    """Graph, simulated CUDA and a function that loads the backend."""
    library = tensorrt_rtx()
    real = pytest.importorskip('cuda.bindings.runtime', reason='cuda-bindings is not installed')
    if int(real.cudaGetDeviceCount()[0]) == 0:
        pytest.skip('there is a real GPU')
    cuda = SimulatedCuda(real)

    def load(people=4, capturable=True, batch='people', width=8):
        graph = write_perceptron(tmp_path / 'lifter_t.onnx', width=width, batch=batch)
        api = simulated_tensorrt(library.api, cuda, graph, capturable)
        api.profiles = profile_sizes(people) if batch == 'people' else (batch,)
        build_engine(library, graph, engine_path(graph, library.name),
                     BuildOptions(people, 'fp32', '8.6'), None)
        monkeypatch.setattr(cuda_runtime, 'import_runtime', lambda: cuda)
        monkeypatch.setattr(tensorrt_backend, 'load_tensorrt',
                            lambda name: dataclasses.replace(library, api=api))
        return graph, TensorRTBackend(graph, 'tensorrt_rtx', 'fp32', 'refuse', people)

    return cuda, load


def rows_of(count, seed=0, width=8):
    return {'x': np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)}


@pytest.mark.parametrize('capturable', [True, False])
def test_every_batch_size_gives_what_onnxruntime_gives(gpu, capturable, caplog):
    cuda, load = gpu
    graph, backend = load(people=4, capturable=capturable)
    assert backend.recorded == ((1, 2, 4) if capturable else ())
    assert ('without a CUDA graph' in caplog.text) != capturable
    reference = OnnxRuntimeBackend(graph, threads=1)
    for seed, rows in enumerate((1, 3, 2, 4, 1, 9, 3)):  # 9: in parts
        inputs = rows_of(rows, seed)
        np.testing.assert_array_equal(backend.run(inputs)['y'], reference.run(inputs)['y'])
    backend.close()
    assert not cuda.leaks()


def test_a_run_is_one_launch_and_one_wait(gpu):
    cuda, load = gpu
    _, backend = load(people=2, width=7)  # rows that are not of whole alignment
    before = len(cuda.log)
    for _ in range(50):
        backend.run(rows_of(2, width=7))
    assert cuda.log[before:] == 50 * ['cudaGraphLaunch', 'cudaStreamSynchronize']
    assert len(cuda.blocks) == 5  # in and out on both sides, and what the layers work in


def test_rows_that_fill_up_a_batch_are_empty(gpu):
    cuda, load = gpu
    _, backend = load(people=4)
    backend.run(rows_of(4))
    assert cuda.fed['x'].all()
    backend.run(rows_of(3, 1))
    assert cuda.fed['x'][:3].all() and not cuda.fed['x'][3].any()


def test_contexts_go_before_their_memory_and_closing_twice_is_harmless(gpu):
    cuda, load = gpu
    _, backend = load(people=2)
    backend.close()
    backend.close()
    assert cuda.log.index('cudaFree') > max(
        index for index, name in enumerate(cuda.log) if name == 'context freed')
    assert cuda.log.count('context made') == cuda.log.count('context freed') == 2
    with pytest.raises(InputError, match='closed'):
        backend.run(rows_of(1))


def test_a_failed_start_frees_what_it_took(gpu, monkeypatch):
    cuda, load = gpu
    monkeypatch.setattr(cuda, 'queue', lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load()
    assert not cuda.leaks()


def test_graphs_of_a_fixed_batch_run_as_they_are(gpu):
    _, load = gpu
    graph, backend = load(people=8, batch=1)
    assert backend.manifest.fixed_batch and backend.recorded == (1,)
    reference = OnnxRuntimeBackend(graph, threads=1)
    np.testing.assert_array_equal(backend.run(rows_of(1))['y'], reference.run(rows_of(1))['y'])
    with pytest.raises(InputError, match='shape'):
        backend.run(rows_of(2))


def test_the_manifest_says_that_the_batch_is_fixed(tmp_path):
    library = tensorrt_rtx()
    graph = write_perceptron(tmp_path / 'one.onnx', batch=1)
    target = engine_path(graph, library.name)
    build_engine(library, graph, target, BuildOptions(16, 'fp32', '8.6'), None)
    _, manifest = load_engine(target, graph, library.name, library.version, None)
    assert manifest.fixed_batch and manifest.profiles == (1,)


def test_cuda_errors_and_absent_bindings_are_one_line(monkeypatch):
    real = pytest.importorskip('cuda.bindings.runtime', reason='cuda-bindings is not installed')
    cuda = SimulatedCuda(real)
    monkeypatch.setattr(cuda_runtime, 'import_runtime', lambda: cuda)
    runtime = cuda_runtime.CudaRuntime()
    stream = runtime.stream()
    with pytest.raises(InputError, match='cudaMalloc: .*StreamCapture'):
        runtime.record(lambda: runtime.call('cudaMalloc', 16), stream)
    assert not cuda.capturing and not cuda.graphs  # the stream can be used again
    monkeypatch.undo()
    monkeypatch.setattr(importlib, 'import_module', _no_module)
    with pytest.raises(InputError, match='cuda-bindings'):
        cuda_runtime.CudaRuntime()


def _no_module(name):
    raise ImportError(name)
