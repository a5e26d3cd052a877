# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Cosine noise schedule on continuous time, DDIM update and world-consistent noise."""

import math

import torch
from torch import Tensor

from mocap23_ros.network.views import Views

_OFFSET = 0.008  # of the cosine schedule (Nichol and Dhariwal 2021)
_MINIMUM_SIGNAL = 1e-4


def signal_power(t: Tensor) -> Tensor:
    """alpha_bar(t), t in 0 (clean) .. 1 (noise)."""
    angle = (t + _OFFSET) / (1 + _OFFSET) * (math.pi / 2)
    start = math.cos(_OFFSET / (1 + _OFFSET) * math.pi / 2)
    return ((torch.cos(angle) / start) ** 2).clamp(_MINIMUM_SIGNAL, 1.0)


def add_noise(clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """x_t of codes [B,...] at times t [B]; noise alone at t = 1.

    A network learns to read any signal that is left there (Lin et al. 2024, zero terminal SNR);
    the sampler starts from noise alone and has none.
    """
    power = torch.where(t < 1, signal_power(t), 0.0).view(-1, *([1] * (clean.dim() - 1)))
    return power.sqrt() * clean + (1 - power).sqrt() * noise


def ddim_step(x: Tensor, clean: Tensor, t: Tensor, t_next: Tensor) -> Tensor:
    """Deterministic step (eta = 0) from x at t to t_next, given the predicted clean code."""
    shape = (-1, *([1] * (x.dim() - 1)))
    power, power_next = signal_power(t).view(shape), signal_power(t_next).view(shape)
    noise = (x - power.sqrt() * clean) / (1 - power).clamp(min=1e-6).sqrt()
    return power_next.sqrt() * clean + (1 - power_next).sqrt() * noise


def time_grid(steps: int) -> list[float]:
    """Times of a K-step sampler: 1, (K-1)/K, ... 1/K."""
    return [1.0 - step / steps for step in range(steps)]


def draw_world_noise(batch: int, length: int, joints: int,
                     generator: torch.Generator | None = None,
                     device: torch.device | str = 'cpu') -> Tensor:
    """One 3D gaussian per frame, joint, root and scale: [B,T,J+2,3], for ``view_noise``."""
    return torch.randn(batch, length, joints + 2, 3, generator=generator, device=device)


def view_noise(world_noise: Tensor, views: Views) -> Tensor:
    """World-consistent noise: rotate [B,T,J+2,3] into every view, keep right and up.

    Returns [B,V,T,2J+3], unit variance per channel, correlated across views.
    """
    right, up = views.axes[:, :, 0], views.axes[:, :, 1]
    planes = world_noise[:, None]  # [B,1,T,J+2,3]

    def along(axis: Tensor) -> Tensor:
        a = axis[:, :, None, None, :]
        return (planes[..., 0] * a[..., 0] + planes[..., 1] * a[..., 1]
                + planes[..., 2] * a[..., 2])

    in_right, in_up = along(right), along(up)
    joints = world_noise.shape[2] - 2
    scale = planes[..., -1, 0:1].expand(in_up.shape[0], in_up.shape[1], -1, -1)
    return torch.cat([in_right[..., :joints], in_up[..., :joints],
                      in_right[..., joints:joints + 1], in_up[..., joints:joints + 1],
                      scale], dim=-1)
