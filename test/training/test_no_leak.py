# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the network is shown in fine-tuning must not hold the answer."""

from dataclasses import replace

import pytest
import torch

from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.models import make_model
from mocap23_ros.network.noise_schedule import add_noise, signal_power
from mocap23_ros.network.triangulation import split_planes
from mocap23_ros.training.mixed_batches import mixed_batches
from mocap23_ros.training.stages import finetune_loss


def shown(model, windows, configuration):
    """Codes, times and condition that the network is given for a batch."""
    seen = []
    ordinary = type(model).predict

    def predict(x, t, condition):
        seen.append((x, t, condition))
        return ordinary(model, x, t, condition)

    model.predict = predict
    torch.manual_seed(5)
    with torch.no_grad():
        finetune_loss(model, windows, configuration)
    return seen[0]


@pytest.mark.parametrize('share', [1.0, 0.0])
def test_the_truth_cannot_be_computed_from_what_is_shown(clips, share):
    configuration = TrainingConfiguration(tier='xs', batch_size=32, one_step_share=share)
    model = make_model(configuration, 'finetune')
    windows = mixed_batches(configuration, clips)(0)
    x, t, condition = shown(model, windows, configuration)
    start = t == 1
    assert bool(start.all()) == (share == 1.0)
    # At the start nothing of the truth is in x: another truth, the same x.
    other, _, _ = shown(model, replace(windows, joints=windows.joints + 0.3), configuration)
    torch.testing.assert_close(other[start], x[start], atol=0, rtol=0)
    # Later it is, under noise that is not the draw which the network knows.
    clean = model.encode_joints(split_planes(windows.joints), condition)
    power = signal_power(t).view(-1, 1, 1, 1)
    guess = (x - (1 - power).sqrt() * model.noise(condition)) / power.sqrt()
    error = (guess - clean).abs().mean(dim=(1, 2, 3))[(t < 1) & (t > 0.2)]
    assert (error > 0.1).all()


def test_no_signal_is_left_at_the_start():
    clean, noise = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    assert torch.equal(add_noise(clean, noise, torch.ones(2)), noise)
