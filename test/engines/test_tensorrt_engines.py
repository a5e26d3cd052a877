# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Engines built for real by TensorRT-RTX (no GPU needed), and what is refused before loading."""

import json

import pytest
from engine_helpers import tensorrt_rtx, write_perceptron
from refusals import one_line

from mocap23_ros.checksum import file_sha256
from mocap23_ros.cli.main import main
from mocap23_ros.engines import tensorrt_builder
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.engines.cuda_runtime import CudaRuntime, Gpu
from mocap23_ros.engines.engine_manifest import (
    EngineMismatch,
    load_engine,
    manifest_path,
    read_engine_manifest,
)
from mocap23_ros.engines.graph_precision import graph_of_precision
from mocap23_ros.engines.tensorrt_backend import pick_profile, ready_engine
from mocap23_ros.engines.tensorrt_builder import (
    BuildOptions,
    build_engine,
    engine_path,
    profile_sizes,
)
from mocap23_ros.engines.tensorrt_graph import parse_graph
from mocap23_ros.errors import InputError

AMPERE = Gpu('NVIDIA RTX A4000', '8.6')
ORIN = Gpu('Orin', '8.7')
OPTIONS = BuildOptions(2, 'fp32', '8.6')


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    library = tensorrt_rtx()
    graph = write_perceptron(tmp_path_factory.mktemp('engine') / 'lifter_t.onnx')
    target = engine_path(graph, library.name)
    phases = []
    build_engine(library, graph, target, OPTIONS, None, lambda phase, done: phases.append(done))
    assert phases[0] == 0 and max(phases) == 1
    return library, graph, target


@pytest.fixture
def copy(built, tmp_path):
    """The engine in a folder of its own, to be damaged."""
    library, graph, target = built
    files = (graph, target, manifest_path(target))
    for file in files:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return library, tmp_path / graph.name, tmp_path / target.name


def load(copy, gpu=AMPERE, **changes):
    library, graph, target = copy
    return load_engine(target, graph, changes.get('name', library.name),
                       changes.get('version', library.version), gpu)


def test_a_built_engine_is_accepted_and_described(built):
    library, graph, target = built
    content, manifest = load_engine(target, graph, library.name, library.version, AMPERE)
    assert content == target.read_bytes()
    assert manifest.profiles == (1, 2) and manifest.precision == 'fp32'
    assert (manifest.library, manifest.library_version) == (library.name, library.version)
    assert manifest.compute_capability == '8.6' and manifest.gpu_name is None
    # Nothing half written stays behind.
    assert not list(target.parent.glob('.*.part'))
    trt = library.api
    validity, _ = trt.Runtime(trt.Logger(trt.Logger.ERROR)).get_engine_validity(content)
    assert validity != trt.EngineValidity.VALID or CudaRuntime()  # valid only where a GPU is


@pytest.mark.parametrize('damage, words', [
    (lambda data: data[:len(data) // 2], 'truncated'),
    (lambda data: b'', 'truncated'),
    (lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], 'checksum'),
    (lambda data: bytes(len(data)), 'checksum'),
])
def test_damaged_engines_are_refused(copy, damage, words):
    copy[2].write_bytes(damage(copy[2].read_bytes()))
    with pytest.raises(EngineMismatch, match=words):
        load(copy)


def test_engines_of_another_gpu_version_library_or_graph_are_refused(copy):
    library, graph, target = copy
    with pytest.raises(EngineMismatch, match=r'8\.6.*Orin \(8\.7\)'):
        load(copy, ORIN)
    with pytest.raises(EngineMismatch, match='this is tensorrt_rtx 9.9'):
        load(copy, version='9.9')
    with pytest.raises(EngineMismatch, match='this is tensorrt '):
        load(copy, name='tensorrt')
    # The engine of one tier under the name of another.
    write_perceptron(graph, seed=1)
    with pytest.raises(EngineMismatch, match='another graph'):
        load(copy)


def test_a_gpu_that_the_library_does_not_know_is_named_with_what_runs_there(built):
    library = built[0]
    for known in (AMPERE, Gpu('NVIDIA GeForce RTX 5090', '12.0')):
        library.check_gpu(known)
    with pytest.raises(InputError, match=r'H200 \(compute capability 9\.0\); install the full'):
        library.check_gpu(Gpu('NVIDIA H200', '9.0'))


@pytest.mark.parametrize(
    'text', ['', '{', '[]', '{"version": 1}', 'null', '{"version": 1, "x": 2}'])
def test_damaged_manifests_are_refused(copy, text):
    manifest_path(copy[2]).write_text(text)
    with pytest.raises(EngineMismatch, match='damaged|another version'):
        load(copy)


def test_missing_and_older_manifests_are_refused(copy):
    path = manifest_path(copy[2])
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, 'version': 0}))
    with pytest.raises(EngineMismatch, match='another version'):
        load(copy)
    path.write_text(json.dumps({**values, 'profiles': [10 ** 9]}))
    with pytest.raises(EngineMismatch, match='damaged'):
        load(copy)
    path.unlink()
    with pytest.raises(EngineMismatch, match='missing'):
        load(copy)


