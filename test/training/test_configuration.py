# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every field of a training configuration is checked, and its error says what it may be."""

import dataclasses
from pathlib import Path

import pytest
from refusals import refused
from training_helpers import torch

from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import (
    RULES,
    TrainingConfiguration,
    configuration_from,
    load_configuration,
)
from mocap23_ros.network.models import make_model

SHIPPED = sorted((Path(__file__).resolve().parents[2] / 'config' / 'training').glob('*.yaml'))


def refusal(function, *arguments):
    with pytest.raises(InputError) as caught:
        function(*arguments)
    text = str(caught.value)
    assert '\n' not in text and len(text) < 400
    return text


@pytest.mark.parametrize(('line', 'words'), [
    ('steps: abc', "steps must be a whole number from 1 to 1000000000, not 'abc'"),
    ('steps: 2.5', 'steps must be a whole number'),
    ('steps: true', 'steps must be a whole number'),
    ('steps: 0', 'steps must be'),
    ('steps:', 'steps must be'),
    ('views: two', 'views must be a whole number from 2 to 4'),
    ('views: 5', 'views must be'),
    ('learning_rate: fast', 'learning_rate must be a number over 0 and at most 1'),
    ('learning_rate: -0.1', 'learning_rate must be'),
    ('learning_rate: .nan', 'learning_rate must be'),
    ('final_learning_rate: .inf', 'final_learning_rate must be'),
    ('checkpoint_seconds: x', 'checkpoint_seconds must be a number'),
    ('checkpoint_seconds: -1', 'checkpoint_seconds must be'),
    ('ground: foo', 'ground must be one of vector, grid, resnet18 or null'),
    ('mixed_precision: fp8', 'mixed_precision must be one of no, bf16, fp16'),
    ('seed: -1', 'seed must be'),
    ('seed: 4294967296', 'seed must be'),
    ('ema: 1.5', 'ema must be a number from 0 to 1'),
    ('ema: -0.1', 'ema must be'),
    ('one_step_share: 2', 'one_step_share must be'),
    ('clip: 0', 'clip must be'),
    ('warm_up: -1', 'warm_up must be'),
    ('pointmap_size: 4', 'pointmap_size must be'),
    ('batch_size: 0', 'batch_size must be'),
    ('weight_decay: -1', 'weight_decay must be'),
    ('decouple: 1', 'decouple must be true or false'),
    ('trust_ray: maybe', 'trust_ray must be true or false'),
    ('tier: xxl', 'tier must be one of xs, s, m, l, paper'),
    ('tier: [xs]', 'tier must be one of'),
    ('skeleton: coco18', 'skeleton must be one of coco17'),
    ('augmentation: wild', 'augmentation must be one of training, clean'),
    ('losses: 3', 'losses must be a mapping'),
    ('losses: {code: much}', 'losses.code must be a number'),
    ('losses: {code: -1}', 'losses.code must be'),
    ('losses: {cod: 1}', "unknown field 'cod' in losses"),
    ('1: 2', 'unknown field 1'),
    ('[steps, 3]', 'must be a mapping'),
    ('tier: [', 'is not YAML'),
    ('seed: 2020-13-45', 'is not YAML'),
    ('[' * 5000, 'is not YAML'),
])
def test_a_bad_field_is_one_line(tmp_path, line, words):
    path = tmp_path / 'run.yaml'
    path.write_text(line + '\n')
    assert words in refusal(load_configuration, path, {})


def test_a_file_that_is_no_text_is_one_line(tmp_path):
    path = tmp_path / 'run.yaml'
    path.write_bytes(b'tier: xs  # gr\xf6\xdfe\n')
    assert 'not UTF-8' in refusal(load_configuration, path, {})
    path.write_bytes(b'# ' + b'x' * (1 << 21))
    assert 'larger than' in refusal(load_configuration, path, {})


def test_what_users_write_is_understood(tmp_path):
    path = tmp_path / 'run.yaml'
    path.write_text('learning_rate: 1e-3\nclip: 2\nmixed_precision: no\nground: null\n')
    configuration = load_configuration(path, {})
    assert configuration.learning_rate == 0.001 and configuration.clip == 2
    assert configuration.mixed_precision == 'no' and configuration.ground is None


def test_every_field_has_a_rule_and_the_defaults_obey():
    free = {item.name for item in dataclasses.fields(TrainingConfiguration)
            if isinstance(item.default, bool) or item.name == 'losses'}
    assert set(RULES) | free == {item.name for item in dataclasses.fields(TrainingConfiguration)}
    defaults = TrainingConfiguration()
    assert configuration_from(dataclasses.asdict(defaults)) == defaults
    # Wherever one is made, not only from files.
    assert 'views must be' in refusal(lambda: dataclasses.replace(defaults, views=7))


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_are_what_their_names_say(path):
    configuration = load_configuration(path, {})
    first, tier, machine = path.stem.rsplit('_', 2)
    assert configuration.tier == tier and machine in ('cpu', 'gpu')
    stage = first if first in ('pretrain', 'distill') else 'finetune'
    # continue: stage 2 once more, from weights that ship.
    assert (first in ('pretrain', 'finetune', 'distill', 'continue')
            or first == configuration.model)
    with torch.device('meta'):  # no memory, no time
        assert sum(p.numel() for p in make_model(configuration, stage).parameters()) > 1e5


def test_there_are_shipped_configurations():
    assert len(SHIPPED) >= 14


@pytest.mark.parametrize(('options', 'words'), [
    (['--batch-size', '0'], 'batch_size must be'),
    (['--learning-rate', 'nan'], 'learning_rate must be'),
    (['--seed', '-1'], 'seed must be'),
    (['--tier', 'xl'], 'tier must be one of'),
    (['--time-budget', '-5'], 'give 0 or more'),
    (['--time-budget', 'nan'], 'give 0 or more'),
    (['--threads', '0'], 'give 1 or more'),
    (['--clips', '0'], '--clips 0: give 1 or more'),
    (['--out', 'FILE/run'], 'FILE is not a folder'),
    (['--out', 'FILE'], 'FILE is not a folder'),
])
def test_bad_arguments_of_train_are_one_line(tmp_path, monkeypatch, capsys, options, words):
    monkeypatch.chdir(tmp_path)
    Path('FILE').write_text('')
    # Refused before motion is looked for, which is not there.
    arguments = ['train', 'pretrain', '--out', 'run', '--data', 'absent', *options]
    refused(main(arguments), capsys, words)
    assert [path.name for path in tmp_path.iterdir()] == ['FILE']
