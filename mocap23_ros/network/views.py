# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The real view and the virtual views of a window: a rig of levelled or look-at cameras.

Everything is in the window frame (z up, +x from the camera to the anchor) and in planes: one
tensor per coordinate, which a CPU works through thirty times faster than a trailing xyz axis.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

# Virtual cameras around the anchor: azimuth from the real view, elevation, degrees (design of
# the paper's three virtual views; a view from behind carries no depth but helps occlusion).
RIG = ((90.0, 10.0), (-90.0, 10.0), (180.0, 25.0))
RADIUS = 4.0  # metres
_MINIMUM_DEPTH = 0.2  # metres
TARGET_HEIGHT = 0.9  # metres, what the virtual cameras look at


@dataclass(frozen=True)
class RigJitter:
    """Variation of the virtual cameras in training, so that exact poses need not be met."""

    azimuth: float = 15.0  # degrees, +-
    elevation: float = 8.0  # degrees, +-
    radius: tuple[float, float] = (3.0, 6.0)


@dataclass(frozen=True)
class Views:
    """V views of a batch; view 0 is the real one.

    axes: [B,V,3,3] rows are right, up, forward of the view in the window frame; [1,V,3,3] where
        all samples have the same (no jitter).
    centre: [B,V,T,3] optical centres (the virtual ones do not move).
    anchor_point: [B,V,T,2] image of the anchor; anchor_depth: [B,V,T] its depth in the view.
    """

    axes: Tensor
    centre: Tensor
    anchor_point: Tensor
    anchor_depth: Tensor

    def select(self, index: Tensor) -> 'Views':
        """Views [B,1,...] picked per sample by index [B]; for single-view training."""
        rows = torch.arange(len(index), device=index.device)
        axes = self.axes.expand(len(index), -1, -1, -1)
        return Views(axes[rows, index].unsqueeze(1), self.centre[rows, index].unsqueeze(1),
                     self.anchor_point[rows, index].unsqueeze(1),
                     self.anchor_depth[rows, index].unsqueeze(1))


def make_views(camera: Tensor, anchor: Tensor, jitter: RigJitter | None = None,
               views: int = 4) -> Views:
    """Set up the rig around the anchor.

    camera: [B,T,8], anchor: [B,3] as in lifting/network_inputs.py. With ``jitter`` the virtual
    cameras are varied at random (torch's global generator). views: 1 to 4.
    """
    batch, length, _ = camera.shape
    axes, towards = _rig(camera, jitter, views)
    zeros = torch.zeros_like(anchor[:, :1])
    target = torch.cat([anchor[:, :1], zeros, zeros + TARGET_HEIGHT], dim=-1)
    virtual = (target[:, None] + towards)[:, :, None].expand(batch, views - 1, length, 3)
    centres = torch.cat([camera[:, None, :, :3], virtual], dim=1)
    p_anchor = torch.cat([anchor[:, :1], zeros, anchor[:, 1:2]], dim=-1)[:, None, None, None]
    partial = Views(axes, centres, camera, camera)
    u, v, depth = project(partial, (p_anchor[..., 0], p_anchor[..., 1], p_anchor[..., 2]))
    return Views(axes, centres, torch.cat([u, v], dim=-1), depth.squeeze(-1))


def _rig(camera: Tensor, jitter: RigJitter | None, views: int) -> tuple[Tensor, Tensor]:
    """Axes [B,V,3,3] and vectors from the target to the virtual cameras [B,V-1,3].

    Without jitter both are constants with a leading 1 instead of B, so that all that follows
    from them alone is computed when a graph is exported.
    """
    dtype, device = camera.dtype, camera.device
    rig = torch.tensor(RIG, dtype=dtype, device=device)[:views - 1] * (math.pi / 180)
    azimuth, elevation = rig[None, :, 0], rig[None, :, 1]
    radius = torch.full((1, views - 1), RADIUS, dtype=dtype, device=device)
    if jitter is not None:
        uniform = torch.rand(3, len(camera), views - 1, dtype=dtype, device=device)
        azimuth = azimuth + math.radians(jitter.azimuth) * (2 * uniform[0] - 1)
        elevation = elevation + math.radians(jitter.elevation) * (2 * uniform[1] - 1)
        low, high = jitter.radius
        radius = low + (high - low) * uniform[2]
    # Direction from the target to the camera; the real view stands at azimuth 0 (-x).
    level = torch.cos(elevation)
    towards = torch.stack([-level * torch.cos(azimuth), -level * torch.sin(azimuth),
                           torch.sin(elevation)], dim=-1)
    forward = -towards
    horizontal = torch.sqrt(forward[..., 0] ** 2 + forward[..., 1] ** 2)
    right = torch.stack([forward[..., 1] / horizontal, -forward[..., 0] / horizontal,
                         torch.zeros_like(horizontal)], dim=-1)
    # up = right x forward
    up = torch.stack([right[..., 1] * forward[..., 2], -right[..., 0] * forward[..., 2],
                      right[..., 0] * forward[..., 1] - right[..., 1] * forward[..., 0]], dim=-1)
    # View 0: levelled, at the true centre, looking along +x; right is -y.
    real = torch.tensor([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], dtype=dtype,
                        device=device)
    axes = torch.cat([real.expand(len(towards), 1, 3, 3),
                      torch.stack([right, up, forward], dim=2)], dim=1)
    return axes, radius[..., None] * towards


def project(views: Views, joints: tuple[Tensor, Tensor, Tensor]
            ) -> tuple[Tensor, Tensor, Tensor]:
    """Project joints, given as planes [B,1,T,J], into all views.

    Returns image planes u (right), v (up) and depth, each [B,V,T,J]; depth has a minimum, so
    that a joint behind a virtual camera stays finite.
    """
    columns = axis_columns(views.axes)
    # [B,V,3,T,J]: right, up and forward at once.
    parts = [columns[i] * (joints[i] - views.centre[..., i, None]).unsqueeze(2) for i in range(3)]
    p_view = parts[0] + parts[1] + parts[2]
    depth = p_view[:, :, 2].clamp(min=_MINIMUM_DEPTH)
    return p_view[:, :, 0] / depth, p_view[:, :, 1] / depth, depth


def axis_columns(axes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Columns of [B,V,3,3] as [B,V,3,1,1]: factors of x, y and z in all three rows."""
    columns = axes.transpose(-1, -2)[..., None, None]
    return columns[:, :, 0], columns[:, :, 1], columns[:, :, 2]
