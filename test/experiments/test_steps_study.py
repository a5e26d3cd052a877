# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The steps command on the shipped s weights, and what its figures mean."""

import json
import shutil

import numpy as np
import pytest
from refusals import refused
from training_helpers import torch  # noqa: F401 - skips the tests where it is absent

from mocap23_ros.checksum import file_sha256
from mocap23_ros.cli.main import main
from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.engines.model_files import available_tiers, engines_folder
from mocap23_ros.experiments.steps_report import as_markdown, compare_steps
from mocap23_ros.experiments.window_study import WARM, window_figures
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.training.stream_windows import stream_windows

WEIGHTS = engines_folder() / 'lifter_s.safetensors'
needs_weights = pytest.mark.skipif('s' not in available_tiers() or not WEIGHTS.exists(),
                                   reason='no weights of tier s')
SMALL = ['--sequences', '1', '--windows', '6', '--draws', '3', '--seconds', '0.01']


def centres(arrays):
    """A lift that puts all joints where the camera was: known in every window's frame."""
    return np.repeat(arrays['camera'][:, :, None, :3], len(COCO17), axis=2)


def test_the_previous_motion_is_the_earlier_one_in_the_new_frame(data):
    parts = list(stream_windows(load_cmu('validation', data), 'noisy', WindowSpec(24, 15.0),
                                COCO17, centres, 40, seed=1))
    assert [len(part.joints) for part in parts] == [32, 8]
    for part in parts:
        here = centres(part.full)
        np.testing.assert_allclose(part.previous[:, :-1], here[:, :-1], atol=1e-4)
        # The newest sample was not seen yet: held.
        np.testing.assert_allclose(part.previous[:, -1], here[:, -2], atol=1e-4)
        assert set(part.warm) == {*part.full, 'previous'}
        assert part.joints.shape == part.previous.shape
    moved = np.concatenate([part.previous[:, -1] - centres(part.full)[:, -1] for part in parts])
    assert np.abs(moved).max() > 1e-3, 'no camera of the set moves, so nothing was tested'


@needs_weights
def test_samples_are_repeatable_spread_and_no_worse_than_their_best(data):
    from mocap23_ros.network.models import load_network
    model, _ = load_network(WEIGHTS)
    windows = list(stream_windows(load_cmu('validation', data), 'noisy', WindowSpec(32, 20.0),
                                  COCO17, centres, 6, seed=1))
    # A previous motion of use: the truth.
    windows = [type(part)(part.full, part.joints.astype(np.float32), part.joints)
               for part in windows]
    found = {start: window_figures(model, windows, start, 3, seed=5) for start in (1, 2, WARM)}
    for start, figures in found.items():
        for name in ('mpjpe_mm', 'abs_mpjpe_mm'):
            assert 0 < figures[f'best_{name}'] < figures[f'mean_{name}'], start
        assert figures['mpjpe_mm'] < figures['abs_mpjpe_mm']
        assert 0 < figures['spread_mm'] < figures['mpjpe_mm']
        assert window_figures(model, windows, start, 3, seed=5) == figures
    assert window_figures(model, windows, 2, 3, seed=6) != found[2]
    assert found[WARM]['abs_mpjpe_mm'] < found[1]['abs_mpjpe_mm'], 'the warm start was not used'


def test_the_comparisons_are_of_two_steps_and_of_a_warm_step_with_fifty():
    def row(start, mpjpe, absolute):
        figures = {'mpjpe_mm': mpjpe, 'abs_mpjpe_mm': absolute}
        return {'start': start, 'stream': figures,
                'windows': {key: value + 100 for key, value in figures.items()}}

    two, warm = compare_steps([row(1, 1, 1), row(2, 99, 210), row(50, 100, 200),
                               row(WARM, 102, 190)])
    assert (two['of'], two['against'], warm['of']) == (2, 50, WARM)
    assert two['stream'] == pytest.approx({'mpjpe_percent': -1, 'abs_mpjpe_percent': 5})
    assert warm['stream'] == pytest.approx({'mpjpe_percent': 2, 'abs_mpjpe_percent': -5})
    assert warm['windows']['mpjpe_percent'] == pytest.approx(1)
    assert not compare_steps([row(2, 1, 1), row(WARM, 1, 1)])


