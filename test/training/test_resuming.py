# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint is gone on with by its own run alone, with the noise where it left off."""

import dataclasses
import json

import numpy as np
import pytest
from refusals import one_line
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training_helpers import torch

from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import LossWeights, TrainingConfiguration
from mocap23_ros.network.weights_file import read_card
from mocap23_ros.training.checkpoint import (
    load_checkpoint,
    restore_generators,
    save_checkpoint,
    seed_everything,
)
from mocap23_ros.training.recent_figures import RecentFigures
from mocap23_ros.training.run import train_stage
from mocap23_ros.training.trainer import Trainer

SMALL = TrainingConfiguration(tier='xs', steps=2, batch_size=4, warm_up=1, checkpoint_seconds=1e9)


@pytest.fixture(scope='module')
def run(clips, tmp_path_factory):
    """Folder of a finished pretrain."""
    return train_stage('pretrain', SMALL, clips, tmp_path_factory.mktemp('run') / 'a').parent


@pytest.fixture
def copied(run, tmp_path):
    """A copy of it to spoil."""
    folder = tmp_path / 'copied'
    folder.mkdir()
    for path in run.glob('*.*'):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob('*.*')}


def make_old(folder, **changes):
    """The checkpoint as it was written before runs named themselves in it."""
    path = folder / 'checkpoint.pt'
    state = torch.load(path, weights_only=True)
    for name in ('run', 'figures', 'scaler'):
        del state[name]
    torch.save({**state, **changes}, path)


def same_weights(one, two):
    first, second = load_file(one), load_file(two)
    return all(np.allclose(first[name], second[name], atol=1e-6) for name in first)


def test_worker_processes_make_the_same_batches(run, clips, tmp_path):
    train_stage('pretrain', SMALL, clips, tmp_path, workers=2)
    assert same_weights(run / 'weights.safetensors', tmp_path / 'weights.safetensors')


def test_what_fails_in_a_worker_process_is_raised(tmp_path):
    def spoilt(index):
        raise ValueError(f'batch {index} is spoilt')

    with pytest.raises(ValueError, match='batch 0 is spoilt'):
        toy_trainer(tmp_path, 2, spoilt, workers=1).train()


@pytest.mark.parametrize(('stage', 'change', 'words'), [
    ('finetune', {}, 'stage pretrain, not finetune'),
    ('pretrain', {'tier': 's'}, 'tier xs, not s'),
    ('pretrain', {'model': 'tcn'}, 'model diffusion, not tcn'),
    ('pretrain', {'skeleton': 'smpl22'}, 'skeleton coco17, not smpl22'),
    ('pretrain', {'seed': 5, 'batch_size': 3}, 'batch_size 4, not 3; seed 0, not 5'),
    ('pretrain', {'learning_rate': 1e-3, 'steps': 9}, '(learning_rate 0.0004, not 0.001)'),
    ('pretrain', {'losses': LossWeights(code=2.0)}, 'losses.code 0.5, not 2.0'),
    ('pretrain', {'optimiser': 'adamw'}, 'optimiser muon, not adamw'),
], ids=str)
def test_the_checkpoint_of_another_run_is_refused(run, clips, stage, change, words):
    before = contents(run)
    with pytest.raises(InputError) as caught:
        train_stage(stage, dataclasses.replace(SMALL, **change), clips, run)
    text = str(caught.value)
    assert words in text and 'another --out' in text and '\n' not in text
    assert contents(run) == before


def test_other_data_and_other_initial_weights_are_refused(run, clips, tmp_path):
    fewer = clips.select(np.arange(len(clips)) < 2)
    with pytest.raises(InputError, match='other training data'):
        train_stage('pretrain', SMALL, fewer, run)
    weights = run / 'weights.safetensors'
    longer = dataclasses.replace(SMALL, steps=3)
    other = train_stage('pretrain', dataclasses.replace(SMALL, seed=1), clips, tmp_path / 'other')
    train_stage('finetune', SMALL, clips, tmp_path / 'b', weights)
    with pytest.raises(InputError, match='other weights to start from'):
        train_stage('finetune', longer, clips, tmp_path / 'b', other)
    assert train_stage('finetune', longer, clips, tmp_path / 'b', weights).exists()


def test_a_finished_run_says_so_and_stays_as_it_is(run, clips, capsys):
    before = contents(run)
    for steps in (2, 1):
        path = train_stage('pretrain', dataclasses.replace(SMALL, steps=steps), clips, run)
        error = capsys.readouterr().err
        assert path == run / 'weights.safetensors'
        assert 'result of these 2 steps already' in error and error.count('\n') == 1
    assert contents(run) == before


