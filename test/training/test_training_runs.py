# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Short real runs of every stage and model, and resuming after a kill."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from training_helpers import torch

from mocap23_ros.datasets.cmu import ACKNOWLEDGEMENT
from mocap23_ros.datasets.motion_clips import pack
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration, load_configuration
from mocap23_ros.network.weights_file import complete_card, load_weights, read_card
from mocap23_ros.training.averaging import MovingAverage
from mocap23_ros.training.run import train_stage
from mocap23_ros.training.trainer import learning_rate

SMALL = TrainingConfiguration(tier='xs', steps=3, batch_size=4, warm_up=1, checkpoint_seconds=1e9)


@pytest.fixture(scope='module')
def pretrained(clips, tmp_path_factory):
    return train_stage('pretrain', SMALL, clips, tmp_path_factory.mktemp('pretrain'))


def test_all_stages_run_and_hand_over_their_weights(clips, pretrained, tmp_path):
    finetuned = train_stage('finetune', SMALL, clips, tmp_path / 'finetune', pretrained)
    distilled = train_stage('distill', SMALL, clips, tmp_path / 'distill', finetuned)
    card = read_card(distilled)
    assert card['stage'] == 'distill' and card['steps'] == 3
    assert [before['stage'] for before in card['before']] == ['pretrain', 'finetune']
    assert json.loads(distilled.with_suffix('.json').read_text()) == card
    assert (tmp_path / 'finetune' / 'curves').is_dir()


def test_the_owners_of_the_motion_are_acknowledged_where_it_was_used(clips, pretrained, tmp_path):
    assert 'acknowledgement' not in read_card(pretrained)
    owned = dataclasses.replace(clips, acknowledgements=(ACKNOWLEDGEMENT,))
    one = dataclasses.replace(SMALL, steps=1)
    finetuned = train_stage('finetune', one, owned, tmp_path / 'a', pretrained)
    assert read_card(finetuned)['acknowledgement'] == ACKNOWLEDGEMENT
    # Their motion is in all that goes on from those weights.
    distilled = train_stage('distill', one, clips, tmp_path / 'b', finetuned)
    assert read_card(distilled)['acknowledgement'] == ACKNOWLEDGEMENT
    # Each owner is named once, however many stages used what is theirs.
    more = dataclasses.replace(clips, acknowledgements=(ACKNOWLEDGEMENT, 'Motion of others.'))
    for stage in ('c', 'd'):
        distilled = train_stage('distill', one, more, tmp_path / stage, distilled)
        assert read_card(distilled)['acknowledgement'] == f'{ACKNOWLEDGEMENT} Motion of others.'
    # Figures measured on their motion are theirs too.
    complete_card(pretrained, {'clean': {'mpjpe_mm': 1.0}}, ACKNOWLEDGEMENT)
    card = json.loads(pretrained.with_suffix('.json').read_text())
    assert card['acknowledgement'] == ACKNOWLEDGEMENT and card['validation']


@pytest.mark.parametrize('model', ['ray_depth', 'tcn'])
def test_learned_baselines_train(clips, tmp_path, model):
    configuration = dataclasses.replace(SMALL, model=model)
    path = train_stage('finetune', configuration, clips, tmp_path)
    assert read_card(path)['configuration']['model'] == model


@pytest.mark.parametrize('change', [{'views': 2}, {'decouple': False}, {'ground': 'grid'},
                                    {'view_attention': False}, {'trust_ray': True},
                                    {'ground': 'resnet18', 'pointmap_size': 32}])
def test_ablations_train(clips, tmp_path, change):
    configuration = dataclasses.replace(SMALL, steps=1, **change)
    assert train_stage('finetune', configuration, clips, tmp_path).exists()


def test_a_resumed_run_ends_at_the_same_weights(clips, tmp_path):
    whole = train_stage('pretrain', SMALL, clips, tmp_path / 'whole')
    part = tmp_path / 'part'
    # A time budget of nothing stops after the first step, as a kill after a checkpoint would.
    train_stage('pretrain', SMALL, clips, part, time_budget=0.0)
    assert read_card(part / 'weights.safetensors')['steps'] == 1
    resumed = train_stage('pretrain', SMALL, clips, part)
    assert read_card(resumed)['steps'] == 3
    from safetensors.numpy import load_file
    one, two = load_file(whole), load_file(resumed)
    assert all(np.allclose(one[name], two[name], atol=1e-6) for name in one)


