# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 train pretrain --keypoints``: short real runs, resuming, gradients, refusals."""

import dataclasses
import json

import keypoint_files
import numpy as np
import pytest
from refusals import refused
from safetensors.numpy import load_file
from training_helpers import torch

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.models import make_model
from mocap23_ros.network.weights_file import read_card
from mocap23_ros.skeletons.formats import COCO17, H36M17, SMPL22
from mocap23_ros.training.keypoint_source import KeypointSource
from mocap23_ros.training.mixed_batches import mixed_batches
from mocap23_ros.training.run import train_stage
from mocap23_ros.training.stages import pretrain_loss
from mocap23_ros.training.targets import training_windows

SMALL = TrainingConfiguration(tier='xs', steps=3, batch_size=5, warm_up=1, checkpoint_seconds=1e9)
SPEC = WindowSpec(24, 15.0)


@pytest.fixture(scope='module')
def recordings(clips, tmp_path_factory):
    """A folder of two files with two people each, of whom one is seen in part."""
    folder = tmp_path_factory.mktemp('recordings')
    keypoint_files.write(folder / 'a.npz', clips)
    partial = keypoint_files.arrays(clips)['keypoints']
    partial[20:70, 0, 13:17] = (np.nan, np.nan, 0)
    partial[:, 1, 9, 2] = 0.2
    keypoint_files.write(folder / 'b.npz', clips, keypoints=partial)
    return folder


def command(out, *options):
    return main(['train', 'pretrain', '--tier', 'xs', '--steps', '3', '--batch-size', '4',
                 '--threads', '1', '--out', str(out), *map(str, options)])


def test_the_command_trains_on_2d_recordings_without_any_motion_data(recordings, tmp_path,
                                                                     monkeypatch):
    monkeypatch.setenv('MOCAP23_DATA', str(tmp_path / 'absent'))
    assert command(tmp_path / 'run', '--keypoints', recordings, '--keypoints-share', 1) == 0
    card = read_card(tmp_path / 'run' / 'weights.safetensors')
    assert card['training_data'] == {
        'clips': 0, 'minutes': 0.0, 'subjects': [],
        'keypoints': {'recordings': 2, 'people': 4, 'minutes': 0.2, 'share': 1.0}}
    assert str(recordings) not in json.dumps(card)


def test_the_command_mixes_2d_recordings_and_motion(recordings, tmp_path):
    assert command(tmp_path, '--keypoints', recordings / 'a.npz', '--motion', 'procedural',
                   '--clips', 5) == 0
    data = read_card(tmp_path / 'weights.safetensors')['training_data']
    assert data['clips'] == 5
    assert data['keypoints'] == {'recordings': 1, 'people': 2, 'minutes': 0.1, 'share': 0.5}


@pytest.mark.parametrize('skeleton', [SMPL22, H36M17], ids=lambda s: s.name)
def test_other_formats_train(clips, tmp_path, skeleton):
    configuration = dataclasses.replace(SMALL, skeleton=skeleton.name, steps=2)
    own = keypoint_files.write(tmp_path / 'own.npz', clips, skeleton)
    path = train_stage('pretrain', configuration, None, tmp_path / 'run', keypoints=own,
                       keypoints_share=1.0)
    assert all(np.isfinite(values).all() for values in load_file(path).values())


def test_coco_files_train_formats_whose_joints_they_tell(clips, tmp_path):
    coco = keypoint_files.write(tmp_path / 'coco.npz', clips)
    assert command(tmp_path / 'run', '--keypoints', coco, '--keypoints-share', 1, '--skeleton',
                   'h36m17') == 0


def test_fine_tuning_goes_on_from_weights_of_2d_recordings(clips, recordings, tmp_path):
    first = train_stage('pretrain', SMALL, None, tmp_path / 'a', keypoints=recordings,
                        keypoints_share=1.0)
    second = train_stage('finetune', SMALL, clips, tmp_path / 'b', first)
    before, = read_card(second)['before']
    assert before['training_data']['keypoints']['people'] == 4
    statistics = load_file(first)['code.deviation']
    # Of all four views, though the recordings show the real one alone.
    assert statistics.shape == (4, 37) and ((statistics > 0.02) & (statistics < 5)).mean() > 0.9


