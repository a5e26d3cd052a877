# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoint formats beyond COCO-17: windows, anchor, short real training runs, lifting."""

import dataclasses
import hashlib

import numpy as np
import pytest
from training_helpers import torch

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.datasets.observation import to_camera
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.load_lifter import load_lifter
from mocap23_ros.lifting.network_inputs import make_network_inputs
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.lifter_graph import LifterGraph, WarmLifterGraph
from mocap23_ros.network.models import configured_skeleton, make_model
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.conversion import defined_joints
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17, FORMATS, H36M17, OUTPUT19, SMPL22
from mocap23_ros.skeletons.keypoint_layout import keypoint_layout
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.training.export_tier import load_exportable
from mocap23_ros.training.graph_export import example_inputs
from mocap23_ros.training.run import train_stage
from mocap23_ros.windows.keypoint_windows import KeypointWindows

SPREAD = COCO_SIGMAS.astype(np.float32)

SPEC = WindowSpec(24, 15.0)
SMALL = TrainingConfiguration(tier='xs', steps=2, batch_size=4, warm_up=1, checkpoint_seconds=1e9)
FURTHER = [SMPL22, H36M17]


@pytest.fixture(scope='module', params=FURTHER, ids=lambda skeleton: skeleton.name)
def trained(request, clips, tmp_path_factory):
    """The format, and weights after a short pretrain and finetune."""
    configuration = dataclasses.replace(SMALL, skeleton=request.param.name)
    folder = tmp_path_factory.mktemp(request.param.name)
    pretrained = train_stage('pretrain', configuration, clips, folder / 'pretrain')
    return request.param, train_stage('finetune', configuration, clips, folder / 'finetune',
                                      pretrained)


def fingerprint(batch):
    """Digest of what is discrete, and one number for all the rest.

    Digests of floats would differ between machines; the sum hardly does, while any other draw of
    the random stream changes it.
    """
    digest = hashlib.sha256(batch.kind.tobytes() + batch.clip.tobytes())
    total = 0.0
    for field in dataclasses.fields(batch):
        values = np.nan_to_num(getattr(batch, field.name).astype(np.float64)).ravel()
        total += float((np.sin(values) * np.cos(np.arange(values.size))).sum())
    return digest.hexdigest()[:16], total


# Validation figures stay comparable only while the windows behind them stay the same.
@pytest.mark.parametrize(('augmentation', 'index', 'digest', 'total'), [
    (preset('noisy'), 5, '0cd55574bdada266', 38.8402),
    (preset('occluded'), 100, '58f6a00ee0b66222', 40.0402),
], ids=['noisy', 'occluded'])
def test_coco_batches_are_those_that_weights_were_validated_on(clips, augmentation, index, digest,
                                                             total):
    batch = WindowSource(clips, WindowSpec(32, 20.0), augmentation, seed=7).batch(64, index)
    assert fingerprint(batch) == (digest, pytest.approx(total, abs=0.02))


def test_coco_constants_are_coco_s_own():
    layout = keypoint_layout(COCO17)
    assert np.array_equal(layout.spread, SPREAD)
    assert layout.swap_parts.sum(axis=1).tolist() == [6, 6, 17]
    assert layout.face.tolist() == [0, 1, 2, 3, 4]


def test_joints_take_their_constants_from_the_nearest_coco_joint():
    smpl, h36m = keypoint_layout(SMPL22), keypoint_layout(H36M17)

    def spread(layout, name):
        return layout.spread[layout.skeleton.index(name)]

    for layout in (smpl, h36m):
        for j, name in enumerate(layout.skeleton.joint_names):
            if name in COCO17.joint_names:
                assert layout.spread[j] == SPREAD[COCO17.index(name)], name
        legs, arms, whole = layout.swap_parts
        assert whole.all() and not (legs & arms).any()
        # A swap of legs must exchange whole pairs.
        assert np.array_equal(legs[layout.mirror], legs)
        assert np.array_equal(arms[layout.mirror], arms)
    assert spread(smpl, 'left_foot') == SPREAD[COCO17.index('left_ankle')]
    assert spread(smpl, 'pelvis') == spread(h36m, 'pelvis') == SPREAD[COCO17.index('left_hip')]
    assert spread(h36m, 'neck') == SPREAD[COCO17.index('nose')]
    # What hides the left leg hides its foot and leaves the other side alone.
    hidden = smpl.occluded_parts[2]
    assert {SMPL22.joint_names[j] for j in np.nonzero(hidden)[0]} == {
        'left_knee', 'left_ankle', 'left_foot'}


@pytest.mark.parametrize('skeleton', FURTHER, ids=lambda skeleton: skeleton.name)
def test_clean_windows_of_other_formats_show_the_same_people(clips, skeleton):
    coco = WindowSource(clips, SPEC, preset('clean'), seed=1).batch(32, 0)
    other = WindowSource(clips, SPEC, preset('clean'), seed=1, skeleton=skeleton).batch(32, 0)
    assert other.keypoints.shape == (32, 24, len(skeleton), 3)
    assert np.isfinite(other.keypoints).all() and np.isfinite(other.joints).all()
    shared = [name for name in skeleton.joint_names if name in COCO17.joint_names]
    assert len(shared) == 12
    ours = other.joints[:, :, [skeleton.index(name) for name in shared]]
    theirs = coco.joints[:, :, [COCO17.index(name) for name in shared]]
    # Cameras are aimed alike up to rounding; the people are the same ones.
    assert np.abs(ours - theirs).max() < 1e-3
    p_camera = to_camera(other.joints, other.world_T_camera)
    seen = other.keypoints[..., 2] > 0
    assert seen.mean() > 0.6
    error = np.abs(other.keypoints[..., :2] - p_camera[..., :2] / p_camera[..., 2:])[seen]
    assert error.max() < 1e-4