def test_weights_lost_at_the_end_are_written_again(copied, run, clips):
    (copied / 'weights.safetensors').write_bytes(b'half')
    path = train_stage('pretrain', SMALL, clips, copied)
    assert same_weights(path, run / 'weights.safetensors')
    card = read_card(path)
    assert card['last_training_figures'] == read_card(
        run / 'weights.safetensors')['last_training_figures'] != {}


def test_checkpoints_of_earlier_versions_are_resumed(clips, tmp_path):
    whole = train_stage('pretrain', dataclasses.replace(SMALL, steps=3), clips, tmp_path / 'whole')
    part = tmp_path / 'part'
    longer = dataclasses.replace(SMALL, steps=3)
    train_stage('pretrain', longer, clips, part, time_budget=0.0)
    make_old(part)
    (part / 'weights.safetensors').unlink()
    resumed = train_stage('pretrain', longer, clips, part)
    assert read_card(resumed)['steps'] == 3 and same_weights(whole, resumed)
    assert torch.load(part / 'checkpoint.pt', weights_only=True)['run']['stage'] == 'pretrain'


def test_checkpoints_of_earlier_versions_are_known_by_the_card_beside(copied, clips):
    make_old(copied)
    before = contents(copied)
    with pytest.raises(InputError, match='stage pretrain, not finetune'):
        train_stage('finetune', SMALL, clips, copied)
    assert contents(copied) == before
    train_stage('pretrain', SMALL, clips, copied)  # nothing to do
    assert contents(copied) == before
    (copied / 'weights.safetensors').unlink()
    with pytest.raises(InputError) as caught:
        train_stage('pretrain', dataclasses.replace(SMALL, tier='s'), clips, copied)
    assert 'of another network' in str(caught.value) and '\n' not in str(caught.value)


@pytest.mark.parametrize('content', [[1, 2], {'model': {}}, torch.zeros(3)], ids=repr)
def test_a_foreign_torch_file_is_one_line(clips, tmp_path, content):
    torch.save(content, tmp_path / 'checkpoint.pt')
    with one_line('cannot be resumed from'):
        train_stage('pretrain', SMALL, clips, tmp_path)


def bare_state():
    return {'model': {}, 'optimisers': [], 'average': {}, 'step': 1}


def test_the_noise_goes_on_where_it_was(tmp_path):
    seed_everything(3)
    save_checkpoint(tmp_path / 'a.pt', bare_state())
    expected = torch.rand(4)
    seed_everything(9)
    state = load_checkpoint(tmp_path / 'a.pt')
    assert 'cuda_generator' not in state and restore_generators(state)
    assert torch.equal(torch.rand(4), expected)


def test_the_gpu_s_generator_is_kept_too(tmp_path, monkeypatch):
    """With stand-ins for the calls to CUDA; the tests of resumed runs use a GPU where one is."""
    device, states = torch.device('cuda', 1), {1: torch.arange(16, dtype=torch.uint8)}
    monkeypatch.setattr(torch.cuda, 'get_rng_state', lambda which: states[which.index].clone())
    monkeypatch.setattr(torch.cuda, 'set_rng_state',
                        lambda state, which: states.__setitem__(which.index, state))
    save_checkpoint(tmp_path / 'a.pt', bare_state(), device)
    states[1] = torch.zeros(16, dtype=torch.uint8)
    assert restore_generators(load_checkpoint(tmp_path / 'a.pt'), device)
    assert states[1].tolist() == list(range(16))
    # Written on a CPU, or before: there is nothing to go on with.
    save_checkpoint(tmp_path / 'b.pt', bare_state())
    assert not restore_generators(load_checkpoint(tmp_path / 'b.pt'), device)


class Numbers:
    """A batch of a toy problem."""

    def __init__(self, values):
        self.values = values

    def to(self, _device):
        return self


def toy_trainer(folder, steps=5, batch_of=None, **options):
    """A square layer, for Muon, and its bias, for AdamW."""
    torch.manual_seed(0)
    model = torch.nn.Linear(64, 64)
    configuration = TrainingConfiguration(steps=steps, batch_size=1, warm_up=1, learning_rate=0.01,
                                          checkpoint_seconds=1e9)

    def batch(index):
        generator = torch.Generator().manual_seed(index)
        return Numbers(torch.randn(8, 64, generator=generator))

    def loss(network, windows):
        error = ((network(windows.values) - windows.values) ** 2).mean()
        return {'total': error, 'noise': torch.rand(())}

    return Trainer(model, loss, batch_of or batch, configuration, folder, **options)