@pytest.mark.parametrize('share', [0.5, 1.0])
def test_a_resumed_run_ends_at_the_same_weights(clips, recordings, tmp_path, share):
    options = dict(keypoints=recordings, keypoints_share=share)
    whole = train_stage('pretrain', SMALL, clips, tmp_path / 'whole', **options)
    part = tmp_path / 'part'
    # A time budget of nothing stops after the first step, as a kill after a checkpoint would.
    train_stage('pretrain', SMALL, clips, part, time_budget=0.0, **options)
    assert read_card(part / 'weights.safetensors')['steps'] == 1
    resumed = train_stage('pretrain', SMALL, clips, part, **options)
    one, two = load_file(whole), load_file(resumed)
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_the_share_is_kept_over_batches(clips, recordings):
    source = KeypointSource.from_files(recordings, SPEC, COCO17)
    batch_of = mixed_batches(SMALL, clips, source, 0.3)
    flat = [batch_of(index).flat for index in range(10)]
    assert [len(row) for row in flat] == [5] * 10
    assert torch.cat(flat).sum() == 15
    assert {int(row.sum()) for row in flat} == {1, 2}


def test_training_learns_a_tiny_set(clips, tmp_path):
    path = keypoint_files.write(tmp_path / 'a.npz', clips, people=1)
    configuration = dataclasses.replace(SMALL, steps=100, batch_size=8, learning_rate=4e-3,
                                        final_learning_rate=2e-3, augmentation='clean')
    train_stage('pretrain', configuration, None, tmp_path, keypoints=path, keypoints_share=1.0)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(tmp_path / 'curves'))
    events.Reload()
    values = [event.value for event in events.Scalars('total')]
    assert values[-1] < 0.5 * values[0]


@pytest.fixture
def batch(clips, recordings):
    """A mixed batch, with windows of which joints, and whole samples, are not known."""
    flat = KeypointSource.from_files(recordings, SPEC, COCO17).batch(12, 0)
    known = flat.known
    hips = known[..., 11] & known[..., 12]
    assert (~known & hips[..., None]).any() and (~hips).any()
    return mixed_batches(SMALL, clips)(0).joined(flat)


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = make_model(SMALL, 'pretrain')
    torch.nn.init.normal_(made.denoiser.output.weight, std=0.1)  # it starts at zero
    return made


def gradients(model, windows):
    torch.manual_seed(7)
    model.zero_grad()
    loss = pretrain_loss(model, windows, SMALL)['total']
    loss.backward()
    return loss.item(), {name: parameter.grad.clone() for name, parameter
                         in model.named_parameters() if parameter.grad is not None}


def test_joints_without_a_target_have_no_influence_on_gradients(model, batch):
    loss, before = gradients(model, batch)
    moved = batch.joints.clone()
    moved[~batch.known] += torch.tensor([3.0, -50.0, 20.0])
    changed_loss, after = gradients(model, dataclasses.replace(batch, joints=moved))
    assert loss == changed_loss
    assert all(torch.equal(before[name], after[name]) for name in before)
    moved[batch.known] += 0.1
    _, other = gradients(model, dataclasses.replace(batch, joints=moved))
    assert not torch.equal(before['denoiser.output.weight'], other['denoiser.output.weight'])


def test_joints_without_a_target_are_not_trained(model, batch):
    never, once = 9, 10  # the wrists
    known = batch.known.clone()
    known[..., never] = False
    _, found = gradients(model, dataclasses.replace(batch, known=known))
    bias = found['denoiser.output.bias']
    assert bias[[never, 17 + never]].tolist() == [0, 0] and bias[[once, 17 + once]].all()


def test_2d_windows_are_trained_in_the_real_view_alone(model, batch):
    # Depth along the rays of the real view is made up; no other view may see it.
    flat = batch.flat
    distance = batch.joints - batch.camera[..., None, :3]
    moved = torch.where(flat[:, None, None, None], batch.joints + 0.3 * distance, batch.joints)
    loss, before = gradients(model, batch)
    again, after = gradients(model, dataclasses.replace(batch, joints=moved))
    assert loss == pytest.approx(again, rel=1e-4)
    assert torch.allclose(before['denoiser.output.weight'], after['denoiser.output.weight'],
                          rtol=1e-2, atol=1e-5)
    everywhere = dataclasses.replace(batch, joints=moved, flat=torch.zeros_like(flat))
    reference = dataclasses.replace(batch, flat=torch.zeros_like(flat))
    assert gradients(model, everywhere)[0] != pytest.approx(gradients(model, reference)[0],
                                                            rel=1e-2)


