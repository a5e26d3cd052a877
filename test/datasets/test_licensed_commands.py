# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Users' own data sets in the commands: --motion NAME=FOLDER and --set NAME=FOLDER."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from licensed_examples import write_aistpp_motion, write_amass, write_humanml3d, write_model
from packed_motion import write_packed
from refusals import one_line, refused

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.evaluation_sets import make_evaluation_set
from mocap23_ros.datasets.licensed.data_sets import LICENSED_SETS, LicensedMotion
from mocap23_ros.datasets.training_motion import TrainingMotion
from mocap23_ros.errors import InputError


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """Data sets, body models and the motion that others have."""
    root = tmp_path_factory.mktemp('licensed')
    for subject in ('CMU/80', 'CMU/13', 'KIT/3', 'KIT/4'):
        write_amass(root / 'amass', subject)
    write_amass(root / 'seen', 'CMU/80')
    write_aistpp_motion(root / 'aistpp', 'gBR_sBM_cAll_d04_mBR0_ch01')
    write_humanml3d(root / 'humanml3d', {'000021': 'KIT/3/kick_poses.npy'})
    (root / 'empty').mkdir()
    write_model(root / 'models' / 'smplh' / 'male' / 'model.npz')
    write_model(root / 'models' / 'smpl' / 'SMPL_MALE.npz', 24)
    write_packed(root / 'data', minutes=1.0)
    return root


def test_sources_mix_and_the_old_words_stay(place):
    data, models = place / 'data', place / 'models'
    mixed = TrainingMotion.find(['cmu', f'amass={place}/amass', f'aistpp={place}/aistpp'], data,
                                models).load()
    assert set(mixed.data_set) == {'CMU', 'AMASS', 'AIST++'}
    assert {'CMU/80', 'KIT/3', 'd04', '14'} == set(mixed.subject) - {'KIT/4'}  # held out: no 13
    both, cmu, generated = (TrainingMotion.find([word], data).load(0.5, 0)
                            for word in ('both', 'cmu', 'procedural'))
    assert len(both) == len(cmu) + len(generated)
    more = TrainingMotion.find(['procedural', 'uiprmd'], data).load(0.5, 0)
    assert set(more.data_set) == {'procedural', 'UI-PRMD'} and more.subject[-1] == 'uiprmd01'
    assert any('PDDL' in sentence for sentence in more.acknowledgements)
    with pytest.raises(InputError, match='biomechzoo_train.npz: no such motion file'):
        TrainingMotion.find(['biomechzoo'], data).load()
    assert TrainingMotion.find() == TrainingMotion.find(['cmu', 'procedural'])
    assert set(cmu.subject) == {'14'} and set(generated.data_set) == {'procedural'}


def test_the_table_is_in_the_help_and_in_the_document(capsys):
    document = (Path(__file__).parents[2] / 'docs' / 'DATA.md').read_text()
    for command in (['train', 'pretrain'], ['draw-samples']):
        with pytest.raises(SystemExit):
            main([*command, '--help'])
        shown = capsys.readouterr().out
        assert all(name in shown for name in LICENSED_SETS)
    for name, entry in LICENSED_SETS.items():
        assert f'`{name}`' in document and entry.title in document


MISTAKES = [
    ('vicon=X', 'no source of motion vicon=X; choose from both, cmu'),
    ('amass', 'amass needs the folder where it lies: amass=FOLDER'),
    ('amass=absent', 'absent: no such folder; AMASS must lie there'),
    ('amass=empty', 'has no **/*.npz; AMASS must lie there as docs/DATA.md says'),
    ('amass=aistpp', 'has no **/*.npz'),
    ('amass=amass', 'AMASS needs your own body model: give --smpl-model FOLDER with smplh'),
    ('amass=amass --smpl-model absent', 'absent: no such file or folder'),
    ('amass=amass --smpl-model empty', 'has no smplh/*/model.npz or smplx/SMPLX_*.npz'),
    ('humanml3d=humanml3d --smpl-model models', '--smpl-model goes with'),
]


@pytest.mark.parametrize(('words', 'message'), [
    *MISTAKES, ('cmu both', 'names the same motion twice'),
    ('humanml3d=humanml3d humanml3d=./humanml3d', 'names the same motion twice')])
def test_mistakes_are_one_line_before_anything_is_loaded(words, message, place, tmp_path, capsys,
                                                         monkeypatch):
    monkeypatch.chdir(place)
    for command in (['train', 'pretrain', '--out', str(tmp_path / 'run')],
                    ['draw-samples', '--out', str(tmp_path / 'a.png')]):
        refused(main([*command, '--data', 'data', '--motion', *words.split()]), capsys, message)
    assert not list(tmp_path.iterdir())


def test_torch_is_not_loaded_for_a_mistake(tmp_path):
    code = ('import sys\nfrom mocap23_ros.cli.main import main\n'
            f'status = main(["train", "pretrain", "--out", "{tmp_path}/a", "--motion", "rich=no"])'
            '\nprint(status, "torch" in sys.modules)')
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                            check=True)
    assert result.stdout.split() == ['2', 'False'] and 'no: no such folder' in result.stderr


