# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The denoiser: a transformer over time with view attention (paper sections 3.2 and 3.3).

One token per view and frame. Without view attention it is the single-view 2D motion diffusion
model of stage 1; with it, and initialised from stage 1, the multi-view model of stage 2. Every
part that stage 2 adds starts at zero, so fine-tuning begins exactly where pre-training ended.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mocap23_ros.network.conditioning import (
    GEOMETRY_FEATURES,
    PROPORTION_FEATURES,
    VIEW_FEATURES,
    observation_channels,
)
from mocap23_ros.network.precision import FullPrecisionLinear
from mocap23_ros.network.tiers import Tier

_TIME_FREQUENCIES = 16


def zero_linear(inputs: int, outputs: int, kind: type[nn.Linear] = nn.Linear) -> nn.Linear:
    """Linear layer that begins as zero."""
    layer = kind(inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Attention(nn.Module):
    """Multi-head attention over the samples of a view, or over the views of a sample."""

    def __init__(self, width: int, heads: int, zero_output: bool = False) -> None:
        super().__init__()
        self.heads, self.head = heads, width // heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = zero_linear(width, width) if zero_output else nn.Linear(width, width)

    def forward(self, x: Tensor, views: int, length: int, over_views: bool = False) -> Tensor:
        """Self attention; x: [B*V*T,width], one row per token, samples within views."""
        scale = self.head ** -0.5
        packed = functional.linear(
            x, torch.cat([self.query.weight * scale, self.key_value.weight]),
            torch.cat([self.query.bias * scale, self.key_value.bias]))
        packed = packed.view(-1, views, length, 3, self.heads, self.head)
        # [3,B,V,heads,T,head], or [3,B,T,heads,V,head]: no transposes but these two.
        order, back = ((3, 0, 2, 4, 1, 5), (0, 3, 1, 2, 4)) if over_views else (
            (3, 0, 1, 4, 2, 5), (0, 1, 3, 2, 4))
        query, key, value = packed.permute(order)
        # Written out: in five dimensions the exporter has no scaled_dot_product_attention.
        attended = torch.softmax(query @ key.transpose(-1, -2), dim=-1) @ value
        return self.output(attended.permute(back).reshape(-1, self.heads * self.head))

    def cross(self, x: Tensor, length: int, memory: Tensor, count: int) -> Tensor:
        """Attention of x [N*length,width] to memory [N*count,width], within each of N."""
        query = self.query(x).view(-1, length, self.heads, self.head).transpose(1, 2)
        key, value = self.key_value(memory).view(
            -1, count, 2, self.heads, self.head).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value)
        return self.output(attended.transpose(1, 2).reshape(-1, self.heads * self.head))


class DenoiserLayer(nn.Module):
    """Time attention, view attention, cross attention to the pointmap, feed-forward; pre-norm."""

    def __init__(self, tier: Tier, view_attention: bool) -> None:
        super().__init__()
        width = tier.width
        self.time_norm = nn.LayerNorm(width)
        self.time_attention = Attention(width, tier.heads)
        self.view_norm = nn.LayerNorm(width) if view_attention else None
        self.view_attention = Attention(width, tier.heads, zero_output=True) \
            if view_attention else None
        has_memory = view_attention and tier.ground != 'vector'
        self.memory_view_attention = Attention(width, tier.heads, zero_output=True) \
            if has_memory else None
        self.cross_norm = nn.LayerNorm(width) if has_memory else None
        self.cross_attention = Attention(width, tier.heads, zero_output=True) \
            if has_memory else None
        self.feedforward = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, tier.feedforward),
                                         nn.GELU(), nn.Linear(tier.feedforward, width))

    def forward(self, x: Tensor, memory: Tensor | None) -> Tensor:
        """x: [B,V,T,width]; memory: [B,V,N,width] of the ground encoder."""
        shape, (views, length) = x.shape, x.shape[1:3]
        # One row per token: a linear layer is then a single matrix product with its bias.
        x = x.flatten(0, 2)
        x = x + self.time_attention(self.time_norm(x), views, length)
        if self.view_attention is not None and self.view_norm is not None:
            x = x + self.view_attention(self.view_norm(x), views, length, over_views=True)
        if memory is not None and self.cross_attention is not None \
                and self.cross_norm is not None and self.memory_view_attention is not None:
            count = memory.shape[2]
            ground = memory.flatten(0, 2)
            ground = ground + self.memory_view_attention(ground, views, count, over_views=True)
            x = x + self.cross_attention.cross(self.cross_norm(x), length, ground, count)
        return (x + self.feedforward(x)).view(shape)


