# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Features that condition the denoiser: observed 2D motion, geometry of the floor, the views."""

import torch
from torch import Tensor

from mocap23_ros.network.views import Views
from mocap23_ros.skeletons.body_proportions import WALKING_ANKLE_HEIGHT
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

GEOMETRY_FEATURES = 20
PROPORTION_FEATURES = 14  # lifting/proportions.py
VIEW_FEATURES = 10


def observation_channels(joints: int) -> int:
    """Number of channels of ``observation_features``."""
    return 5 * joints + 3


def observation_features(point: Tensor, confidence: Tensor, anchor_point: Tensor,
                         anchor_depth: Tensor) -> Tensor:
    """Observed motion of one view as global movement and local pose (paper section 3.2).

    point: [B,T,J,2], confidence: [B,T,J], zero where unobserved. anchor_point: [B,T,2],
    anchor_depth: [B,T]. Unlike the motion code this needs neither hip: centre and scale are
    weighted by confidence. Returns [B,T,5J+3].
    """
    seen = (confidence > 0).to(point.dtype)[..., None]
    depth = anchor_depth[..., None, None]
    movement = (point - anchor_point[..., None, :]) * depth * seen  # metres at the anchor
    weight = (confidence[..., None] + 1e-6) * seen
    total = weight.sum(-2, keepdim=True) + 1e-6
    centre = (movement * weight).sum(-2, keepdim=True) / total
    offset = (movement - centre) * seen
    scale = torch.sqrt((offset * offset * weight).sum((-2, -1), keepdim=True) / total + 1e-4)
    local = offset / scale
    visible = (total > 1e-5).to(point.dtype)
    return torch.cat([
        movement[..., 0], movement[..., 1], local[..., 0], local[..., 1], confidence,
        centre[..., 0, :] * visible[..., 0], torch.log(scale)[..., 0] * visible[..., 0],
    ], dim=-1).clamp(-6.0, 6.0)


def geometry_features(observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                      skeleton: SkeletonFormat) -> Tensor:
    """Where floor, body size and camera put the person, relative to the anchor: [B,T,20].

    observation [B,T,J,3], camera [B,T,8], anchor [B,3], stature [B,2] as in network_inputs; of a
    stature [B,16] with proportions these follow: [B,T,34].
    The ankle terms are the person's entries of the ground pointmap: the inverse of the range at
    which the ankle's ray meets the floor, in units of the anchor's, smooth through the horizon.
    """
    length = observation.shape[1]
    height = camera[..., 2:3]
    depth = (anchor[:, None, 0:1] - camera[..., 0:1]).clamp(min=0.3)
    index = torch.tensor(skeleton.pair('ankle'), device=observation.device)
    ankles = observation.index_select(2, index)
    seen = (ankles[..., 2] > 0).to(observation.dtype)
    inverse = depth * -ankles[..., 1] / (height - WALKING_ANKLE_HEIGHT).clamp(min=0.05)
    hits = (inverse.clamp(-1.0, 3.0) - 1.0) * seen * 4.0  # [B,T,2]
    axis_scale = torch.tensor([1.0, 2.0, 2.0, 4.0, 1.0], dtype=camera.dtype,
                              device=camera.device)  # optical axis, roll, focal length
    constant = torch.cat([
        torch.log(anchor[:, 0:1] / 5.0), anchor[:, 1:2] - 0.95,
        torch.log(anchor[:, 2:3] / anchor[:, 0:1] + 1e-3) + 3.0,
        stature[:, 0:1] * 10.0, stature[:, 1:]], dim=-1)
    features = torch.cat([
        torch.stack([hits, seen], dim=-1).flatten(-2), hits.amax(-1, keepdim=True), height,
        torch.log(height.clamp(min=0.05)), camera[..., 0:2], camera[..., 3:8] * axis_scale,
        torch.log(depth / 5.0), constant[:, None, :].expand(-1, length, -1)], dim=-1)
    return features.clamp(-6.0, 6.0)


def view_features(views: Views, anchor: Tensor) -> Tensor:
    """Camera vector of every view and frame, intrinsics removed: [B,V,T,10].

    Height, pitch, heading relative to the anchor (extrinsics in full, not only height, pitch and
    roll as in the paper's released network), direction and log distance to the anchor, real flag.
    """
    batch, count, length, _ = views.centre.shape
    target = torch.stack([anchor[:, 0], torch.zeros_like(anchor[:, 0]), anchor[:, 1]], dim=-1)
    offset = target[:, None, None, :] - views.centre
    distance = torch.sqrt((offset * offset).sum(-1, keepdim=True) + 1e-6)
    forward = views.axes[:, :, 2][:, :, None, :].expand(batch, -1, length, -1)
    real = torch.zeros(count, dtype=offset.dtype, device=offset.device)
    real[0] = 1.0
    # 2 + 3 + 3 + 1 + 1 channels
    return torch.cat([
        views.centre[..., 2:3] / 2.0, views.centre[..., 1:2] / 4.0, forward, offset / distance,
        torch.log(distance / 4.0),
        real.view(1, count, 1, 1).expand(batch, count, length, 1)], dim=-1)
