# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The multi-view lifter: denoise all views, triangulate, reproject, repeat (paper section 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mocap23_ros.network.conditioning import (
    PROPORTION_FEATURES,
    geometry_features,
    observation_features,
    view_features,
)
from mocap23_ros.network.denoiser import Denoiser
from mocap23_ros.network.ground_encoders import make_ground_encoder
from mocap23_ros.network.motion_code import MotionCode
from mocap23_ros.network.noise_schedule import add_noise, ddim_step, draw_world_noise, view_noise
from mocap23_ros.network.precision import FullPrecisionLinear
from mocap23_ros.network.prediction import MotionHeads, Prediction
from mocap23_ros.network.tiers import Tier
from mocap23_ros.network.triangulation import Planes, split_planes, stack_planes, triangulate
from mocap23_ros.network.triangulation_forms import TRIANGULATIONS
from mocap23_ros.network.views import RigJitter, Views, make_views, project
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

WARM_START_TIME = 0.4  # diffusion time to which the shifted previous motion is noised


@dataclass(frozen=True)
class LifterOptions:
    """Choices that the ablations vary.

    views: 1 + virtual views. view_attention: off = MAS-like (baseline B4). trust_ray: True keeps
    observed rays exact; False lets the network pull a doubtful ray towards its own view-0 motion.
    decouple: False replaces local pose and global movement by undivided coordinates.
    proportions: the network takes those of the body with the stature (lifting/proportions.py).
    triangulation: ``ray`` follows the ray of view 0; ``three`` and ``svd`` weigh that view by the
    trust in its observed ray. svd has no gradient and is not exported.
    """

    views: int = 4
    view_attention: bool = True
    trust_ray: bool = False
    decouple: bool = True
    triangulation: str = 'ray'
    proportions: bool = False

    def __post_init__(self) -> None:
        if self.triangulation not in TRIANGULATIONS:
            raise ValueError(f'no triangulation {self.triangulation}')


@dataclass(frozen=True)
class Condition:
    """Everything of a batch of windows that stays fixed over the denoising steps."""

    views: Views
    anchor: Tensor
    focal_log: Tensor
    point: Tensor  # [B,T,J,2] levelled observation of view 0
    seen: Tensor  # [B,T,J] 0 or 1
    observed: Tensor
    view: Tensor
    geometry: Tensor
    memory: Tensor | None


