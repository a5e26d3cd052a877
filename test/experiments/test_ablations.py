# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The ablation table: what it writes, which trainings it reuses, what it refuses."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from refusals import refused
from training_helpers import torch  # noqa: F401 - skips the tests where it is absent

from mocap23_ros.cli.ablate import as_markdown
from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.experiments.ablations import run_ablations
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.weights_file import read_card

BASE = TrainingConfiguration(tier='xs', steps=1, batch_size=4, warm_up=1, checkpoint_seconds=1e9)
NAMES = ['full method', 'ray depth regression (B2)']


def ablate(folder, clips, names=NAMES, base=BASE, pretrain_steps=1, heard=None):
    return run_ablations(names, base, pretrain_steps, clips, clips, folder,
                         lambda name, _: heard is not None and heard.append(name), 1)


@pytest.fixture(scope='module')
def done(clips, tmp_path_factory):
    """A folder of finished trainings and its table."""
    folder, heard = tmp_path_factory.mktemp('ablations'), []
    table = ablate(folder, clips, heard=heard)
    assert heard == NAMES
    return folder, table


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob('*') if path.is_file()}


def test_the_table_names_its_rows_and_finished_trainings_are_reused(done, clips):
    folder, table = done
    assert set(table['full method']) == {'clean', 'noisy', 'occluded'}
    assert all(value > 0 for value in table['full method']['noisy'].values())
    assert '| ray depth regression (B2) |' in as_markdown(table)
    before = stamps(folder)
    assert ablate(folder, clips) == table
    assert stamps(folder) == before


@pytest.mark.parametrize(('change', 'words'), [
    ({'steps': 2}, 'full_method is of another run (steps 1, not 2)'),
    ({'batch_size': 3}, 'batch_size 4, not 3'),
    ({'seed': 1}, 'seed 0, not 1'),
    ({'tier': 's'}, 'tier xs, not s'),
    ({'mixed_precision': 'bf16'}, 'mixed_precision no, not bf16'),
], ids=str)
def test_trainings_of_another_configuration_are_refused(done, clips, change, words):
    folder, _ = done
    before = stamps(folder)
    with pytest.raises(InputError) as caught:
        # A variant that is not there yet comes first: nothing may be trained before the refusal.
        ablate(folder, clips, ['temporal convolution (B3)', *NAMES],
               dataclasses.replace(BASE, **change))
    assert words in str(caught.value) and '\n' not in str(caught.value)
    assert stamps(folder) == before


def test_trainings_on_other_motion_or_from_another_pretrain_are_refused(done, clips):
    folder, _ = done
    with pytest.raises(InputError, match='other training data'):
        ablate(folder, clips.select(np.arange(len(clips)) < 2))
    with pytest.raises(InputError, match='steps 1, not 2'):
        ablate(folder, clips, pretrain_steps=2)


def test_an_interrupted_training_is_not_gone_on_with_as_another(clips, tmp_path):
    names = ['ray depth regression (B2)']
    ablate(tmp_path, clips, names)
    own = tmp_path / 'ray_depth_regression_B2'
    (own / 'weights.safetensors').unlink()
    with pytest.raises(InputError, match='steps 1, not 2'):
        ablate(tmp_path, clips, names, dataclasses.replace(BASE, steps=2))
    ablate(tmp_path, clips, names)
    assert read_card(own / 'weights.safetensors')['steps'] == 1


@pytest.mark.parametrize(('options', 'words'), [
    (['--batch-size', '0'], 'batch_size must be'),
    (['--seed', '-1'], 'seed must be'),
    (['--threads', '-1'], 'give 1 or more'),
    (['--threads', '0'], 'give 1 or more'),
    (['--tier', 'xxl'], 'tier must be one of'),
    (['--batches', '0'], '--batches 0: give 1 or more'),
    (['--only', 'magic'], 'no variant'),
    (['--out', 'FILE/table'], 'FILE is not a folder'),
])
def test_bad_arguments_are_refused_before_anything(tmp_path, monkeypatch, capsys, options, words):
    monkeypatch.chdir(tmp_path)
    Path('FILE').write_text('')
    refused(main(['ablate', '--out', 'out', '--data', 'absent', *options]), capsys, words)
    assert [path.name for path in tmp_path.iterdir()] == ['FILE']
