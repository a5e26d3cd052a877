# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The three training stages as loss functions of a batch.

pretrain: single-view 2D motion diffusion, unconditional and masked in-painting (stage 1).
finetune: multi-view diffusion conditioned on the observed view (stage 2).
distill: few-step training on the sampler's own two-step and warm-start paths (stage 3).
"""

import torch
from torch import Tensor

from mocap23_ros.network.conditioning import observation_features, view_features
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.lifter_model import WARM_START_TIME, Condition, LifterModel
from mocap23_ros.network.noise_schedule import add_noise, ddim_step, draw_world_noise, view_noise
from mocap23_ros.network.regressors import RayDepthRegressor
from mocap23_ros.network.triangulation import split_planes
from mocap23_ros.network.views import RigJitter, make_views, project
from mocap23_ros.training.losses import lift_loss
from mocap23_ros.training.partial_code import encode_known
from mocap23_ros.training.targets import TrainingWindows

_FEW_STEP_TIMES = (0.5, 0.75, 0.25)
_UNCONDITIONAL = 0.3  # of pre-training samples
_DISTILL_SHARES = (0.3, 0.25)  # of one step, of the second of two; the rest are warm starts
_VIRTUAL_NOISE = 0.01  # metres at 1 m, on in-painting observations of virtual views


def pretrain_loss(model: LifterModel, windows: TrainingWindows,
                  configuration: TrainingConfiguration) -> dict[str, Tensor]:
    """Denoise the clean code of one random view per window; only the code term exists here.

    Windows of 2D recordings have the real view alone, and no target where a joint is not known.
    """
    del configuration
    views = make_views(windows.camera, windows.anchor, RigJitter(), 4)
    batch, length = windows.camera.shape[:2]
    device = windows.camera.device
    kind = torch.randint(0, 4, (batch,), device=device)
    if windows.flat is not None:
        kind = torch.where(windows.flat, 0, kind)
    view = views.select(kind)
    u, v, _ = project(view, split_planes(windows.joints))
    holds = None
    if windows.known is None:
        clean = model.code.encode(u, v, view, kind)
    else:
        clean, holds = encode_known(model.code, u, v, windows.known[:, None], view, kind)
    # The real view is observed with the detector's errors, a virtual one through a random mask.
    real = (kind == 0)[:, None, None]
    keep_joint = torch.rand(batch, 1, u.shape[-1], device=device) < 0.7
    keep_frame = torch.rand(batch, length, 1, device=device) < 0.8
    mask = (keep_joint & keep_frame).to(u.dtype)
    point = torch.stack([u[:, 0], v[:, 0]], dim=-1)
    point = point + _VIRTUAL_NOISE * torch.randn_like(point)
    point = torch.where(real[..., None], windows.observation[..., :2], point)
    confidence = torch.where(real, windows.observation[..., 2], mask)
    conditional = (torch.rand(batch, 1, 1, device=device) > _UNCONDITIONAL).to(u.dtype)
    confidence = confidence * conditional
    observed = observation_features(point * (confidence > 0)[..., None], confidence,
                                    view.anchor_point[:, 0], view.anchor_depth[:, 0])
    t = torch.rand(batch, device=device)
    noise = view_noise(draw_world_noise(batch, length, u.shape[-1], device=device), view)
    features = view_features(views, windows.anchor)
    rows = torch.arange(batch, device=device)
    predicted, _ = model.denoiser(add_noise(clean, noise, t), t, observed,
                                  features[rows, kind].unsqueeze(1))
    square = ((predicted - clean) ** 2).clamp(max=25.0)
    error = square.mean() if holds is None else (
        torch.where(holds, square, 0.0).sum() / holds.sum().clamp(min=1))
    return {'total': error, 'code': error}


def finetune_loss(model: LifterModel, windows: TrainingWindows,
                  configuration: TrainingConfiguration) -> dict[str, Tensor]:
    """One evaluation at a random time: most at t = 1, the rest on the few-step grid or anywhere.

    At small t the noisy code nearly tells the answer, so that errors look small there and little
    is learnt; t = 1 decides the error of a few-step sampler.
    """
    condition = _condition(model, windows)
    clean = model.encode_joints(split_planes(windows.joints), condition)
    batch, device = len(clean), clean.device
    grid = torch.tensor(_FEW_STEP_TIMES, device=device)
    on_grid = torch.rand(batch, device=device) < 0.5
    t = torch.where(on_grid, grid[torch.randint(0, len(grid), (batch,), device=device)],
                    torch.rand(batch, device=device))
    t = torch.where(torch.rand(batch, device=device) < configuration.one_step_share,
                    torch.ones_like(t), t)
    x = add_noise(clean, _noise(model, condition, batch, known=t == 1), t)
    prediction, _ = model.predict(x, t, condition)
    return lift_loss(prediction, windows, clean, model.skeleton, configuration.losses)


def distill_loss(model: LifterModel, windows: TrainingWindows,
                 configuration: TrainingConfiguration) -> dict[str, Tensor]:
    """Train on the sampler's own states: one step, the second of two, or a warm start.

    Warm starts are the most, since a stream meets nothing else but once a second.
    """
    condition = _condition(model, windows)
    clean = model.encode_joints(split_planes(windows.joints), condition)
    batch = len(clean)
    noise = _noise(model, condition, batch)
    ones = clean.new_ones(batch)
    choice = torch.rand(batch, device=clean.device)
    with torch.no_grad():
        first, projected = model.predict(noise, ones, condition)
        second_x = ddim_step(noise, projected, ones, 0.5 * ones)
        # A warm start knows all but the newest sample, which it has to extrapolate.
        shift = torch.cat([first.joints[:, :-1], first.joints[:, -2:-1]], dim=1)
        warm = model.encode_joints(split_planes(shift), condition)
        warm_x = add_noise(warm, noise, WARM_START_TIME * ones)
    pick = choice.view(-1, 1, 1, 1)
    first_share, second_share = _DISTILL_SHARES
    warm_from = first_share + second_share
    x = torch.where(pick < first_share, noise, torch.where(pick < warm_from, second_x, warm_x))
    t = torch.where(choice < first_share, ones, torch.where(
        choice < warm_from, 0.5 * ones, WARM_START_TIME * ones))
    prediction, _ = model.predict(x, t, condition)
    return lift_loss(prediction, windows, clean, model.skeleton, configuration.losses)


def regression_loss(model: RayDepthRegressor, windows: TrainingWindows,
                    configuration: TrainingConfiguration) -> dict[str, Tensor]:
    """Baselines B2 and B3."""
    prediction = model(windows.observation, windows.camera, windows.anchor, windows.stature)
    return lift_loss(prediction, windows, None, model.skeleton, configuration.losses)


def _condition(model: LifterModel, windows: TrainingWindows) -> Condition:
    return model.condition(windows.observation, windows.camera, windows.anchor, windows.stature,
                           RigJitter())


def _noise(model: LifterModel, condition: Condition, batch: int,
           known: Tensor | bool = True) -> Tensor:
    """Noise for a batch; known: [B] where it may be the sampler's fixed draw.

    On true codes at t < 1 it must not be: the network knows that draw and would subtract it.
    """
    length, joints = condition.point.shape[1:3]
    # The sampler's fixed draw is met often, fresh noise keeps the others usable.
    fresh = draw_world_noise(batch, length, joints, device=condition.point.device)
    fixed = (torch.rand(batch, device=fresh.device) < 0.5) & known
    fixed = fixed.view(-1, 1, 1, 1)
    return model.noise(condition, torch.where(fixed, model.fixed_noise, fresh))
