# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Temperatures of the predicted uncertainty, from subjects that neither train nor validate."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from mocap23_ros.datasets.training_windows import WindowSource
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.training.targets import training_windows

# 95 % points of |z| in one dimension (along the ray) and of the radius in two (across it).
_RAY_95, _ACROSS_95 = 1.960, 2.448


@dataclass(frozen=True)
class Temperatures:
    """Factors on the standard deviations along and across the viewing ray."""

    ray: float
    across: float


@torch.no_grad()
def calibrate(model: nn.Module, source: WindowSource, skeleton: SkeletonFormat,
              batches: int = 24, batch_size: int = 32, newest: int = 8) -> Temperatures:
    """Scale the predicted deviations so that 95 % of the errors fall within 95 % bounds.

    Only the newest samples of each window count: they are the ones that are published.
    """
    along_all, across_all = [], []
    model.eval()
    for index in range(batches):
        windows = training_windows(source.batch(batch_size, index), skeleton, seed=index)
        prediction = model(windows.observation, windows.camera, windows.anchor, windows.stature)
        error = (prediction.joints - windows.joints)[:, -newest:]
        offset = (windows.joints - windows.camera[..., None, :3])[:, -newest:]
        ray = offset / torch.linalg.norm(offset, dim=-1, keepdim=True)
        along = (error * ray).sum(-1)
        across = torch.linalg.norm(error - along[..., None] * ray, dim=-1)
        sigma_ray = torch.exp(prediction.log_sigma_ray[:, -newest:])
        sigma_across = torch.exp(prediction.log_sigma_across[:, -newest:])
        along_all.append((along.abs() / sigma_ray).flatten())
        across_all.append((across / sigma_across).flatten())
    along_95 = float(np.quantile(torch.cat(along_all).numpy(), 0.95))
    across_95 = float(np.quantile(torch.cat(across_all).numpy(), 0.95))
    return Temperatures(along_95 / _RAY_95, across_95 / _ACROSS_95)
