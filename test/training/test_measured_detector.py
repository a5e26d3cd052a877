# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Training on the errors of a measured detector, and going on with it."""

import dataclasses

import pytest
from known_detector import known_noise
from refusals import refused
from training_helpers import torch  # noqa: F401

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.augmentation import Augmentation
from mocap23_ros.detection.detector_noise_file import save_detector_noise
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.weights_file import read_card
from mocap23_ros.training.measured_detector import MeasuredDetector
from mocap23_ros.training.run import train_stage

SMALL = TrainingConfiguration(tier='xs', steps=2, batch_size=4, warm_up=1, checkpoint_seconds=1e9)


@pytest.fixture
def detector(tmp_path):
    save_detector_noise(tmp_path / 'noise.json', known_noise())
    return MeasuredDetector.load(str(tmp_path / 'noise.json'), 0.5)


def test_a_run_trains_and_goes_on_with_the_same_detector_alone(clips, detector, tmp_path):
    from safetensors.numpy import load_file

    whole = train_stage('pretrain', SMALL, clips, tmp_path / 'whole', detector=detector)
    part = tmp_path / 'part'
    train_stage('pretrain', SMALL, clips, part, time_budget=0.0, detector=detector)
    for other in (None, dataclasses.replace(detector, share=0.25)):
        with pytest.raises(InputError, match='other training data'):
            train_stage('pretrain', SMALL, clips, part, detector=other)
    resumed = train_stage('pretrain', SMALL, clips, part, detector=detector)
    assert read_card(resumed)['steps'] == 2
    assert read_card(resumed)['training_data']['detector_noise'] == {
        'detector': 'made up', 'share': 0.5, 'sha256': detector.sha256}
    first, second = load_file(whole), load_file(resumed)
    assert all(abs(first[name] - second[name]).max() < 1e-5 for name in first)
    plain = load_file(train_stage('pretrain', SMALL, clips, tmp_path / 'plain'))
    assert any(abs(first[name] - plain[name]).max() > 1e-5 for name in first)


def test_exchanges_that_the_side_filter_puts_right_are_not_trained_on(detector):
    measured, trained = detector.noise.exchanges, detector.added_to(Augmentation()).detector
    assert measured.keys() == trained.exchanges.keys()
    for name, exchange in trained.exchanges.items():
        assert exchange.share == pytest.approx(0.1 * measured[name].share)
        assert exchange.seconds == measured[name].seconds
    assert dataclasses.replace(trained, exchanges=measured) == detector.noise


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--detector-share', '0.3'], '--detector-share goes with --detector-noise'),
    (['--detector-noise', '{}/noise.json', '--detector-share', '0'], 'over 0 and at most 1'),
    (['--detector-noise', '{}/noise.json', '--detector-share', 'nan'], 'over 0 and at most 1'),
    (['--detector-noise', '{}/absent.json'], 'cannot read'),
    (['--detector-noise', 'mediapipe'], 'cannot read mediapipe'),
], ids=str)
def test_what_cannot_be_trained_with_is_refused_in_a_line(detector, tmp_path, arguments, words,
                                                          capsys):
    texts = [text.format(tmp_path) for text in arguments]
    refused(main(['train', 'pretrain', '--motion', 'procedural', '--out', str(tmp_path / 'run'),
                  *texts]), capsys, words)