def test_a_mismatch_rebuilds_or_refuses_with_the_command(copy):
    library, graph, target = copy
    target.write_bytes(b'garbage')
    with pytest.raises(InputError, match='run: mocap23 build-engine --graph .* --max-persons 2') \
            as caught:
        ready_engine(library, graph, None, 'refuse', 2)
    assert '\n' not in str(caught.value)
    content, manifest = ready_engine(library, graph, None, 'rebuild', 2)
    assert content == target.read_bytes() and len(content) == manifest.engine_bytes
    before = target.stat().st_mtime_ns
    assert ready_engine(library, graph, None, 'refuse', 2)[0] == content
    assert target.stat().st_mtime_ns == before
    with pytest.raises(InputError, match='built from another graph'):
        ready_engine(library, graph, None, 'refuse', 2, {graph.name: '0' * 64})
    with pytest.raises(InputError, match='damaged or another file'):
        ready_engine(library, graph, None, 'rebuild', 2, {graph.name: '0' * 64})
    with pytest.raises(InputError, match='2 people at most'):
        ready_engine(library, graph, None, 'refuse', 4)


def test_portable_engines_run_on_later_gpus_only(copy):
    path = manifest_path(copy[2])
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, 'compute_capability': '8.0+'}))
    load(copy, ORIN)
    load(copy, Gpu('NVIDIA GeForce RTX 5090', '12.0'))
    with pytest.raises(EngineMismatch):
        load(copy, Gpu('Tesla T4', '7.5'))


def test_graphs_that_tensorrt_cannot_take_are_refused_in_one_line(tmp_path):
    library = tensorrt_rtx()
    graph = write_perceptron(tmp_path / 'strange.onnx', operator='Det')
    with one_line('tensorrt_rtx cannot take strange.onnx'):
        parse_graph(library, graph)
    (tmp_path / 'bad.onnx').write_bytes(b'garbage')
    with pytest.raises(InputError, match='cannot take'):
        parse_graph(library, tmp_path / 'bad.onnx')


def test_the_weights_that_are_parsed_are_those_that_were_checked(tmp_path, monkeypatch):
    library = tensorrt_rtx()
    graph = write_perceptron(tmp_path / 'network.onnx', beside='network.weights')
    weights = tmp_path / 'network.weights'
    checksums = {file.name: file_sha256(file) for file in (graph, weights)}
    target = engine_path(graph, library.name)
    right = weights.read_bytes()

    def parse(*arguments):
        weights.write_bytes(b'short')  # after the check
        return parse_graph(*arguments)

    monkeypatch.setattr(tensorrt_builder, 'parse_graph', parse)
    with pytest.raises(InputError, match='cannot take network.onnx'):
        build_engine(library, graph, target, OPTIONS, None)
    weights.write_bytes(right)
    build_engine(library, graph, target, OPTIONS, None, checksums=checksums)
    load_engine(target, graph, library.name, library.version, None)
    with pytest.raises(InputError, match='network.weights is damaged or another file'):
        build_engine(library, graph, target, OPTIONS, None, checksums=checksums)


def test_options_that_cannot_work_are_refused(built):
    library, graph, target = built
    for options, words in ((BuildOptions(0), 'max-persons'), (BuildOptions(65), 'max-persons'),
                           (BuildOptions(precision='int4'), 'precision must be one of'),
                           (BuildOptions(precision='int8'), 'lifter_t.onnx has no int8 layers'),
                           (BuildOptions(compute_capability='9.9'), 'compute capability')):
        with pytest.raises(InputError, match=words):
            build_engine(library, graph, target, options, None)
    # A refused build leaves the engine that was there.
    load_engine(target, graph, library.name, library.version, None)


def test_profiles_cover_every_batch_size():
    assert profile_sizes(16) == (1, 2, 4, 8, 16)
    assert profile_sizes(5) == (1, 2, 4, 5)
    assert profile_sizes(1) == (1,)
    sizes = profile_sizes(16)
    picked = [sizes[pick_profile(sizes, rows)] for rows in (1, 2, 3, 5, 9, 16)]
    assert picked == [1, 2, 4, 8, 16, 16]


def test_the_graph_of_a_precision_is_found_by_name(tmp_path):
    graph = write_perceptron(tmp_path / 'lifter_t.onnx')
    assert graph_of_precision(graph, 'fp16') == graph
    # Half precision may fall back on FP32; int8 is only ever what was asked for.
    with pytest.raises(InputError, match='mocap23 export --precision int8'):
        graph_of_precision(graph, 'int8')
    for precision in ('fp16', 'int8'):
        own = write_perceptron(tmp_path / f'lifter_t_{precision}.onnx')
        assert graph_of_precision(graph, precision) == own
    assert graph_of_precision(graph, 'fp32') == graph
    assert graph_of_precision(own, precision) == own
    with pytest.raises(InputError, match='fp32, fp16, int8'):
        graph_of_precision(graph, 'int4')


def test_command_line_builds_checks_and_refuses(copy, capsys):
    library, graph, target = copy
    words = ['build-engine', '--graph', str(graph), '--library', library.name]
    assert main([*words, '--max-persons', '1', '--compute-capability', '8.6']) == 0
    assert 'batches 1, compute capability 8.6' in capsys.readouterr().out
    assert read_engine_manifest(target).profiles == (1,)
    assert main([*words, '--check']) == 0
    target.write_bytes(target.read_bytes()[:-1])
    assert main([*words, '--check']) == 2
    assert main([*words, '--precision', 'int8']) == 2
    error = capsys.readouterr().err
    assert 'truncated' in error and 'int8' in error and error.count('\n') == 2


def test_without_a_gpu_tensorrt_says_so_and_auto_does_without(copy):
    try:
        CudaRuntime()
    except InputError as error:
        assert '\n' not in str(error)
    else:
        pytest.skip('this machine has an NVIDIA GPU')
    with pytest.raises(InputError, match='onnxruntime|cuda-bindings'):
        create_backend('tensorrt_rtx', copy[1])
    assert create_backend('auto', copy[1]).name == 'onnxruntime'
