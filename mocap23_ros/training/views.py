# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The real view and the virtual views of a window: a rig of levelled or look-at cameras.

Everything is in the window frame (z up, +x from the camera to the anchor) and in planes, that is
one tensor per coordinate: measured thirty times faster than a trailing xyz axis on a CPU.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

# Virtual cameras around the anchor: azimuth from the real view, elevation, degrees (design of
# the paper's three virtual views; a view from behind carries no depth but helps occlusion).
RIG = ((90.0, 10.0), (-90.0, 10.0), (180.0, 25.0))
RADIUS = 4.0  # metres
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

    axes: [B,V,3,3] rows are right, up, forward of the view in the window frame.
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
        return Views(self.axes[rows, index].unsqueeze(1), self.centre[rows, index].unsqueeze(1),
                     self.anchor_point[rows, index].unsqueeze(1),
                     self.anchor_depth[rows, index].unsqueeze(1))


def make_views(camera: Tensor, anchor: Tensor, jitter: RigJitter | None = None,
               views: int = 4) -> Views:
    """Set up the rig around the anchor.

    camera: [B,T,8], anchor: [B,3] as in lifting/network_inputs.py. With ``jitter`` the virtual
    cameras are varied at random (torch's global generator). views: 1 to 4.
    """
    batch, length, _ = camera.shape
    device, dtype = camera.device, camera.dtype
    zeros = torch.zeros(batch, dtype=dtype, device=device)
    ones = zeros + 1
    # View 0: levelled, at the true centre, looking along +x; right is -y.
    real_axes = torch.stack([zeros, -ones, zeros, zeros, zeros, ones, ones, zeros, zeros],
                            dim=-1).view(batch, 1, 3, 3)
    axes, centres = [real_axes], [camera[..., :3].unsqueeze(1)]
    target = torch.stack([anchor[:, 0], zeros, zeros + TARGET_HEIGHT], dim=-1)
    for azimuth_degrees, elevation_degrees in RIG[:views - 1]:
        azimuth = zeros + math.radians(azimuth_degrees)
        elevation = zeros + math.radians(elevation_degrees)
        radius = zeros + RADIUS
        if jitter is not None:
            uniform = torch.rand(3, batch, dtype=dtype, device=device)
            azimuth = azimuth + math.radians(jitter.azimuth) * (2 * uniform[0] - 1)
            elevation = elevation + math.radians(jitter.elevation) * (2 * uniform[1] - 1)
            low, high = jitter.radius
            radius = low + (high - low) * uniform[2]
        # Direction from the target to the camera; the real view stands at azimuth 0 (-x).
        level = torch.cos(elevation)
        towards = torch.stack([-level * torch.cos(azimuth), -level * torch.sin(azimuth),
                               torch.sin(elevation)], dim=-1)
        forward = -towards
        horizontal = torch.sqrt(forward[:, 0] ** 2 + forward[:, 1] ** 2)
        right = torch.stack([forward[:, 1] / horizontal, -forward[:, 0] / horizontal, zeros], -1)
        # up = right x forward
        up = torch.stack([right[:, 1] * forward[:, 2],
                          -right[:, 0] * forward[:, 2],
                          right[:, 0] * forward[:, 1] - right[:, 1] * forward[:, 0]], dim=-1)
        axes.append(torch.stack([right, up, forward], dim=1).unsqueeze(1))
        centre = target + radius[:, None] * towards
        centres.append(centre[:, None, None, :].expand(batch, 1, length, 3))
    all_axes, all_centres = torch.cat(axes, dim=1), torch.cat(centres, dim=1)
    p_anchor = torch.stack([anchor[:, 0], zeros, anchor[:, 1]], dim=-1)
    x, y, z = (p_anchor[:, i].view(batch, 1, 1, 1).expand(batch, 1, length, 1) for i in range(3))
    partial = Views(all_axes, all_centres, camera, camera)
    u, v, depth = project(partial, (x, y, z))
    point = torch.cat([u, v], dim=-1)
    return Views(all_axes, all_centres, point, depth.squeeze(-1))


def project(views: Views, joints: tuple[Tensor, Tensor, Tensor],
            minimum_depth: float = 0.2) -> tuple[Tensor, Tensor, Tensor]:
    """Project joints, given as planes [B,1,T,J], into all views.

    Returns image planes u (right), v (up) and depth, each [B,V,T,J]; depth is held above
    ``minimum_depth`` so that a joint behind a virtual camera stays finite.
    """
    x = joints[0] - views.centre[..., 0, None]
    y = joints[1] - views.centre[..., 1, None]
    z = joints[2] - views.centre[..., 2, None]
    a = views.axes[:, :, :, :, None, None]
    right = a[:, :, 0, 0] * x + a[:, :, 0, 1] * y + a[:, :, 0, 2] * z
    up = a[:, :, 1, 0] * x + a[:, :, 1, 1] * y + a[:, :, 1, 2] * z
    forward = a[:, :, 2, 0] * x + a[:, :, 2, 1] * y + a[:, :, 2, 2] * z
    depth = forward.clamp(min=minimum_depth)
    return right / depth, up / depth, depth