def test_masks_that_hide_nothing_leave_the_loss_as_it_was(model, clips):
    from mocap23_ros.datasets.training_windows import WindowSource
    windows = training_windows(WindowSource(clips, SPEC, seed=0).batch(8, 0), COCO17)
    masked = dataclasses.replace(
        windows, known=torch.ones_like(windows.joints[..., 0], dtype=torch.bool),
        flat=torch.zeros(8, dtype=torch.bool))
    assert gradients(model, windows)[0] == pytest.approx(gradients(model, masked)[0], rel=1e-6)


def lowered(values):
    pose = keypoint_files.POSE.copy()
    pose[2, 3] = -0.1
    return {'world_T_camera': pose}


def without_hips(values):
    values['keypoints'][:, :, 11:13] = (np.nan, np.nan, 0)
    return {'keypoints': values['keypoints']}


REFUSED = {
    'camera below the floor': (lowered, (), 'not above the floor'),
    'hips never seen': (without_hips, (), 'both hips'),
    'nobody': (lambda v: {'keypoints': v['keypoints'][:, :0]}, (), 'both hips'),
    '16 joints': (lambda v: {'keypoints': v['keypoints'][:, :, :16]}, (), 'keypoints has shape'),
    'no pose': (lambda v: {'world_T_camera': None}, (), 'world_T_camera is missing'),
    'foreign format': (lambda v: {'skeleton': np.array('kinect2')}, (), 'unknown skeleton'),
    'no feet': (lambda v: {}, ('--skeleton', 'smpl22'), 'left_foot'),
    'coco or h36m': (lambda v: {'skeleton': None}, ('--skeleton', 'h36m17'), 'add the key'),
    'share 0': (lambda v: {}, ('--keypoints-share', '0'), '--keypoints-share must be'),
    'share 2': (lambda v: {}, ('--keypoints-share', '2'), '--keypoints-share must be'),
    'share nan': (lambda v: {}, ('--keypoints-share', 'nan'), '--keypoints-share must be'),
    'baseline': (lambda v: {}, ('--model', 'tcn'), 'pretrain'),
}


@pytest.mark.parametrize('case', REFUSED)
def test_what_cannot_be_used_is_one_clear_line(clips, tmp_path, capsys, case):
    change, options, words = REFUSED[case]
    path = keypoint_files.write(tmp_path / 'in.npz', clips,
                                **change(keypoint_files.arrays(clips)))
    options = options if '--keypoints-share' in options else (*options, '--keypoints-share', 1)
    refused(command(tmp_path / 'run', '--keypoints', path, *options), capsys, words)
    assert not (tmp_path / 'run' / 'weights.safetensors').exists()


def test_other_bad_arguments_are_one_clear_line(clips, tmp_path, capsys):
    keypoint_files.write(tmp_path / 'in.npz', clips)
    (tmp_path / 'text.npz').write_text('hello')
    (tmp_path / 'empty').mkdir()
    out = ['--out', str(tmp_path / 'run')]
    for options, words in (
            (['pretrain', '--keypoints', tmp_path / 'no.npz', '--keypoints-share', 1], 'no such'),
            (['pretrain', '--keypoints', tmp_path / 'text.npz', '--keypoints-share', 1], 'npz'),
            (['pretrain', '--keypoints', tmp_path / 'empty', '--keypoints-share', 1],
             'no *.npz files'),
            (['pretrain', '--keypoints-share', 0.5], 'goes with --keypoints'),
            (['finetune', '--keypoints', tmp_path / 'in.npz'], 'stage 1'),
            (['pretrain', '--keypoints', tmp_path / 'in.npz', '--data', tmp_path / 'none'],
             'no such motion data folder')):
        refused(main(['train', *map(str, options), *out]), capsys, words)


def test_no_motion_and_no_2d_recordings_is_refused(tmp_path):
    with pytest.raises(InputError, match='no motion'):
        train_stage('pretrain', SMALL, None, tmp_path)