class LifterModel(nn.Module):
    """Few-step multi-view diffusion lifter. Inputs as lifting/network_inputs.NetworkInputs."""

    fixed_noise: Tensor

    def __init__(self, tier: Tier, skeleton: SkeletonFormat,
                 options: LifterOptions | None = None) -> None:
        super().__init__()
        self.tier, self.skeleton = tier, skeleton
        self.options = options or LifterOptions()
        self.stature_features = 2 + PROPORTION_FEATURES * self.options.proportions
        joints = len(skeleton)
        self.code = MotionCode(skeleton, 4, self.options.decouple)
        self.denoiser = Denoiser(tier, joints, self.options.view_attention,
                                 self.options.proportions)
        self.ground_encoder = make_ground_encoder(tier) if self.options.view_attention else None
        self.heads = MotionHeads(tier.width, joints)
        self.ray_trust = FullPrecisionLinear(tier.width, joints)
        self.view_trust = FullPrecisionLinear(tier.width, joints)
        for layer in (self.ray_trust, self.view_trust):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        # Drawn once: the output is deterministic and does not flicker with the noise.
        generator = torch.Generator().manual_seed(23)
        self.register_buffer('fixed_noise', draw_world_noise(
            1, tier.window_length, joints, generator), persistent=False)

    def condition(self, observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                  jitter: RigJitter | None = None) -> Condition:
        """Set up views and conditioning features once per window.

        stature: [B,2]; proportions that it lacks are not known.
        """
        stature = functional.pad(stature, (0, self.stature_features - stature.shape[1]))
        views = make_views(camera, anchor, jitter, self.options.views)
        seen = (observation[..., 2] > 0).to(observation.dtype)
        observed = observation_features(
            observation[..., :2], observation[..., 2], views.anchor_point[:, 0],
            views.anchor_depth[:, 0])
        memory = self.ground_encoder(views) if self.ground_encoder is not None else None
        return Condition(
            views, anchor, camera[..., 7], observation[..., :2], seen, observed,
            view_features(views, anchor),
            geometry_features(observation, camera, anchor, stature, self.skeleton), memory)

    def encode_joints(self, joints: Planes, condition: Condition) -> Tensor:
        """Clean codes of joints, planes [B,1,T,J] in the window frame."""
        u, v, _ = project(condition.views, joints)
        return self.code.encode(u, v, condition.views)

    def noise(self, condition: Condition, world_noise: Tensor | None = None) -> Tensor:
        """World-consistent noise in all views; the fixed draw unless one is given."""
        return view_noise(self.fixed_noise if world_noise is None else world_noise,
                          condition.views)

    def predict(self, x: Tensor, t: Tensor, condition: Condition) -> tuple[Prediction, Tensor]:
        """One evaluation: denoise, decode, triangulate, reproject, encode again.

        x: [B,V,T,C] codes at times t [B]. Returns the prediction and the projected clean codes.
        """
        clean, tokens = self.denoiser(x, t, condition.observed, condition.view,
                                      condition.geometry, condition.memory)
        u, v = self.code.decode(clean, condition.views)
        trust = self._trust(tokens[:, 0], condition)
        u = self._with_observed(u, condition.point[..., 0], trust)
        v = self._with_observed(v, condition.point[..., 1], trust)
        weight = torch.exp(self.view_trust(tokens[:, 1:]).clamp(-4.0, 4.0))
        planes = triangulate(self.options.triangulation, condition.views, u, v, trust, weight)
        prediction = self.heads(tokens[:, 0], stack_planes(planes), condition.anchor,
                                condition.focal_log, clean)
        return prediction, self.encode_joints(planes, condition)

    def sample(self, condition: Condition, times: Sequence[float],
               world_noise: Tensor | None = None, previous: Tensor | None = None) -> Prediction:
        """Few-step DDIM over the given falling times; times[0] = 1 starts from noise alone.

        previous: joints [B,T,J,3] of the last window shifted to this one (warm start): noised to
        times[0] instead of starting from nothing.
        """
        noise = self.noise(condition, world_noise)
        # The same time for all: [1] instead of [B] leaves its embedding a constant of the graph.
        filled = [condition.point.new_full((1,), time) for time in times]
        if previous is None:
            x = noise
        else:
            x = add_noise(self.encode_joints(split_planes(previous), condition),
                          noise, filled[0])
        prediction = None
        for index, t in enumerate(filled):
            prediction, projected = self.predict(x, t, condition)
            if index + 1 < len(filled):
                x = ddim_step(x, projected, t, filled[index + 1])
        assert prediction is not None
        return prediction

    def forward(self, observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                times: Sequence[float] = (1.0, 0.5), previous: Tensor | None = None) -> Prediction:
        """Lift windows; see ``sample``."""
        return self.sample(self.condition(observation, camera, anchor, stature), times,
                           previous=previous)

    def _trust(self, tokens: Tensor, condition: Condition) -> Tensor:
        """How far the observed rays are trusted, [B,T,J]; 0 where nothing is seen."""
        if self.options.trust_ray:
            return condition.seen
        return condition.seen * torch.sigmoid(self.ray_trust(tokens) + 1.5)

    @staticmethod
    def _with_observed(plane: Tensor, point: Tensor, trust: Tensor) -> Tensor:
        """[B,V,T,J], in view 0 the observed value as far as trusted, the denoised one elsewhere."""
        own = plane[:, 0] + trust * (point - plane[:, 0])
        return torch.cat([own.unsqueeze(1), plane[:, 1:]], dim=1)
