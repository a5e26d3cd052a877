# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The learned lifter takes the graphs of the precision that is asked for, and no others."""

import shutil

import numpy as np
import pytest
from synthetic_people import look_at, walking_person, windows_of

from mocap23_ros.cli.main import main
from mocap23_ros.engines.model_files import available_tiers, engines_folder
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifters import create_lifter

pytestmark = pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))


def lifted(**options):
    lifter = create_lifter('diffusion', tier='s', **options)
    stamps = np.arange(32) / 20
    motion = lifter.lift(windows_of([walking_person(stamps, (4.0, -0.5), 1.4)], POSE, stamps))
    lifter.close()
    return motion.joints


@pytest.mark.parametrize('backend', ['onnxruntime', 'auto'])
def test_half_precision_is_near_full_precision_and_not_the_same(backend):
    full, half = lifted(backend=backend, precision='fp32'), lifted(backend=backend,
                                                                   precision='fp16')
    np.testing.assert_array_equal(lifted(backend='onnxruntime'), full)
    difference = np.abs(half - full).max()
    assert 0 < difference < 0.01


def test_absent_and_unknown_precisions_are_one_line():
    with pytest.raises(InputError, match='no int8 graphs; run `mocap23 export --tier s --prec'):
        create_lifter('diffusion', tier='s', precision='int8')
    with pytest.raises(InputError, match='no fp8 graphs'):
        create_lifter('diffusion', tier='s', precision='fp8')


def test_a_damaged_graph_of_the_precision_is_refused(tmp_path, monkeypatch):
    for file in engines_folder().glob('lifter_s*'):
        shutil.copy(file, tmp_path)
    shutil.copy(engines_folder() / 'manifest.json', tmp_path)
    (tmp_path / 'lifter_s_fp16.onnx').write_bytes(b'other')
    monkeypatch.setenv('MOCAP23_ENGINES', str(tmp_path))
    create_lifter('diffusion', tier='s', backend='onnxruntime').close()
    with pytest.raises(InputError, match=r'lifter_s_fp16.onnx does not match the manifest'):
        create_lifter('diffusion', tier='s', backend='onnxruntime', precision='fp16')


def test_the_command_line_passes_it_on(tmp_path, capsys):
    source = tmp_path / 'in.npz'
    source.write_bytes(b'')
    arguments = ['lift', '--keypoints', str(source), '--out', str(tmp_path / 'out.npz')]
    assert main([*arguments, '--lifter', 'geometric', '--precision', 'fp16']) == 2
    assert '--precision goes with the learned lifter' in capsys.readouterr().err
    with pytest.raises(SystemExit, match='2'):
        main([*arguments, '--precision', 'fp8'])
    assert "invalid choice: 'fp8'" in capsys.readouterr().err