@needs_weights
def test_the_command_writes_what_it_measured(data, tmp_path, monkeypatch, capsys):
    engines, out = tmp_path / 'engines', tmp_path / 'out'
    engines.mkdir()
    for path in (WEIGHTS, *engines_folder().glob('lifter_s*.onnx'),
                 engines_folder() / 'manifest.json'):
        if 'int8' not in path.name:
            shutil.copy(path, engines)
    manifest = json.loads((engines / 'manifest.json').read_text())
    manifest['tiers']['s'].pop('int8', None)
    (engines / 'manifest.json').write_text(json.dumps(manifest))
    monkeypatch.setenv('MOCAP23_ENGINES', str(engines))
    assert main(['evaluate-steps', '--starts', '2', 'warm', *SMALL, '--data', str(data),
                 '--out', str(out)]) == 0
    printed = capsys.readouterr().out
    assert (out / 'steps.md').read_text() == printed
    result = json.loads((out / 'steps.json').read_text())
    assert {'commit', 'hardware', 'seed', 'threads', 'load'} <= set(result)
    assert result['weights']['sha256'] == file_sha256(WEIGHTS)
    assert result['temperatures']['calibrated']
    assert [(row['start'], row['evaluations']) for row in result['rows']] == [(2, 2), ('warm', 1)]
    for row in result['rows']:
        assert row['stream']['frames'] > 30 and row['stream']['sequences'] == 1
        assert 0 < row['stream']['coverage_95'] <= 1 and row['stream']['jitter_10ms3'] > 0
        assert row['windows']['best_mpjpe_mm'] < row['windows']['mean_mpjpe_mm']
        assert row['latency']['torch']['median'] > 0 < row['latency']['onnxruntime']['median']
        assert f'| {row["start"]} | {row["stream"]["mpjpe_mm"]:.1f} |' in printed
    forms = {row['triangulation']: row for row in result['triangulation']}
    assert list(forms) == ['ray', 'three', 'svd']
    assert [form for form, row in forms.items() if row['trained']] == ['ray']
    for form, row in forms.items():
        errors = row['errors']
        assert 0 < errors['pa_mpjpe_mm'] < errors['abs_mpjpe_mm'] > errors['mpjpe_mm']
        assert 0 < row['latency']['one']['median'] and row['batch'] == 6
        label = 'ray*' if form == 'ray' else form
        assert f'| {label} | {errors["mpjpe_mm"]:.1f} | {errors["pa_mpjpe_mm"]:.1f} |' in printed
    # The form that these weights have is the network of the rows of steps.
    two = result['rows'][0]['windows']
    for key in ('mpjpe_mm', 'abs_mpjpe_mm'):
        assert forms['ray']['errors'][key] == pytest.approx(two[key])
        assert forms['three']['errors'][key] != pytest.approx(two[key], rel=1e-4)
    rows = {row['precision']: row for row in result['precision']['rows']}
    # The graph that is exported is the one that torch runs.
    warm = result['rows'][1]['stream']
    assert rows['fp32']['stream']['abs_mpjpe_mm'] == pytest.approx(warm['abs_mpjpe_mm'], rel=1e-3)
    assert rows['fp32']['parity_mm'] == {'full': 0, 'warm': 0}
    assert 0 < rows['fp16']['parity_mm']['warm'] < 2
    assert rows['int8']['reason'] in printed and '--precision int8' in rows['int8']['reason']
    assert 'Not every comparison was run' in printed and result['comparisons'] == []
    # Fifty steps take a minute here: their row is made up to read the sentence about it.
    many = {**result['rows'][0], 'start': 50,
            'stream': {**result['rows'][0]['stream'], 'mpjpe_mm': 2 * warm['mpjpe_mm']}}
    result['rows'].append(many)
    result['comparisons'] = compare_steps(result['rows'])
    assert f'One warm step against 50. Sequences: MPJPE {warm["mpjpe_mm"]:.1f} against ' \
           f'{2 * warm["mpjpe_mm"]:.1f} mm (-50.0 %), Abs' in as_markdown(result)


@needs_weights
def test_weights_that_are_not_exported_are_measured_without_graphs(data, tmp_path, monkeypatch,
                                                                   capsys):
    monkeypatch.setenv('MOCAP23_ENGINES', str(tmp_path / 'nothing'))
    assert main(['evaluate-steps', '--weights', str(WEIGHTS), '--starts', '1', '--triangulations',
                 *SMALL, '--windows', '2', '--data', str(data), '--out', str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    result = json.loads((tmp_path / 'steps.json').read_text())
    assert result['temperatures'] == {'ray': 1.0, 'across': 1.0, 'calibrated': False}
    assert all(row['latency']['onnxruntime'] is None for row in result['rows'])
    assert result['triangulation'] == [] and 'left out (--triangulations)' in printed
    assert 'has no graphs of these weights' in printed and 'not calibrated' in printed


@pytest.mark.parametrize('words, message', [
    (['--starts', '0'], '--starts 0: give 1 to 1000 steps, or warm'),
    (['--starts', 'cold'], '--starts cold'), (['--windows', '0'], '--windows 0: give 1 or more'),
    (['--draws', '1'], '--draws 1: give 2 or more'), (['--sequences', '0'], '--sequences 0'),
    (['--seconds', '0'], '--seconds'), (['--threads', '0'], '--threads 0'),
    (['--set', 'e7'], 'choose from e1_clean'), (['--tier', 'huge'], 'there are no weights at'),
    (['--weights', 'absent.safetensors'], 'there are no weights at absent.safetensors'),
])
def test_mistakes_are_one_line_and_exit_2(words, message, tmp_path, capsys):
    refused(main(['evaluate-steps', *words, '--out', str(tmp_path / 'out')]), capsys, message)
    assert not (tmp_path / 'out').exists()


def test_a_baseline_has_no_steps(data, tmp_path, capsys):
    import dataclasses

    from mocap23_ros.network.configuration import TrainingConfiguration
    from mocap23_ros.network.models import make_model
    from mocap23_ros.network.weights_file import save_weights
    configuration = TrainingConfiguration(tier='xs', model='ray_depth')
    path = tmp_path / 'b2.safetensors'
    save_weights(path, make_model(configuration, 'finetune'),
                 {'stage': 'finetune', 'configuration': dataclasses.asdict(configuration)})
    assert main(['evaluate-steps', '--weights', str(path), '--data', str(data)]) == 2
    assert 'takes no steps' in capsys.readouterr().err
