# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Int8 graphs made from the shipped xs graphs: near FP32, and taken by both runtimes."""

import json
import shutil

import numpy as np
import pytest
from engine_helpers import onnx, tensorrt_rtx

pytest.importorskip('torch', reason='quantising needs torch (requirements/train.txt)')

from refusals import refused

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.engines.engine_manifest import read_engine_manifest
from mocap23_ros.engines.model_files import available_tiers, engines_folder, find_model
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.engines.tensorrt_builder import engine_path
from mocap23_ros.engines.tensorrt_graph import layer_summary, parse_graph
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.proportions import takes_proportions
from mocap23_ros.skeletons.formats import find_format
from mocap23_ros.training.stream_windows import stream_windows

pytestmark = [pytest.mark.timeout(300),  # the first of them exports
              pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')]
KINDS = ('full', 'warm')


@pytest.fixture(scope='module')
def folder(data, tmp_path_factory):
    """Engines folder of tier s alone, with int8 graphs made by the command."""
    target = tmp_path_factory.mktemp('engines')
    model = find_model('s')
    for path in (model.full, model.warm):
        shutil.copy(path, target)
    manifest = json.loads((engines_folder() / 'manifest.json').read_text())
    entry = {key: value for key, value in manifest['tiers']['s'].items() if key != 'int8'}
    (target / 'manifest.json').write_text(json.dumps({**manifest, 'tiers': {'s': entry}}))
    assert main(['export', '--tier', 's', '--precision', 'int8', '--out', str(target),
                 '--data', str(data)]) == 0
    assert not list(target.glob('.*'))  # nothing half made
    return target


@pytest.fixture(scope='module')
def windows(folder, data):
    model = find_model('s', folder)
    lift = OnnxRuntimeBackend(model.full, threads=1)
    return list(stream_windows(
        load_cmu('validation', data), 'noisy', WindowSpec(model.window_length, model.rate),
        find_format(model.skeleton), lambda arrays: lift.run(arrays)['joints'], 32, 3,
        takes_proportions(lift)))


@pytest.mark.parametrize('kind', KINDS)
def test_int8_moves_joints_by_millimetres_and_errors_hardly(folder, windows, kind):
    single, integer = (OnnxRuntimeBackend(getattr(find_model('s', folder, precision=precision),
                                                  kind), threads=1)
                       for precision in ('fp32', 'int8'))
    assert integer.inputs == single.inputs and integer.outputs == single.outputs
    arrays, truth = getattr(windows[0], kind), windows[0].joints
    want, have = (backend.run(arrays)['joints'].astype(float) for backend in (single, integer))
    moved = 1e3 * np.linalg.norm(have - want, axis=-1)
    assert 0.1 < moved.mean() < 15, 'int8 rounds, but not by more than it should'
    errors = [np.linalg.norm(joints - truth, axis=-1).mean() for joints in (want, have)]
    assert errors[1] < 1.05 * errors[0]


@pytest.mark.parametrize('kind', KINDS)
def test_only_linear_layers_are_int8_and_run_as_such(folder, tmp_path, kind):
    import onnxruntime
    manifest = json.loads((folder / 'manifest.json').read_text())['tiers']['s']
    layers = manifest['int8'][kind]['int8_layers']
    single, integer = (onnx.load(getattr(find_model('s', folder, precision=precision), kind))
                       for precision in ('fp32', 'int8'))

    def count(model, operator):
        return sum(node.op_type == operator for node in model.graph.node)

    assert layers == count(single, 'Gemm') == count(integer, 'Gemm') > 10
    # The steps of a full start share their weights.
    weights = {node.input[1] for node in integer.graph.node if node.op_type == 'Gemm'}
    assert layers + len(weights) == count(integer, 'DequantizeLinear')
    for operator in ('MatMul', 'Softmax', 'LayerNormalization', 'Exp', 'Div'):
        assert count(integer, operator) == count(single, operator), operator
    # ONNX Runtime joins each with its neighbours to one int8 product.
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / 'optimised.onnx')
    options.log_severity_level = 3
    onnxruntime.InferenceSession(
        str(getattr(find_model('s', folder, precision='int8'), kind)), options,
        providers=['CPUExecutionProvider'])
    optimised = onnx.load(tmp_path / 'optimised.onnx')
    assert count(optimised, 'QGemm') == layers and count(optimised, 'DequantizeLinear') == 0


def test_tensorrt_builds_an_int8_engine_from_it(folder, capsys):
    library = tensorrt_rtx()
    model = find_model('s', folder, precision='int8')
    layers = json.loads((folder / 'manifest.json').read_text())[
        'tiers']['s']['int8']['warm']['int8_layers']
    _, network, _parser = parse_graph(library, model.warm)
    # Each layer quantises its input; its weights are stored in int8.
    summary = layer_summary(network)
    assert summary['QUANTIZE'] == layers and summary['DEQUANTIZE'] == 2 * layers
    words = ['build-engine', '--graph', str(model.warm), '--library', library.name]
    assert main([*words, '--precision', 'int8', '--max-persons', '1',
                 '--compute-capability', '8.6']) == 0
    assert 'int8' in capsys.readouterr().out
    assert read_engine_manifest(engine_path(model.warm, library.name)).precision == 'int8'
    assert main([*words, '--check']) == 0
    refused(main(['build-engine', '--graph', str(find_model('s', folder).warm), '--library',
                  library.name, '--precision', 'int8']), capsys, 'has no int8 layers')


def test_what_is_missing_is_named_with_the_command(folder, data, tmp_path, monkeypatch, capsys):
    for path in folder.iterdir():
        if 'int8' not in path.name:
            shutil.copy(path, tmp_path)
    with pytest.raises(InputError, match='export --tier s --precision int8'):
        find_model('s', tmp_path, precision='int8')
    int8 = ['export', '--precision', 'int8', '--out', str(tmp_path), '--data', str(data)]
    for words, message in ((['--tier', 'xs'], "no exported graph of tier 'xs'"),
                           (['--tier', 's', '--no-calibration'], 'leave out')):
        refused(main([*int8, *words]), capsys, message)
    # Whatever was made for other graphs must not be taken for these.
    (tmp_path / 'lifter_s.onnx').write_bytes(b'other')
    assert main([*int8, '--tier', 's']) == 2
    assert 'does not match the manifest' in capsys.readouterr().err
    assert not list(tmp_path.glob('*int8.onnx'))


def test_exporting_other_weights_removes_the_int8_graphs_of_the_former(folder, tmp_path,
                                                                       monkeypatch):
    weights = engines_folder() / 'lifter_s.safetensors'
    if not weights.exists():
        pytest.skip(f'{weights.name} is not here')
    from mocap23_ros.lifting.stated_uncertainty import AS_STATED
    from mocap23_ros.network.tiers import Temperatures
    from mocap23_ros.training import export_tier
    from mocap23_ros.training.uncertainty_calibration import Calibration
    copied = tmp_path / 'engines'
    shutil.copytree(folder, copied)
    # The real export takes a minute; what it writes does not matter here.
    monkeypatch.setattr(export_tier, 'export_graph', lambda graph, path: path.write_bytes(b'new'))
    export_tier.export_tier(weights, copied, Calibration(Temperatures(1.0, 1.0), AS_STATED))
    assert find_model('s', copied).full.read_bytes() == b'new'
    assert not list(copied.glob('*int8*.onnx'))
    with pytest.raises(InputError, match='has no int8 graphs'):
        find_model('s', copied, precision='int8')