def test_two_processes_share_the_windows_and_keep_one_network(tmp_path):
    """Started by PyTorch's own launcher, as on several GPUs; here on two CPU processes."""
    folder = tmp_path / 'run'
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node',
               '2', '-m', 'mocap23_ros', 'train', 'pretrain', '--motion', 'procedural', '--clips',
               '4', '--tier', 'xs', '--steps', '3', '--batch-size', '4', '--threads', '1',
               '--out', str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300,
                          env={**os.environ, 'ACCELERATE_USE_CPU': '1', 'OMP_NUM_THREADS': '1'})
    assert done.returncode == 0, done.stderr[-2000:]
    card = read_card(folder / 'weights.safetensors')
    assert card['steps'] == 3 and card['windows_seen'] == 3 * 4 * 2
    assert done.stderr.count('3/3') == 1  # one progress bar, not one per process


def test_training_learns(clips, tmp_path):
    configuration = dataclasses.replace(SMALL, steps=60, batch_size=8, learning_rate=2e-3,
                                        final_learning_rate=1e-3, augmentation='clean')
    path = train_stage('pretrain', configuration, clips, tmp_path)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(tmp_path / 'curves'))
    events.Reload()
    values = [event.value for event in events.Scalars('total')]
    assert path.exists() and values[-1] < 0.8 * values[0]


def test_weights_of_another_kind_are_refused(pretrained, clips, tmp_path):
    with pytest.raises(InputError, match='does not fit'):
        train_stage('finetune', dataclasses.replace(SMALL, tier='s'), clips, tmp_path / 'a',
                    pretrained)
    damaged = tmp_path / 'damaged.safetensors'
    damaged.write_bytes(pretrained.read_bytes()[:1000])
    with pytest.raises(InputError, match='damaged'):
        read_card(damaged)
    with pytest.raises(InputError, match='no weights'):
        load_weights(tmp_path / 'absent.safetensors', torch.nn.Linear(1, 1))
    with pytest.raises(InputError, match='--init'):
        train_stage('distill', SMALL, clips, tmp_path / 'b')
    checkpoint = tmp_path / 'c' / 'checkpoint.pt'
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(b'not a checkpoint')
    with pytest.raises(InputError, match='cannot be resumed'):
        train_stage('pretrain', SMALL, clips, tmp_path / 'c')


def test_configuration_names_the_bad_field(tmp_path):
    path = tmp_path / 'run.yaml'
    path.write_text('tier: xs\nlearning_rte: 1\n')
    with pytest.raises(InputError, match='learning_rte'):
        load_configuration(path, {})
    with pytest.raises(InputError, match='cannot read'):
        load_configuration(tmp_path / 'absent.yaml', {})
    path.write_text('model: gan\n')
    with pytest.raises(InputError, match='model must be'):
        load_configuration(path, {})
    path.write_text('tier: xs\nlosses: {code: 2.0}\n')
    configuration = load_configuration(path, {'steps': 7, 'seed': None})
    assert configuration.steps == 7 and configuration.losses.code == 2.0


def test_schedule_and_average():
    configuration = TrainingConfiguration(steps=100, warm_up=10)
    assert learning_rate(0, configuration) < learning_rate(9, configuration)
    assert learning_rate(99, configuration) == pytest.approx(
        configuration.final_learning_rate, rel=0.1)
    layer = torch.nn.Linear(1, 1)
    average = MovingAverage(layer, 0.9)
    start = layer.weight.item()
    with torch.no_grad():
        layer.weight.add_(1.0)
    for step in range(2000):
        average.update(layer, step)
    assert average.state['weight'].item() == pytest.approx(start + 1, abs=1e-3)


def test_clips_too_short_for_a_window_are_refused(tmp_path):
    motion = [np.zeros((5, 34, 3), np.float32)]
    short = pack(motion, 30.0, np.array([1.7]), np.array([True]), ['a'], ['a'], ['a'], 'a')
    with pytest.raises(InputError, match='longer clips'):
        train_stage('pretrain', SMALL, short, tmp_path)