def test_files_that_are_laid_out_otherwise_are_one_line(tmp_path):
    write_model(tmp_path / 'SMPLX_NEUTRAL.npz', 55, 10475)
    (tmp_path / 'multicam2world').mkdir()
    (tmp_path / 'multicam2world' / 'Gym_multicam2world.json').write_text('{"c": 1')
    folder = tmp_path / 'bodies' / 'train' / 'Gym_010_lunge' / '00001'
    folder.mkdir(parents=True)
    (folder / '010.pkl').write_bytes(pickle.dumps({}))
    motion = LicensedMotion.find(f'rich={tmp_path}', tmp_path / 'SMPLX_NEUTRAL.npz')
    for _ in range(2):
        with one_line('is not laid out as RICH is'):
            motion.load()
        (tmp_path / 'multicam2world' / 'Gym_multicam2world.json').write_text(
            '{"c": 1, "R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0, 0, 0]}')


def test_training_names_the_data_sets_and_notices_other_motion(place, tmp_path, capsys):
    pytest.importorskip('torch', reason='training needs torch (requirements/train.txt)')
    from mocap23_ros.network.weights_file import read_card

    def train(*motion, steps='1'):
        return main(['train', 'pretrain', '--out', str(tmp_path / 'run'), '--steps', steps,
                     '--batch-size', '2', '--threads', '1', '--tier', 'xs',
                     '--smpl-model', str(place / 'models'), '--motion', *motion])

    amass, aistpp = f'amass={place}/amass', f'aistpp={place}/aistpp'
    assert train(amass, aistpp) == 0
    card = read_card(tmp_path / 'run' / 'weights.safetensors')
    assert card['training_data']['data_sets'] == {'AIST++': 0.0, 'AMASS': 0.1}
    assert card['training_data']['subjects'] == ['CMU/80', 'KIT/3', 'KIT/4', 'd04']
    assert 'mocap.cs.cmu.edu' in card['acknowledgement']  # AMASS has their motion
    capsys.readouterr()
    assert train(aistpp, amass, steps='2') == 2      # another order draws other windows
    error = capsys.readouterr().err
    assert 'is of another run (other training data: clips_sha256' in error
    assert error.count('\n') == 1


def test_an_evaluation_set_of_ones_own_motion(place, tmp_path, capsys):
    out = tmp_path / 'out'
    assert main(['evaluate', '--set', f'amass={place}/amass', '--smpl-model',
                 str(place / 'models'), '--methods', 'geometric', '--sequences', '1',
                 '--out', str(out)]) == 0
    report = json.loads((out / 'report.json').read_text())
    assert report['dataset'] == 'amass' and 0 < report['methods']['geometric']['mpjpe_mm'] < 400
    assert capsys.readouterr().out.startswith('amass, ')


def test_such_sets_have_the_cameras_of_the_built_in_ones_and_repeat(place):
    own, again = (make_evaluation_set(f'amass={place}/amass', None, None, place / 'models')
                  for _ in range(2))
    assert len(own) == 16  # eight each of KIT/3 and KIT/4; CMU trained the weights that ship
    built_in = make_evaluation_set('e1_noisy', place / 'data')
    for one, two, other in zip(own, again, built_in, strict=False):
        for key in ('keypoints', 'world_T_camera'):
            assert np.array_equal(one.lift_input[key], two.lift_input[key], equal_nan=True)
        assert np.array_equal(one.lift_input['K'], other.lift_input['K'])
        assert one.sigma_px > 0.3


@pytest.mark.parametrize(('words', 'message'), [
    *[(words.replace('vicon=X', 'e7=X'), message.replace(
        'no source of motion vicon=X; choose from both, cmu', 'no evaluation set e7=X; choose'
    ).replace('--smpl-model goes with', '')) for words, message in MISTAKES[:-1]],
    ('e1_noisy --smpl-model models', '--smpl-model goes with --set NAME=FOLDER'),
    ('humanml3d=humanml3d --set humanml3d=.', 'has no new_joints/*.npy'),
    ('e1_noisy --set e1_noisy', '--set is given twice with the name e1_noisy'),
    ('amass=seen --smpl-model models', 'only motion of CMU'),
    ('humanml3d=humanml3d', 'no motion of 2 s or longer'),
])
def test_mistakes_in_sets(words, message, place, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(place)
    out = tmp_path / 'out'
    refused(main(['evaluate', '--methods', 'geometric', '--data', 'data', '--out', str(out),
                  '--set', *words.split()]), capsys, message)
    assert not out.exists()


def test_samples_of_ones_own_motion(place, tmp_path, capsys):
    picture = tmp_path / 'a.png'
    assert main(['draw-samples', '--out', str(picture), '--count', '1', '--motion',
                 f'amass={place}/amass', '--smpl-model', str(place / 'models')]) == 0
    assert picture.exists() and '0.1 min of motion' in capsys.readouterr().out
