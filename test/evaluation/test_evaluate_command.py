# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The evaluate and draw-samples commands as a user runs them."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'datasets'))
from packed_motion import write_packed

from mocap23_ros.cli.main import main
from mocap23_ros.evaluation.metrics import REPORT_KEYS


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('motion')
    write_packed(folder, minutes=1.0)
    return folder


def test_a_set_with_two_methods(data, tmp_path, capsys):
    out = tmp_path / 'out'
    assert main(['evaluate', '--set', 'e1_clean', '--methods', 'B0=geometric', 'optimisation',
                 '--sequences', '1', '--data', str(data), '--out', str(out)]) == 0
    printed = capsys.readouterr().out
    report = json.loads((out / 'report.json').read_text())
    assert set(report['methods']) == {'B0', 'optimisation'}
    for name, values in report['methods'].items():
        assert name in printed and set(REPORT_KEYS) <= set(values)
        assert 0 < values['mpjpe_mm'] < 400 and values['frames'] > 30
    assert report['methods']['optimisation']['coverage_95'] is None      # it states none
    assert 'by_distance' in report['details']['B0']
    assert (out / 'report.html').read_text().startswith('<!')


def test_files_against_their_truth(data, tmp_path, capsys):
    assert main(['evaluate', '--write-set', 'e1_noisy', '--sequences', '2', '--data', str(data),
                 '--out', str(tmp_path)]) == 0
    moved = tmp_path / 'moved'
    moved.mkdir()
    for file in (tmp_path / 'truth').glob('*.npz'):
        with np.load(file) as truth:
            np.savez(moved / file.name, joints=truth['joints'] + (0.1, 0, 0),
                     stamps=truth['stamps'])
    assert main(['evaluate', '--pred', f'shifted={moved}', '--pred', f'same={tmp_path / "truth"}',
                 '--truth', str(tmp_path / 'truth'), '--out', str(tmp_path / 'report')]) == 0
    methods = json.loads((tmp_path / 'report' / 'report.json').read_text())['methods']
    assert methods['shifted']['abs_mpjpe_mm'] == pytest.approx(100, abs=0.1)
    assert methods['shifted']['mpjpe_mm'] == pytest.approx(0, abs=0.1)
    assert methods['same']['abs_mpjpe_mm'] == pytest.approx(0, abs=1e-3)
    assert methods['shifted']['limit_ratio'] > 0.2


@pytest.mark.parametrize('words, message', [
    (['--set', 'e7'], 'choose from e1_clean'), (['--set', 'e1_clean', '--sequences', '0'], '1 or'),
    (['--set', 'e1_clean', '--methods', 'magic'], 'no method magic'),
    (['--set', 'e1_clean', '--methods', 'weights:absent.safetensors'], 'no such weights file'),
    (['--pred', 'a.npz'], '--truth is missing'),
    (['--pred', 'absent.npz', '--truth', 'absent.npz'], 'no such file'),
    (['--bag', 'absent', '--truth', 'absent.npz'], 'no such bag'),
])
def test_mistakes_are_one_line_and_exit_2(words, message, data, tmp_path, capsys):
    out = tmp_path / 'out'
    assert main(['evaluate', *words, '--data', str(data), '--out', str(out)]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1
    assert not out.exists()


def test_drawn_samples(data, tmp_path, capsys):
    import cv2

    picture = tmp_path / 'samples.png'
    assert main(['draw-samples', '--out', str(picture), '--count', '4', '--data', str(data),
                 '--source', 'cmu']) == 0
    image = cv2.imread(str(picture))
    assert image.shape[:2] == (600, 1800)
    assert (image < 250).any(axis=2).mean() > 0.01         # something is drawn
    assert list(tmp_path.iterdir()) == [picture]
    for words, message in ((['--count', '0'], '1 to 64'), (['--out', 'x.gif'], '.png'),
                           (['--preset', 'foggy'], 'noisy'), (['--seed', '-1'], 'negative')):
        assert main(['draw-samples', '--data', str(data), *words]) == 2
        assert message in capsys.readouterr().err
