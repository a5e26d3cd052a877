# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What every learned lifter predicts, and the heads that predict it next to the joints."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mocap23_ros.network.precision import FullPrecisionLinear

_RAY_PRIOR = 0.03  # of the distance: standard deviation along the ray before training
_ACROSS_PRIOR = 0.02  # metres
_STATURE_LIMIT = 0.6  # of |log(stature / MEAN_STATURE)|: 0.93 to 3.1 m


@dataclass(frozen=True)
class Prediction:
    """Lifted windows in the window frame (metres).

    joints: [B,T,J,3]. log_sigma_ray, log_sigma_across: [B,T,J] log standard deviation along and
    across the viewing ray. contact: [B,T,2] logits. log_stature, log_stature_sigma: [B].
    code: [B,V,T,2J+3] clean codes as predicted, before triangulation (None for regressors).
    """

    joints: Tensor
    log_sigma_ray: Tensor
    log_sigma_across: Tensor
    contact: Tensor
    log_stature: Tensor
    log_stature_sigma: Tensor
    code: Tensor | None = None


class MotionHeads(nn.Module):
    """Uncertainty, contact and stature from the tokens of the real view."""

    def __init__(self, width: int, joints: int) -> None:
        super().__init__()
        self.joints = joints
        self.output = FullPrecisionLinear(width, 2 * joints + 2 + 2)
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.bias)

    def forward(self, tokens: Tensor, joints: Tensor, anchor: Tensor, focal_log: Tensor,
                code: Tensor | None = None) -> Prediction:
        """tokens: [B,T,width]; joints: [B,T,J,3]; focal_log: [B,T] log(f / 1000 px)."""
        raw = self.output(tokens)
        count = self.joints
        distance = anchor[:, 0].view(-1, 1, 1)
        pixels = distance * torch.exp(-focal_log[..., None])  # metres per 1000 pixels
        across_prior = torch.log(_ACROSS_PRIOR + 0.003 * pixels)
        log_ray = math.log(_RAY_PRIOR) + torch.log(distance) + raw[..., :count]
        log_across = across_prior + raw[..., count:2 * count]
        pooled = raw[..., 2 * count + 2:].mean(dim=1)
        return Prediction(
            joints, log_ray.clamp(-6.0, 2.0), log_across.clamp(-6.0, 1.0),
            raw[..., 2 * count:2 * count + 2],
            pooled[:, 0].clamp(-_STATURE_LIMIT, _STATURE_LIMIT),
            (pooled[:, 1] - 3.0).clamp(-6.0, 0.0), code)
