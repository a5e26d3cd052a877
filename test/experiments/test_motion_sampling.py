# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 sample-motion`` on a tiny trained stage 1: what is given stays, the rest is drawn."""

import dataclasses

import cv2
import numpy as np
import pytest
from documentation_pages import documented
from keypoint_files import write
from refusals import refused
from training_helpers import torch

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.experiments.motion_sampling import load_motion_model, sample_motion, with_known
from mocap23_ros.experiments.sampled_scenes import (
    empty_scene,
    generated_scene,
    hide,
    recorded_scene,
)
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.models import make_model
from mocap23_ros.network.weights_file import save_weights
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.training.run import train_stage

WINDOW = WindowSpec(24, 15.0)
SMALL = TrainingConfiguration(tier='xs', steps=100, batch_size=8, warm_up=2, learning_rate=2e-3,
                              augmentation='clean', checkpoint_seconds=1e9)


@pytest.fixture(scope='module')
def weights(clips, tmp_path_factory):
    return train_stage('pretrain', SMALL, clips, tmp_path_factory.mktemp('pretrain'))


@pytest.fixture(scope='module')
def model(weights):
    return load_motion_model(weights)[0]


def weights_like(path, stage, **changes):
    configuration = dataclasses.replace(SMALL, **changes)
    torch.manual_seed(0)
    save_weights(path, make_model(configuration, stage),
                 {'stage': stage, 'configuration': dataclasses.asdict(configuration)})
    return path


def test_draws_are_repeatable_differ_by_seed_and_view_and_do_not_depend_on_their_number(model):
    scene = empty_scene(WINDOW, COCO17)
    one = sample_motion(model, scene, [0, 2], 2, 4, seed=5)
    assert one.shape == (2, 2, 24, 17, 2) and torch.isfinite(one).all()
    assert torch.equal(one, sample_motion(model, scene, [0, 2], 2, 4, seed=5))
    torch.testing.assert_close(one[:, :1], sample_motion(model, scene, [0], 2, 4, seed=5))
    three = sample_motion(model, scene, [0], 3, 4, seed=5)
    torch.testing.assert_close(three[:2], one[:, :1], atol=1e-5, rtol=1e-5)
    # Draw n of a seed is draw 0 of the nth seed after it.
    other = sample_motion(model, scene, [0], 1, 4, seed=6)
    torch.testing.assert_close(other[0], three[1], atol=1e-5, rtol=1e-5)
    assert (one[0] - one[1]).abs().max() > 0.02 < (one[:, 0] - one[:, 1]).abs().max()


def test_a_trained_network_draws_people_upright_at_the_anchor(model):
    scene = empty_scene(WINDOW, COCO17)
    drawn = sample_motion(model, scene, [0], 8, 10, seed=0)[:, 0]
    size = 4 * float((drawn.amax(dim=2) - drawn.amin(dim=2))[..., 1].median())
    assert 0.8 < size < 2.4  # metres at the anchor's 4 m
    head, feet = drawn[..., :5, 1].mean(), drawn[..., 15:, 1].mean()
    assert head > feet + 0.15


def test_what_is_given_stays_and_the_rest_is_drawn(model):
    scene = hide(generated_scene(WINDOW, COCO17, seed=1), ['legs', 'nose', 'late'], COCO17)
    known = scene.confidence > 0
    assert not known[..., [0, 13, 14, 15, 16]].any() and not known[:, 12:].any()
    assert known[:, :12, 1:13].all()
    drawn = sample_motion(model, scene, range(4), 3, 4, seed=2)
    for view in range(4):
        given = scene.point[view].expand(3, -1, -1, -1)
        same = (drawn[:, view] - given).abs().amax(dim=-1) < 1e-6
        assert same[:, known[view]].all() and not same[:, ~known[view]].any()
    assert (drawn[0, :, :12, 13:] - drawn[1, :, :12, 13:]).abs().max() > 1e-3
    # The condition reaches the joints that are not given, by more than the noise alone.
    alone = sample_motion(model, dataclasses.replace(
        scene, confidence=torch.zeros_like(scene.confidence)), range(4), 3, 4, seed=2)
    truth = generated_scene(WINDOW, COCO17, seed=1).point
    hidden = ~known & (torch.arange(24) < 12)[:, None]
    errors = [float((points - truth).norm(dim=-1)[:, hidden].mean()) for points in (drawn, alone)]
    assert errors[0] < 0.85 * errors[1]


def test_an_imagined_body_is_moved_and_sized_to_the_joints_that_are_known():
    torch.manual_seed(0)
    true = torch.randn(1, 1, 3, 17, 2)
    imagined = 1.3 * true + torch.tensor([0.4, -0.2])
    known = torch.zeros(1, 1, 3, 17, dtype=torch.bool)
    known[:, :, 0, :12] = True
    known[:, :, 1, 3] = True
    u, v = with_known(imagined[..., 0], imagined[..., 1], true, known)
    found = torch.stack([u, v], dim=-1)
    torch.testing.assert_close(found[known], true[known])
    assert (found - true)[:, :, 0].abs().max() < 0.2  # a size of 1.3 is nearly undone
    # One joint tells the place, not the size; none tells nothing.
    torch.testing.assert_close(found[:, :, 1], imagined[:, :, 1]
                               + true[:, :, 1, 3:4] - imagined[:, :, 1, 3:4])
    torch.testing.assert_close(found[:, :, 2], imagined[:, :, 2])


