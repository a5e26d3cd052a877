# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of the lifter: code, metric joints, velocity, bones, contact, calibrated uncertainty.

The paper trains with the code term alone; the others act through the closed-form triangulation.
"""

import torch
from torch import Tensor
from torch.nn import functional

from mocap23_ros.network.configuration import LossWeights
from mocap23_ros.network.prediction import Prediction
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.training.targets import TrainingWindows

_LIMIT = 4.0  # deviations


def robust(x: Tensor) -> Tensor:
    """Pseudo-Huber of unit width: quadratic near zero, then linear like MPJPE itself."""
    return torch.sqrt(1 + x * x) - 1


def lift_loss(prediction: Prediction, target: TrainingWindows, target_code: Tensor | None,
              skeleton: SkeletonFormat, weights: LossWeights) -> dict[str, Tensor]:
    """All terms and their weighted ``total``; also ``mpjpe_mm``, ``abs_mm`` of seen samples."""
    joints, truth = prediction.joints, target.joints
    # A person who has not yet come into view could have been anywhere; guessing teaches little.
    seen = (target.observation[..., 2] > 0).any(dim=-1, keepdim=True)
    frame = torch.where(seen, 1.0, weights.unseen)
    frame[:, -4:] *= 1 + weights.newest
    frame = frame / frame.mean()
    error = joints - truth
    centre = target.camera[..., None, :3]
    offset = truth - centre
    distance = torch.linalg.norm(offset, dim=-1, keepdim=True).clamp(min=0.3)
    ray = offset / distance
    along = (error * ray).sum(-1)
    across = torch.sqrt(((error - along[..., None] * ray) ** 2).sum(-1) + 1e-8)
    far = (4.0 / distance[..., 0]).clamp(max=1.0)  # depth is known the worse the farther
    hips = list(skeleton.pair('hip'))
    local = error - error[..., hips, :].mean(-2, keepdim=True)
    local_norm = torch.sqrt((local ** 2).sum(-1) + 1e-8)

    terms: dict[str, Tensor] = {}
    terms['absolute'] = ((robust(along * far / 0.1) + robust(across / 0.05)) * frame).mean()
    terms['local'] = (robust(local_norm / 0.05) * frame).mean()
    change = (error[:, 1:] - error[:, :-1]) * torch.cat(
        [far[:, 1:, :, None]] * 3, dim=-1)
    terms['velocity'] = robust(torch.sqrt((change ** 2).sum(-1) + 1e-8) / 0.03).mean()
    bones = skeleton.bones
    if bones:
        parent, child = [p for p, _ in bones], [c for _, c in bones]
        lengths = torch.linalg.norm(joints[..., parent, :] - joints[..., child, :] + 1e-6, dim=-1)
        terms['bones'] = (lengths.std(dim=1) / 0.05).mean()
    feet = list(skeleton.pair('ankle'))
    mask = target.contact_mask[:, None, None]
    terms['contact'] = (functional.binary_cross_entropy_with_logits(
        prediction.contact, target.contact, reduction='none') * mask).mean()
    planted = (target.contact[:, 1:] * target.contact[:, :-1] * mask)
    step = joints[:, 1:, feet] - joints[:, :-1, feet]
    terms['foot'] = (robust(torch.sqrt((step ** 2).sum(-1) + 1e-8) / 0.02) * planted).mean()
    terms['uncertainty'] = _negative_log_likelihood(
        prediction, along.detach(), across.detach(), frame)
    difference = prediction.log_stature - target.log_stature
    terms['stature'] = robust(difference / 0.03).mean() + 0.1 * (
        _clipped_square(difference.detach() * torch.exp(-prediction.log_stature_sigma))
        + prediction.log_stature_sigma).mean()
    if prediction.code is not None and target_code is not None:
        terms['code'] = (((prediction.code - target_code) ** 2).clamp(max=25.0)
                         * frame[:, None]).mean()
    terms['total'] = torch.stack(
        [getattr(weights, name) * value for name, value in terms.items()]).sum()
    with torch.no_grad():
        share = seen.to(joints.dtype) / seen.to(joints.dtype).mean()
        terms['mpjpe_mm'] = 1000 * (local_norm * share).mean()
        terms['abs_mm'] = 1000 * (torch.linalg.norm(error, dim=-1) * share).mean()
    return terms


def _clipped_square(z: Tensor) -> Tensor:
    """z^2 / 2, linear beyond the limit, so that outliers do not own the calibration."""
    size = z.abs()
    return torch.where(size < _LIMIT, 0.5 * z * z, _LIMIT * size - 0.5 * _LIMIT * _LIMIT)


def _negative_log_likelihood(prediction: Prediction, along: Tensor, across: Tensor,
                             frame: Tensor) -> Tensor:
    """Gaussian along the ray (one dimension) and across it (two)."""
    ray = _clipped_square(along * torch.exp(-prediction.log_sigma_ray)) + prediction.log_sigma_ray
    plane = _clipped_square(across * torch.exp(-prediction.log_sigma_across)) \
        + 2 * prediction.log_sigma_across
    return ((ray + plane) * frame).mean()