def scale(trainer, monkeypatch, value=1024.0):
    """Give a trainer a gradient scaler as fp16 on a GPU does."""
    scaler = torch.amp.GradScaler('cpu', init_scale=value, growth_interval=1000)
    monkeypatch.setattr(trainer.accelerator, 'scaler', scaler)
    monkeypatch.setattr(trainer.accelerator, 'unscale_gradients', lambda: [
        scaler.unscale_(optimiser.optimizer) for optimiser in trainer.optimisers])
    return scaler


def test_noise_that_cannot_go_on_is_not_that_of_the_start_again(tmp_path, monkeypatch):
    toy_trainer(tmp_path, steps=2).train()
    monkeypatch.setattr('mocap23_ros.training.trainer.restore_generators', lambda *_: False)
    trainer = toy_trainer(tmp_path)
    seed_everything(trainer.configuration.seed)
    start = torch.rand(4)
    seed_everything(trainer.configuration.seed)
    assert trainer.resume()
    first = torch.rand(4)
    trainer.resume()
    assert torch.equal(torch.rand(4), first) and not torch.equal(first, start)


def test_scaled_gradients_train_as_plain_ones(tmp_path, monkeypatch):
    plain = toy_trainer(tmp_path / 'a')
    plain.train()
    scaled = toy_trainer(tmp_path / 'b')
    assert len(scaled.optimisers) == 2
    scaler = scale(scaled, monkeypatch)
    scaled.train()
    assert torch.allclose(plain.model.weight, scaled.model.weight, atol=1e-6)
    assert torch.allclose(plain.model.bias, scaled.model.bias, atol=1e-6)
    assert scaler.state_dict()['_growth_tracker'] == 5  # once a step, not once per optimiser


def test_an_overflow_lowers_the_scale_and_training_goes_on(tmp_path, monkeypatch):
    huge = Numbers(torch.full((8, 64), 1e17))
    ordinary = Numbers(torch.ones(8, 64))
    trainer = toy_trainer(tmp_path, steps=3, batch_of=lambda i: huge if i == 0 else ordinary)
    before = trainer.model.weight.clone()
    scaler = scale(trainer, monkeypatch, 2.0 ** 40)
    trainer.train()
    assert scaler.get_scale() == 2.0 ** 39
    assert torch.isfinite(trainer.model.weight).all()
    assert not torch.equal(trainer.model.weight, before)


def test_the_scale_is_resumed(tmp_path, monkeypatch):
    first = toy_trainer(tmp_path, steps=2)
    scale(first, monkeypatch, 512.0)
    first.train()
    second = toy_trainer(tmp_path)
    scaler = scale(second, monkeypatch, 65536.0)
    second.resume()
    assert scaler.get_scale() == 512.0 and scaler.state_dict()['_growth_tracker'] == 2
    assert toy_trainer(tmp_path).resume()  # on a machine that does not scale


def curve(folder):
    events = EventAccumulator(str(folder / 'curves'))
    events.Reload()
    return {event.step: event.value for event in events.Scalars('total')}


def test_short_runs_and_the_ends_of_long_ones_are_in_the_curves(tmp_path):
    short = toy_trainer(tmp_path / 'short', steps=3)
    short.train()
    assert curve(tmp_path / 'short') == {3: pytest.approx(short.figures.means()['total'])}
    toy_trainer(tmp_path / 'long', steps=23).train()
    assert list(curve(tmp_path / 'long')) == [20, 23]
    toy_trainer(tmp_path / 'even', steps=20).train()
    assert list(curve(tmp_path / 'even')) == [20]


def test_figures_are_means_of_the_last_steps_across_a_stop(tmp_path):
    whole = toy_trainer(tmp_path / 'whole', steps=25)
    whole.train()
    toy_trainer(tmp_path / 'part', steps=25, time_budget=0.0).train()
    part = toy_trainer(tmp_path / 'part', steps=25)
    part.resume()
    part.train()
    assert part.figures.means() == pytest.approx(whole.figures.means())
    assert curve(tmp_path / 'part')[20] == pytest.approx(curve(tmp_path / 'whole')[20])


def test_figures_forget_what_is_long_past():
    figures = RecentFigures()
    assert figures.means() == {}
    for step in range(30):
        figures.add({'a': float(step), **({'b': 1.0} if step == 29 else {})})
    assert figures.means() == {'a': 19.5, 'b': 1.0}
    assert RecentFigures(json.loads(json.dumps(figures.state()))).means() == figures.means()
