# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Networks that are told the proportions of the body: begun, trained, exported and run."""

import numpy as np
import pytest
from recording_examples import POSE, STAMPS, K, observed
from training_helpers import torch

from mocap23_ros.engines.model_files import find_model
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.lifting.diffusion_lifter import DiffusionLifter
from mocap23_ros.lifting.proportions import takes_proportions
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.models import load_network
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_lifter import lift_streaming
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.training.mixed_batches import mixed_batches
from mocap23_ros.training.run import train_stage

CONFIGURATION = {'tier': 'xs', 'batch_size': 8, 'warm_up': 1, 'checkpoint_seconds': 1e9}


@pytest.fixture(scope='module')
def plain(clips, tmp_path_factory):
    """Weights of a network that is not told."""
    return train_stage('finetune', TrainingConfiguration(steps=3, **CONFIGURATION), clips,
                       tmp_path_factory.mktemp('plain'))


@pytest.fixture(scope='module')
def told(clips, plain, tmp_path_factory):
    """Weights that began with those and learnt what proportions mean, a little."""
    return train_stage(
        'finetune', TrainingConfiguration(steps=3, proportions=True, **CONFIGURATION), clips,
        tmp_path_factory.mktemp('told'), plain)


class Listening(OnnxRuntimeBackend):
    """Keeps what reaches the network as stature: it is seen nowhere else."""

    def __init__(self, path):
        super().__init__(path)
        self.fed = []

    def run(self, inputs):
        self.fed.append(inputs['stature'].copy())
        return super().run(inputs)


def lifted(network, windows, columns=None):
    """Joints of windows, with the first columns of the stature."""
    with torch.no_grad():
        return network.eval()(windows.observation, windows.camera, windows.anchor,
                              windows.stature[:, :columns]).joints


def test_a_network_begins_without_minding_what_it_is_told(clips, plain, tmp_path):
    configuration = TrainingConfiguration(steps=1, proportions=True, learning_rate=1e-30,
                                          **CONFIGURATION)
    begun, _ = load_network(train_stage('finetune', configuration, clips, tmp_path, plain))
    windows = mixed_batches(configuration, clips)(0)
    assert windows.stature.shape == (8, 16)
    assert (windows.stature[:, 2:] != 0).any(dim=1).float().mean() > 0.4
    former, _ = load_network(plain)
    torch.testing.assert_close(lifted(begun, windows), lifted(former, windows, 2))


def test_what_is_not_told_is_not_known(clips, told):
    network, card = load_network(told)
    assert card['configuration']['proportions'] is True
    windows = mixed_batches(TrainingConfiguration(proportions=True, **CONFIGURATION), clips)(0)
    nothing = torch.cat([windows.stature[:, :2], torch.zeros(8, 14)], dim=1)
    without = lifted(network, windows, 2)
    assert not torch.equal(lifted(network, windows), without)
    windows.stature[:] = nothing
    assert torch.equal(lifted(network, windows), without)


def test_streams_tell_the_network_what_they_saw():
    model = find_model('s')
    backend = Listening(model.full)
    assert takes_proportions(backend)
    arrays = observed(STAMPS[:30])
    recording = KeypointRecording(
        arrays['keypoints'], STAMPS[:30],
        (CameraModel.from_calibration(K, (), 'plumb_bob', arrays['image_size'].tolist()),),
        np.broadcast_to(POSE, (30, 4, 4)), np.full(2, np.nan, np.float32))
    lifter = DiffusionLifter(backend, None, model.window_length, model.rate)
    motion = lift_streaming(StreamingLifter(lifter), recording)
    assert np.isfinite(motion.joints[-1, :, COCO17.index('left_hip')]).all()
    assert not backend.fed[0][:, 2:].any()
    assert (np.diff([row[0, 9:].min() for row in backend.fed if len(row)][:4]) > 0).all()
    lifter.forget()
    backend.fed.clear()
    lift_streaming(StreamingLifter(lifter), recording)
    assert not backend.fed[0][:, 2:].any()


def test_only_the_lifter_is_told():
    with pytest.raises(InputError, match='proportions condition the model diffusion'):
        TrainingConfiguration(model='tcn', proportions=True)
