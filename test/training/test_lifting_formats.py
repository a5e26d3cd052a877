# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Weights of other formats than COCO-17 lift streams and recordings."""


import numpy as np
import pytest
from recording_examples import POSE, STAMPS, K, observed, truth
from training_helpers import torch  # noqa: F401 - the weights run in it

from mocap23_ros.cli import lift
from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.lifting.diffusion_lifter import DiffusionLifter
from mocap23_ros.lifting.load_lifter import load_lifter
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.offline_lifter import lift_offline
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.recordings.recording_lifter import lift_streaming
from mocap23_ros.skeletons.conversion import defined_joints
from mocap23_ros.skeletons.formats import COCO17, H36M17, OUTPUT19, SMPL22
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.training.run import train_stage

FEW = STAMPS[:16]


@pytest.fixture(scope='module', params=[SMPL22, H36M17], ids=lambda skeleton: skeleton.name)
def trained(request, clips, tmp_path_factory):
    """The format, and weights after a few steps."""
    configuration = TrainingConfiguration(
        tier='xs', steps=3, batch_size=8, warm_up=1, checkpoint_seconds=1e9,
        skeleton=request.param.name)
    folder = tmp_path_factory.mktemp(request.param.name)
    return request.param, train_stage('finetune', configuration, clips, folder)


def keypoints_in(skeleton):
    """The recording of two people who walk, seen as keypoints of the format."""
    arrays = observed(FEW)
    in_coco = KeypointRecording(
        arrays['keypoints'], FEW,
        (CameraModel.from_calibration(K, (), 'plumb_bob', arrays['image_size'].tolist()),),
        np.broadcast_to(POSE, (len(FEW), 4, 4)), np.full(2, np.nan, np.float32))
    return in_coco.converted(skeleton, partly=True)


@pytest.mark.parametrize('given', ['coco17', 'own'])
def test_weights_of_other_formats_lift_streams_and_recordings(trained, given):
    skeleton, weights = trained
    recording = keypoints_in(COCO17 if given == 'coco17' else skeleton)
    lifter = load_lifter(weights, steps=1)
    known = defined_joints(skeleton, OUTPUT19)
    for motion in (lift_streaming(StreamingLifter(lifter), recording),
                   lift_streaming(StreamingLifter(lifter, lag=3), recording),
                   lift_offline(lifter, recording)):
        assert motion.joint_names == OUTPUT19.joint_names
        assert (np.isfinite(motion.joints).all(axis=(0, 1, 3)) == known).all()
        assert (np.isfinite(motion.joints).any(axis=(0, 1, 3)) == known).all()
        covariance = motion.covariance[:, :, known].astype(np.float64)
        assert np.linalg.eigvalsh(covariance).min() > 0
        pelvis = motion.joints[:, :, OUTPUT19.index('pelvis')]
        hips = motion.joints[:, :, [OUTPUT19.index('left_hip'), OUTPUT19.index('right_hip')]]
        assert np.abs(pelvis - hips.mean(axis=2)).max() < 0.01
        # So short a training knows little, but the anchor says where people are.
        root = truth(FEW)[:, :, [11, 12]].mean(axis=2)
        assert np.median(np.linalg.norm(pelvis - root, axis=-1)) < 0.8


def test_a_file_in_the_lifter_s_own_format_is_lifted_as_it_is(trained, tmp_path, monkeypatch):
    skeleton, weights = trained
    path = tmp_path / 'in.npz'
    keypoints_in(skeleton).save(path)
    monkeypatch.setattr(lift, 'create_lifter', lambda *_, **given: load_lifter(weights, steps=1))
    assert main(['lift', '--keypoints', str(path), '--out', str(tmp_path / 'out.npz')]) == 0
    streaming = StreamingLifter(load_lifter(weights, steps=1))
    with np.load(tmp_path / 'out.npz', allow_pickle=False) as out:
        np.testing.assert_allclose(
            out['joints'], lift_streaming(streaming, load_recording(path, also=skeleton)).joints,
            atol=1e-5)


def test_a_lifter_needs_trunk_and_limbs():
    class Backend:
        """Never run."""

    with pytest.raises(InputError, match='do not tell where left_elbow is'):
        DiffusionLifter(Backend(), None, 24, 15.0, skeleton=SkeletonFormat(
            'torso', ('left_hip', 'right_hip', 'left_shoulder', 'right_shoulder'),
            (-1, 0, 0, 1), (1, 0, 3, 2)))
