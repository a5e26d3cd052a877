# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 export``: what it refuses, damaged manifests, and what it says on success."""

import dataclasses
import json
import logging
import warnings

import numpy as np
import onnxruntime
import pytest
from training_helpers import torch

from mocap23_ros.cli import export as command
from mocap23_ros.cli.main import main
from mocap23_ros.engines.model_files import find_model, read_manifest
from mocap23_ros.lifting.stated_uncertainty import StatedUncertainty
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.lifter_graph import LifterGraph
from mocap23_ros.network.models import make_model
from mocap23_ros.network.regressors import RayDepthRegressor
from mocap23_ros.network.tiers import Temperatures, find_tier
from mocap23_ros.network.weights_file import save_weights
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.training import export_tier
from mocap23_ros.training.graph_export import example_inputs, export_graph, without_exporter_notes
from mocap23_ros.training.uncertainty_calibration import Calibration


def weights_of(path, tier='xs', **options):
    configuration = TrainingConfiguration(tier=tier, **options)
    save_weights(path, make_model(configuration, 'finetune'), {
        'stage': 'finetune', 'steps': 1, 'configuration': dataclasses.asdict(configuration)})
    return path


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Untrained weights of tier xs for COCO-17 and for another skeleton, and a baseline's."""
    folder = tmp_path_factory.mktemp('weights')
    return {'coco': weights_of(folder / 'coco.safetensors'),
            'smpl': weights_of(folder / 'smpl.safetensors', skeleton='smpl22'),
            'tcn': weights_of(folder / 'tcn.safetensors', model='tcn')}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The engines folder; graphs are stand-ins, since real ones take a minute each."""
    engines = tmp_path / 'engines'
    monkeypatch.setenv('MOCAP23_ENGINES', str(engines))
    monkeypatch.setattr(export_tier, 'export_graph', _stand_in)
    monkeypatch.setattr(command, 'calibrated', lambda *_: Calibration(
        Temperatures(1.5, 0.75), StatedUncertainty(1.0, 0.6, 0.07)))
    monkeypatch.setattr(command, 'validation_errors', lambda *_: {})
    return engines


def _stand_in(_graph, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b'graph')


def export(*options):
    return main(['export', *map(str, options)])


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob('*')}


def refused(capsys, *options):
    assert export(*options) == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1, error
    return error


def test_the_tier_is_that_of_the_weights(weights, folder, capsys):
    assert export('--weights', weights['coco']) == 0
    assert export('--weights', weights['coco'], '--tier', 'xs', '--no-calibration') == 0
    assert list(read_manifest(folder / 'manifest.json')['tiers']) == ['xs']
    # Without calibration that of before stays.
    assert find_model('xs', folder).ray_temperature == 1.5
    assert find_model('xs', folder).stream == (1.0, 0.6, 0.07)
    capsys.readouterr()
    before = contents(folder)
    assert 'is of tier xs, not s; give --tier xs' in refused(
        capsys, '--weights', weights['coco'], '--tier', 's')
    assert "no tier 'xxl'" in refused(capsys, '--tier', 'xxl')
    assert 'no weights at' in refused(capsys)  # of tier s, the default
    assert 'baseline' in refused(capsys, '--weights', weights['tcn'])
    assert contents(folder) == before


def test_another_skeleton_never_replaces_a_tier(weights, folder, tmp_path, capsys):
    assert export('--weights', weights['coco']) == 0
    capsys.readouterr()
    before = contents(folder)
    assert 'give another folder with --out' in refused(capsys, '--weights', weights['smpl'])
    assert 'has tier xs for skeleton coco17' in refused(
        capsys, '--weights', weights['smpl'], '--out', folder)
    assert contents(folder) == before
    own = tmp_path / 'own'
    assert export('--weights', weights['smpl'], '--out', own) == 0
    assert find_model('xs', own).skeleton == 'smpl22'
    capsys.readouterr()
    assert 'has tier xs for skeleton smpl22' in refused(
        capsys, '--weights', weights['coco'], '--out', own)


@pytest.mark.parametrize('precision', ['float', 'int8'])
def test_a_file_in_place_of_the_folder_is_one_line(weights, folder, tmp_path, capsys, precision):
    (tmp_path / 'file').write_text('')
    options = ['--weights', weights['coco']] if precision == 'float' else ['--precision', 'int8']
    for out in (tmp_path / 'file', tmp_path / 'file' / 'below'):
        assert 'file is not a folder' in refused(capsys, *options, '--out', out)


@pytest.mark.parametrize('damage', [b'{"tiers": {"s"', b'\xff\xfe', b'[]', b'{"tiers": {"xs": 3}}',
                                    b'', b'[' * 100_000], ids=range(6))
def test_a_damaged_manifest_is_mended_by_exporting_again(weights, folder, capsys, damage):
    assert export('--weights', weights['coco']) == 0
    path = folder / 'manifest.json'
    path.write_bytes(damage)
    capsys.readouterr()
    # What cannot be read cannot be kept.
    assert 'export without --no-calibration' in refused(
        capsys, '--weights', weights['coco'], '--no-calibration')
    assert path.read_bytes() == damage
    assert export('--weights', weights['coco']) == 0
    error = capsys.readouterr().err
    assert 'was damaged' in error and 'export the other tiers again' in error
    assert find_model('xs', folder).ray_temperature == 1.5
    assert (folder / 'manifest.json.damaged').read_bytes() == damage


def test_other_tiers_stay_in_the_manifest(weights, folder, tmp_path):
    assert export('--weights', weights['coco']) == 0
    entry = json.loads((folder / 'manifest.json').read_text())['tiers']['xs']
    assert export('--weights', weights_of(tmp_path / 's.safetensors', 's')) == 0
    manifest = json.loads((folder / 'manifest.json').read_text())
    assert manifest['version'] == 1 and manifest['tiers']['xs'] == entry
    assert sorted(manifest['tiers']) == ['s', 'xs']


def test_a_card_of_another_version_is_one_line(folder, tmp_path, capsys):
    path = tmp_path / 'a.safetensors'
    for configuration in ({'tier': 'xs', 'new_field': 1}, {'tier': 'xs', 'views': 9}, None):
        save_weights(path, torch.nn.Linear(1, 1), {'configuration': configuration})
        assert 'no usable configuration' in refused(capsys, '--weights', path)


def test_a_real_graph_is_written_without_a_word(tmp_path, caplog, capfd):
    """The smallest network there is, since exporting takes long; it runs with other batch sizes."""
    tier = dataclasses.replace(find_tier('xs'), window_length=4, width=8, layers=1)
    graph = LifterGraph(RayDepthRegressor(tier, COCO17, 'tcn'), 1)
    logger = logging.getLogger('torch')
    logger.addHandler(caplog.handler)
    try:
        with warnings.catch_warnings(record=True) as heard, torch.no_grad():
            warnings.simplefilter('always')
            export_graph(graph, tmp_path / 'a.onnx')
    finally:
        logger.removeHandler(caplog.handler)
    assert [str(warning.message) for warning in heard] == []
    assert [record.getMessage() for record in caplog.records] == []
    assert capfd.readouterr() == ('', '')
    session = onnxruntime.InferenceSession(str(tmp_path / 'a.onnx'))
    inputs = example_inputs(graph.model, 5, False)
    wanted = {item.name for item in session.get_inputs()}
    outputs = session.run(None, {name: value.numpy() for name, value in zip(
        ('observation', 'camera', 'anchor', 'stature'), inputs, strict=True) if name in wanted})
    with torch.no_grad():
        assert np.allclose(outputs[0], graph(*inputs)[0].numpy(), atol=1e-4)


def test_other_warnings_are_heard():
    with warnings.catch_warnings(record=True) as heard, without_exporter_notes():
        warnings.simplefilter('always', append=True)
        warnings.warn('something is wrong', UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in heard] == ['something is wrong']