def test_a_recording_is_known_in_the_real_view_where_it_shows_most(clips, tmp_path):
    def change(**changes):
        return write(tmp_path / 'a.npz', clips, people=1, **changes)

    scene = recorded_scene(change(), WINDOW, COCO17)
    assert (scene.confidence[0] > 0).all() and not scene.confidence[1:].any()
    assert 3 < float(scene.anchor[0]) < 6 and scene.camera[:, 2].mean() == pytest.approx(1.7)
    # Nobody is seen, then only at the end.
    from keypoint_files import arrays
    keypoints = arrays(clips, people=1)['keypoints']
    keypoints[:60] = np.nan
    late = recorded_scene(change(keypoints=keypoints), WINDOW, COCO17)
    assert 0.4 < float((late.confidence[0] > 0).float().mean()) < 1
    with pytest.raises(InputError, match='nobody is seen'):
        recorded_scene(change(keypoints=np.full_like(keypoints, np.nan)), WINDOW, COCO17)


def sample(*words):
    return main(['sample-motion', '--steps', '2', *map(str, words)])


def test_the_command_writes_motion_and_picture(weights, clips, tmp_path, capsys):
    out = tmp_path / 'out'
    weights_here = {'RUN/weights.safetensors': weights, 'OUT': out}
    assert main([*documented('METHOD.md', 'sample-motion', instead=weights_here), '--steps', '2',
                 '--samples', '3', '--views', 'virtual', 'real']) == 0
    captured = capsys.readouterr()
    assert 'unconditional' in captured.out and captured.err == ''
    with np.load(out / 'motion.npz') as archive:
        assert archive['points'].shape == (3, 4, 24, 17, 2)
        assert archive['views'].tolist() == ['real', 'virtual1', 'virtual2', 'virtual3']
        assert archive['given'].shape == (4, 24, 17, 3) and not archive['given'].any()
        assert archive['stamps'][1] == pytest.approx(1 / 15)
    picture = cv2.imread(str(out / 'motion.png'))
    strips = picture.reshape(12, -1, *picture.shape[1:])
    assert all((strip < 200).mean() > 0.01 for strip in strips)
    assert main([*documented('METHOD.md', '--inpaint', instead={
        **weights_here, 'walk.npz': write(tmp_path / 'a.npz', clips), 'legs': 'arms'}),
        '--steps', '2', '--samples', '1']) == 0
    with np.load(out / 'motion.npz') as archive:
        points, given = archive['points'], archive['given']
        assert archive['views'].tolist() == ['real'] and points.shape[:2] == (1, 1)
    known = given[..., 2] > 0
    assert 0.3 < known.mean() < 0.5
    np.testing.assert_allclose(points[0][known], given[..., :2][known], atol=1e-6)


def test_later_stages_draw_without_their_view_attention(tmp_path, capsys):
    path = weights_like(tmp_path / 'a.safetensors', 'finetune')
    assert not load_motion_model(path)[0].denoiser.has_view_attention
    assert sample('--weights', path, '--out', tmp_path, '--samples', 1, '--views', 'real') == 0
    assert 'view attention is left out' in capsys.readouterr().err


@pytest.mark.parametrize(('words', 'message'), [
    (['--samples', '0'], '--samples 0: give 1 to 256'),
    (['--steps', '2000'], '--steps 2000'), (['--seed', '-1'], '--seed -1'),
    (['--threads', '0'], '--threads 0'), (['--hide', 'legs'], '--hide goes with --inpaint'),
    (['--views', 'side'], 'invalid choice'),
    (['--inpaint', 'a.npz', '--views', 'virtual1'], 'seen in the real view alone'),
    (['--inpaint', 'absent.npz'], 'absent.npz: no such file'),
    (['--inpaint', 'generated', '--hide', 'tail'], '--hide tail: give legs, arms, head, late or'),
    (['--inpaint', 'FULL'], 'nothing to imagine'),
    (['--inpaint', 'FULL', '--hide', *COCO17.joint_names], 'hide less'),
    (['--weights', 'absent.safetensors'], 'there are no weights at'),
    (['--weights', 'B2'], 'holds a baseline'),
])
def test_mistakes_are_one_line_and_write_nothing(weights, clips, tmp_path, monkeypatch, capsys,
                                                 words, message):
    monkeypatch.chdir(tmp_path)
    if 'FULL' in words:
        write(tmp_path / 'FULL', clips)
        (tmp_path / 'FULL.npz').rename(tmp_path / 'FULL')
    if 'B2' in words:
        weights_like(tmp_path / 'B2', 'finetune', model='ray_depth')
    try:
        status = sample('--weights', weights, '--out', 'out', *words)
    except SystemExit as ended:
        status = ended.code
    refused(status, capsys, message)
    assert not (tmp_path / 'out').exists()