@pytest.mark.parametrize('skeleton', FURTHER, ids=lambda skeleton: skeleton.name)
def test_anchor_is_close_to_the_one_of_coco_keypoints(clips, skeleton):
    anchors = []
    for source_format in (COCO17, skeleton):
        batch = WindowSource(clips, SPEC, preset('clean'), seed=1, skeleton=source_format
                             ).batch(128, 0)
        inputs = make_network_inputs(
            batch.keypoints, batch.world_T_camera.astype(np.float64), batch.focal_length,
            np.full(128, np.nan), source_format)
        forward, height = inputs.anchor[:, 0], inputs.anchor[:, 1]
        anchors.append((inputs.world_T_window[:, :2, 3] + forward[:, None]
                        * inputs.world_T_window[:, :2, 0], height, forward, inputs.anchor[:, 2]))
        assert np.isfinite(inputs.anchor).all()
    (coco, coco_height, distance, sd), (other, height, _, _) = anchors
    apart = np.hypot(*(other - coco).T)
    assert np.median(apart / distance) < 0.002
    # Of kicks and punches, a few are judged otherwise.
    assert np.quantile(apart / sd, 0.9) < 0.3
    assert np.quantile(np.abs(height - coco_height), 0.9) < 0.03


def test_anchor_does_not_hear_of_keypoints_that_are_not_seen(clips):
    batch = WindowSource(clips, SPEC, preset('clean'), seed=1, skeleton=H36M17).batch(8, 0)

    def anchor(keypoints):
        return make_network_inputs(keypoints, batch.world_T_camera.astype(np.float64),
                                   batch.focal_length, np.full(8, np.nan), H36M17).anchor

    hidden = batch.keypoints.copy()
    hidden[:, :, H36M17.index('left_wrist')] = 0
    displaced = hidden.copy()
    displaced[:, :, H36M17.index('left_wrist'), :2] = 7.0
    unknown = hidden.copy()
    unknown[:, :, H36M17.index('left_wrist'), :2] = np.nan
    assert np.array_equal(anchor(hidden), anchor(displaced))
    assert np.array_equal(anchor(hidden), anchor(unknown))


def test_short_training_gives_a_network_that_lifts(trained):
    skeleton, weights = trained
    model, card = load_exportable(weights)
    assert card['configuration']['skeleton'] == skeleton.name and model.skeleton == skeleton
    figures = card['last_training_figures']
    assert {'total', 'mpjpe_mm', 'abs_mm', 'code'} <= set(figures)
    assert all(np.isfinite(value) for value in figures.values())
    for graph, warm in ((LifterGraph(model), False), (WarmLifterGraph(model, 1), True)):
        with torch.no_grad():
            joints, covariance, contact, stature = graph(*example_inputs(model, 3, warm))
        count, length = len(skeleton), model.tier.window_length
        assert joints.shape == (3, length, count, 3) and torch.isfinite(joints).all()
        assert covariance.shape == (3, length, count, 6) and torch.isfinite(covariance).all()
        assert contact.shape == (3, length, 2) and stature.shape == (3, 2)


def test_the_graph_of_another_format_traces():
    """What the exporter does first, and what fails where a graph has control flow on data."""
    model = make_model(dataclasses.replace(SMALL, skeleton='smpl22'), 'finetune').eval()
    inputs = example_inputs(model, 2, False)
    with torch.no_grad():
        program = torch.export.export(LifterGraph(model, 1).eval(), inputs)
        expected = LifterGraph(model, 1)(*inputs)[0]
        assert torch.allclose(program.module()(*inputs)[0], expected, atol=1e-4)


def test_lifter_follows_the_format_of_its_weights(trained, clips):
    skeleton, weights = trained
    lifter = load_lifter(weights, steps=1)
    assert lifter.input_format == skeleton and lifter.output_format == OUTPUT19
    batch = WindowSource(clips, SPEC, preset('clean'), seed=1, skeleton=skeleton).batch(1, 0)
    for hop in range(2):  # the second call starts from the first one's motion
        motion = lifter.lift(KeypointWindows(
            batch.stamps[0] + 0.1 * hop, batch.keypoints, batch.world_T_camera[0].astype(float),
            float(batch.focal_length[0]), np.array([1]), np.array([np.nan], np.float32)))
        known = defined_joints(skeleton, OUTPUT19)
        assert motion.joints.shape == (1, 24, 19, 3) and motion.confidence.shape == (1, 24, 19)
        assert (np.isfinite(motion.joints).all(axis=(0, 1, 3)) == known).all()
        assert (np.isfinite(motion.covariance).all(axis=(0, 1, 3, 4)) == known).all()
        assert (motion.confidence[0, -1] > 0).tolist() == known.tolist()


def test_formats_that_cannot_be_trained_on_are_named():
    with pytest.raises(InputError, match='left_eye_inner of skeleton blazepose33.*smpl22'):
        keypoint_layout(BLAZEPOSE33)
    torso = SkeletonFormat('torso', ('left_hip', 'right_hip'), (-1, 0), (1, 0))
    with pytest.raises(InputError, match='torso has no left_shoulder'):
        keypoint_layout(torso)
    with pytest.raises(InputError, match='skeleton must be one of'):
        configured_skeleton(dataclasses.replace(SMALL, skeleton='coco18'))
    for name, skeleton in FORMATS.items():
        try:
            layout = keypoint_layout(skeleton)
        except InputError:
            assert name in ('blazepose33', 'coco23', 'halpe26', 'body25')
        else:
            assert np.isfinite(layout.spread).all() and layout.swap_parts.any(axis=1).all()
    assert keypoint_layout(OUTPUT19).spread.shape == (19,)
