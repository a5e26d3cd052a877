# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Direct regressors of depth along the ray: baselines B2 (same backbone) and B3 (Ray3D manner).

No virtual views and no diffusion: one token per frame of the real view goes in, the depth of every
joint along its ray comes out.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mocap23_ros.network.conditioning import (
    GEOMETRY_FEATURES,
    geometry_features,
    observation_channels,
    observation_features,
)
from mocap23_ros.network.denoiser import DenoiserLayer, _sinusoids
from mocap23_ros.network.precision import FullPrecisionLinear
from mocap23_ros.network.prediction import MotionHeads, Prediction
from mocap23_ros.network.tiers import Tier
from mocap23_ros.network.views import make_views
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

TCN_DILATIONS = (1, 3, 9)


class TransformerTrunk(nn.Module):
    """The denoiser's layers on the tokens of the real view."""

    positions: Tensor

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DenoiserLayer(tier, view_attention=False)
                                    for _ in range(tier.layers))
        self.norm = nn.LayerNorm(tier.width)
        self.register_buffer('positions', _sinusoids(tier.window_length, tier.width),
                             persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: [B,T,width]."""
        x = (tokens + self.positions[:tokens.shape[1]]).unsqueeze(1)
        for layer in self.layers:
            x = layer(x, None)
        return self.norm(x.squeeze(1))


class ConvolutionTrunk(nn.Module):
    """Residual dilated temporal convolutions, the window's ends held by replication."""

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        width = 2 * tier.width
        self.input = nn.Conv1d(tier.width, width, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation,
                                    padding_mode='replicate'),
                          nn.GroupNorm(8, width), nn.GELU(), nn.Conv1d(width, width, 1))
            for dilation in TCN_DILATIONS)
        self.output = nn.Conv1d(width, tier.width, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: [B,T,width]."""
        x = self.input(tokens.transpose(1, 2))
        for block in self.blocks:
            x = x + block(x)
        return self.output(x).transpose(1, 2)


class RayDepthRegressor(nn.Module):
    """Inputs and outputs of the lifter without its views; ``trunk`` is transformer or tcn."""

    def __init__(self, tier: Tier, skeleton: SkeletonFormat, trunk: str = 'transformer') -> None:
        super().__init__()
        self.tier, self.skeleton, self.stature_features = tier, skeleton, 2
        joints, width = len(skeleton), tier.width
        self.input = nn.Sequential(
            FullPrecisionLinear(observation_channels(joints) + GEOMETRY_FEATURES, 2 * width),
            nn.GELU(), FullPrecisionLinear(2 * width, width))
        self.trunk: nn.Module = TransformerTrunk(tier) if trunk == 'transformer' \
            else ConvolutionTrunk(tier)
        # trust, right, up and relative depth per joint; root depth
        self.output = FullPrecisionLinear(width, 4 * joints + 1)
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.bias)
        self.heads = MotionHeads(width, joints)

    def forward(self, observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                times: Sequence[float] = (1.0,), previous: Tensor | None = None) -> Prediction:
        """Lift windows; inputs as LifterModel. times and previous are ignored."""
        joints = len(self.skeleton)
        view = make_views(camera, anchor, views=1)
        point, confidence = observation[..., :2], observation[..., 2]
        anchor_point, depth = view.anchor_point[:, 0], view.anchor_depth[:, 0]
        features = torch.cat([
            observation_features(point, confidence, anchor_point, depth),
            geometry_features(observation, camera, anchor, stature, self.skeleton)], dim=-1)
        tokens = self.trunk(self.input(features))
        raw = self.output(tokens)
        trust = torch.sigmoid(raw[..., :joints] + 1.5) * (confidence > 0)
        shift = raw[..., joints:3 * joints].unflatten(-1, (2, joints)) / depth[..., None, None]
        # The image point of a missing joint is predicted around the anchor's.
        u = trust * point[..., 0] + (1 - trust) * anchor_point[..., 0:1] + shift[..., 0, :]
        v = trust * point[..., 1] + (1 - trust) * anchor_point[..., 1:2] + shift[..., 1, :]
        root = depth * torch.exp(raw[..., -1].clamp(-1.5, 1.5))
        s = (root[..., None] + raw[..., 3 * joints:4 * joints]).clamp(0.3, 40.0)
        lifted = torch.stack([camera[..., 0:1] + s, camera[..., 1:2] - s * u,
                              camera[..., 2:3] + s * v], dim=-1)
        return self.heads(tokens, lifted, anchor, camera[..., 7])
