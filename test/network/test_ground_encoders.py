# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Pointmaps of the levelled views against plain numpy, and what encodes them."""

import dataclasses

import numpy as np
import pytest
from reference_geometry import pointmap, unit_rays
from training_helpers import scene, torch, views_of

from mocap23_ros.network.ground_encoders import (
    FIELD_OF_VIEW,
    GridEncoder,
    ResNet18Encoder,
    analytic_tokens,
    make_ground_encoder,
    pointmaps,
)
from mocap23_ros.network.tiers import find_tier
from mocap23_ros.network.views import RigJitter

SIZE, FARTHEST = 24, 12.0


@pytest.fixture
def views():
    camera, anchor, _ = scene(batch=2)
    camera[..., 2] = torch.tensor([0.6, 2.5])[:, None]
    torch.manual_seed(0)
    return views_of(camera, anchor, jitter=RigJitter())


def pose(views, sample, view):
    """window_T_camera of a view at the newest sample; rows of its axes: right, up, forward."""
    right, up, forward = views.axes[sample, view].double().numpy()
    window_T_camera = np.eye(4)
    window_T_camera[:3, :3] = np.stack([right, -up, forward], axis=1)
    window_T_camera[:3, 3] = views.centre[sample, view, -1].double().numpy()
    return window_T_camera


def test_pointmaps_are_the_floor_points_that_the_views_see(views):
    maps = pointmaps(views, SIZE, FARTHEST)
    assert maps.shape == (2, 4, 3, SIZE, SIZE)
    for sample in range(2):
        for view in range(4):
            window_T_camera = pose(views, sample, view)
            expected = pointmap(window_T_camera, SIZE, FIELD_OF_VIEW)
            reach = np.linalg.norm(expected - window_T_camera[:3, 3], axis=-1)
            # Of NaN too: the floor is not seen there. At the border rounding may decide.
            kept = reach < FARTHEST
            ours = maps[sample, view].permute(1, 2, 0).numpy()
            clear = ~(np.abs(reach - FARTHEST) < 1e-3)
            assert 0.05 < kept.mean() < 0.95
            assert np.allclose(ours[clear & kept], expected[clear & kept], atol=2e-3)
            assert (ours[clear & ~kept] == 0).all()
            # The floor is below, so in the lower rows.
            assert kept[-1].all() and not kept[0].all()


def test_analytic_tokens_are_rays_and_inverse_floor_ranges(views):
    tokens = analytic_tokens(views, 4)
    for view in range(4):
        window_T_camera = pose(views, 1, view)
        rays = unit_rays(window_T_camera, 4, FIELD_OF_VIEW).reshape(16, 3)
        expected = np.column_stack([rays, -rays[:, 2] / window_T_camera[2, 3]])
        assert np.allclose(tokens[1, view].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(('ground', 'size', 'count'), [('resnet18', 32, 1), ('resnet18', 64, 4),
                                                       ('grid', 32, 16)])
def test_an_encoder_gives_tokens_and_learns(views, ground, size, count):
    tier = dataclasses.replace(find_tier('xs'), ground=ground, pointmap_size=size)
    torch.manual_seed(0)
    encoder = make_ground_encoder(tier)
    assert isinstance(encoder, ResNet18Encoder if ground == 'resnet18' else GridEncoder)
    memory = encoder(views)
    assert memory.shape == (2, 4, count, tier.width) and torch.isfinite(memory).all()
    # Other poses, other tokens.
    assert (memory[:, 1:] - memory[:, :-1]).abs().amax(dim=(2, 3)).min() > 1e-4
    memory.square().mean().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_the_vector_tier_has_no_encoder():
    assert make_ground_encoder(find_tier('xs')) is None