class Denoiser(nn.Module):
    """Predict the clean motion codes of all views from noisy ones (x0 prediction)."""

    positions: Tensor
    frequencies: Tensor

    def __init__(self, tier: Tier, joints: int, view_attention: bool = True,
                 proportions: bool = False) -> None:
        super().__init__()
        width, channels = tier.width, 2 * joints + 3
        self.has_view_attention = view_attention
        self.code_projection = FullPrecisionLinear(channels, width)
        self.observation_projection = nn.Sequential(
            FullPrecisionLinear(observation_channels(joints), 2 * width), nn.GELU(),
            FullPrecisionLinear(2 * width, width))
        self.time_projection = nn.Sequential(
            nn.Linear(2 * _TIME_FREQUENCIES, width), nn.GELU(), nn.Linear(width, width))
        self.view_projection = FullPrecisionLinear(VIEW_FEATURES, width)
        if view_attention:
            # From the real view's observation to the virtual views, and the floor geometry.
            self.across_projection = zero_linear(width, width)
            self.geometry_projection = nn.Sequential(
                FullPrecisionLinear(GEOMETRY_FEATURES + PROPORTION_FEATURES * proportions, width),
                nn.GELU(),
                zero_linear(width, width))
        self.layers = nn.ModuleList(
            DenoiserLayer(tier, view_attention) for _ in range(tier.layers))
        self.output_norm = nn.LayerNorm(width)
        self.output = zero_linear(width, channels, FullPrecisionLinear)
        self.register_buffer('positions', _sinusoids(tier.window_length, width), persistent=False)
        self.register_buffer('frequencies', math.pi * 2.0 ** torch.linspace(
            -2.0, 5.0, _TIME_FREQUENCIES), persistent=False)

    def forward(self, x: Tensor, t: Tensor, observed: Tensor, view: Tensor,
                geometry: Tensor | None = None,
                memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Denoise; arguments as ``tokens``.

        Returns the clean codes and the tokens [B,V,T,width] for the heads.
        """
        tokens = self.tokens(x, t, observed, view, geometry, memory)
        return self.output(tokens), tokens

    def tokens(self, x: Tensor, t: Tensor, observed: Tensor, view: Tensor,
               geometry: Tensor | None = None, memory: Tensor | None = None) -> Tensor:
        """Normalised tokens [B,V,T,width] of the last layer.

        x: [B,V,T,2J+3] noisy codes; t: [B] diffusion time 0..1; B may be 1 for both.
        observed: [B,T,5J+3] features of the first view. view: [B,V,T,10] camera vectors.
        geometry: [B,T,20 or 34] and memory: [B,V,N,width], multi-view model only.
        """
        waves = t[:, None] * self.frequencies
        time = self.time_projection(torch.cat(
            [torch.sin(waves), torch.cos(waves)], dim=-1).to(x.dtype))
        observation = self.observation_projection(observed)
        # Constants first: at a full start the whole bracket is one.
        tokens = (self.code_projection(x) + (self.positions[:x.shape[2]] + time[:, None, None, :])
                  ) + self.view_projection(view)
        if self.has_view_attention:
            across = self.across_projection(observation).unsqueeze(1)
            own = torch.cat([observation.unsqueeze(1),
                             across.expand(-1, x.shape[1] - 1, -1, -1)], dim=1)
            tokens = tokens + own
            if geometry is not None:
                tokens = tokens + self.geometry_projection(geometry).unsqueeze(1)
        else:
            # Views are independent: the real one is in-painted, the others are unconditional.
            nothing = self.observation_projection(torch.zeros_like(observed)).unsqueeze(1)
            tokens = tokens + torch.cat([observation.unsqueeze(1), nothing.expand(
                -1, x.shape[1] - 1, -1, -1)], dim=1)
        for layer in self.layers:
            tokens = layer(tokens, memory)
        return self.output_norm(tokens)


def _sinusoids(length: int, width: int) -> Tensor:
    """Sinusoidal positions [length,width]."""
    position = torch.arange(length, dtype=torch.float32)[:, None]
    rate = torch.exp(-math.log(10000.0) * torch.arange(0, width, 2) / width)
    return torch.stack([torch.sin(position * rate), torch.cos(position * rate)], -1).flatten(1)
