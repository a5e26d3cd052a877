# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Disentangled 2D motion representation: local pose and global movement (paper section 3.2).

Per view and frame: the root-centred local pose divided by its scale (2 J numbers), and the global
movement: root (2) and scale (1). Root and scale are measured against the anchor, in metres at the
anchor's depth, so that near and far people look alike to the network.
"""

import torch
from torch import Tensor, nn

from mocap23_ros.network.views import Views
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

_MINIMUM_SCALE = 1e-3


class MotionCode(nn.Module):
    """Encode image planes to standardised codes and back; the inverse is exact.

    Code channels: J right, J up (local pose), root right, root up, log scale: 2 J + 3. With
    ``decouple`` off (the paper's ablation) the first 2 J are undivided coordinates relative to
    the anchor and decoding ignores root and scale.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, skeleton: SkeletonFormat, views: int, decouple: bool = True) -> None:
        super().__init__()
        self.joints = len(skeleton)
        self.decouple = decouple
        self.channels = 2 * self.joints + 3
        self.hips = skeleton.pair('hip')
        self.register_buffer('mean', torch.zeros(views, self.channels))
        self.register_buffer('deviation', torch.ones(views, self.channels))

    def raw(self, u: Tensor, v: Tensor, views: Views) -> Tensor:
        """Code before standardisation, [B,V,T,2J+3], of image planes u, v [B,V,T,J]."""
        left, right = self.hips
        root_u = 0.5 * (u[..., left:left + 1] + u[..., right:right + 1])
        root_v = 0.5 * (v[..., left:left + 1] + v[..., right:right + 1])
        local_u, local_v = u - root_u, v - root_v
        scale = torch.sqrt((local_u * local_u + local_v * local_v).mean(-1, keepdim=True)
                           + _MINIMUM_SCALE ** 2)
        depth = views.anchor_depth[..., None]
        if self.decouple:
            pose_u, pose_v = local_u / scale, local_v / scale
        else:
            pose_u = (u - views.anchor_point[..., 0:1]) * depth
            pose_v = (v - views.anchor_point[..., 1:2]) * depth
        return torch.cat([
            pose_u, pose_v,
            (root_u - views.anchor_point[..., 0:1]) * depth,
            (root_v - views.anchor_point[..., 1:2]) * depth,
            torch.log(scale * depth)], dim=-1)

    def encode(self, u: Tensor, v: Tensor, views: Views, kind: Tensor | None = None) -> Tensor:
        """Standardised code; kind [B] picks the statistics in single-view training."""
        mean, deviation = self._statistics(u.shape[1], kind)
        return (self.raw(u, v, views) - mean) / deviation

    def decode(self, code: Tensor, views: Views,
               kind: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Image planes u, v [B,V,T,J] of a standardised code."""
        mean, deviation = self._statistics(code.shape[1], kind)
        raw = code * deviation + mean
        joints = self.joints
        depth = views.anchor_depth[..., None]
        if not self.decouple:
            return (raw[..., :joints] / depth + views.anchor_point[..., 0:1],
                    raw[..., joints:2 * joints] / depth + views.anchor_point[..., 1:2])
        scale = torch.exp(raw[..., -1:].clamp(-5.0, 3.0)) / depth
        root_u = raw[..., 2 * joints:2 * joints + 1] / depth + views.anchor_point[..., 0:1]
        root_v = raw[..., 2 * joints + 1:2 * joints + 2] / depth + views.anchor_point[..., 1:2]
        return raw[..., :joints] * scale + root_u, raw[..., joints:2 * joints] * scale + root_v

    def fit_statistics(self, raw_codes: Tensor) -> None:
        """Set mean and deviation from raw codes [N,V,T,2J+3] of training windows."""
        flat = raw_codes.transpose(0, 1).flatten(1, 2)
        self.mean.copy_(flat.mean(dim=1))
        self.deviation.copy_(flat.std(dim=1).clamp(min=0.02))

    def _statistics(self, views: int, kind: Tensor | None) -> tuple[Tensor, Tensor]:
        if kind is None:
            return self.mean[None, :views, None, :], self.deviation[None, :views, None, :]
        return self.mean[kind][:, None, None, :], self.deviation[kind][:, None, None, :]
