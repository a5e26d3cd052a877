# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Ground pointmap encoders: ``vector``, ``grid`` and the paper's ``resnet18``.

In the levelled views a pointmap depends only on the view's pose. It is therefore computed, not
read from files: P = C + t d with t = -C_z / d_z where the ray descends.
"""

import math

import torch
from torch import Tensor, nn

from mocap23_ros.network.tiers import Tier
from mocap23_ros.network.views import Views

FIELD_OF_VIEW = math.radians(75.0)  # of the levelled pointmap of every view


def _rays(views: Views, size: int) -> Tensor:
    """Unit rays through a size x size grid of every view: [B,V,size*size,3], B as axes."""
    half = math.tan(FIELD_OF_VIEW / 2)
    # (i + 0.5) / size rather than linspace: exports to plain constants.
    steps = (torch.arange(size, device=views.axes.device, dtype=views.axes.dtype) + 0.5) / size
    line = half * (2 * steps - 1)
    right = line.repeat(size)
    up = -line.repeat_interleave(size)
    axes = views.axes[:, :, :, None, :]
    rays = (axes[:, :, 0] * right[:, None] + axes[:, :, 1] * up[:, None] + axes[:, :, 2])
    return rays / torch.sqrt((rays * rays).sum(-1, keepdim=True))


def analytic_tokens(views: Views, size: int) -> Tensor:
    """Floor tokens [B,V,size*size,4]: unit ray and inverse floor distance -d_z / H.

    Bounded and smooth through the horizon, where a metric pointmap is neither.
    """
    rays = _rays(views, size)
    height = views.centre[:, :, -1, 2].clamp(min=0.1)[:, :, None, None]
    return torch.cat([rays.expand(len(height), -1, -1, -1),
                      (-rays[..., 2:3] / height).clamp(-4.0, 4.0)], dim=-1)


def pointmaps(views: Views, size: int = 224, farthest: float = 30.0) -> Tensor:
    """The paper's per-pixel floor intersections [B,V,3,size,size] metres, zeros above the floor.

    Relative to the floor point below the real camera; cut at ``farthest`` metres.
    """
    rays = _rays(views, size)
    centre = views.centre[:, :, -1, None, :]
    descends = rays[..., 2:3] < -1e-3
    slope = torch.where(descends, rays[..., 2:3], -torch.ones_like(rays[..., :1]))
    reach = -centre[..., 2:3] / slope
    points = centre + reach * rays
    keep = descends & (reach < farthest)
    points = torch.where(keep, points, torch.zeros_like(points))
    return points.transpose(-1, -2).unflatten(-1, (size, size))


class GridEncoder(nn.Module):
    """Two-layer perceptron on the analytic tokens; memory [B,V,N,width]."""

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        self.size = tier.grid_size
        self.network = nn.Sequential(nn.Linear(4, tier.width), nn.GELU(),
                                     nn.Linear(tier.width, tier.width))

    def forward(self, views: Views) -> Tensor:
        """Memory tokens of every view."""
        return self.network(analytic_tokens(views, self.size))


class _ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut; group norm, since batches may be a single camera."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.first_norm = nn.GroupNorm(8, channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.second_norm = nn.GroupNorm(8, channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Conv2d(channels_in, channels, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(y)) + self.shortcut(x))


class ResNet18Encoder(nn.Module):
    """ResNet-18 without its head on pointmaps of all views: 7 x 7 tokens of 224 x 224 pixels."""

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        self.size = tier.pointmap_size
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.GroupNorm(8, 64),
                                   nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        channels_in = 64
        for channels, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            layers += [_ResidualBlock(channels_in, channels, stride),
                       _ResidualBlock(channels, channels, 1)]
            channels_in = channels
        self.network = nn.Sequential(*layers)
        self.output = nn.Linear(512, tier.width)

    def forward(self, views: Views) -> Tensor:
        """Memory tokens of every view."""
        maps = pointmaps(views, self.size)
        batch, count = maps.shape[:2]
        features = self.network(maps.flatten(0, 1) / 5.0).flatten(-2).transpose(-1, -2)
        return self.output(features).unflatten(0, (batch, count))


def make_ground_encoder(tier: Tier) -> nn.Module | None:
    """Encoder of a tier; None for ``vector``, whose camera vector is all there is."""
    if tier.ground == 'vector':
        return None
    if tier.ground == 'grid':
        return GridEncoder(tier)
    if tier.ground == 'resnet18':
        return ResNet18Encoder(tier)
    raise ValueError(f'unknown ground encoder {tier.ground}')
