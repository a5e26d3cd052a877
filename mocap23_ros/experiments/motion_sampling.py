# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""2D motion drawn from the network of stage 1: unconditional, and masked in-painting.

Stage 1 knows single views: the views of a sample are drawn from the same noise of the world, but
nothing makes them agree. Conditions are given or absent; there is no classifier-free guidance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mocap23_ros.errors import InputError
from mocap23_ros.network.conditioning import observation_features, view_features
from mocap23_ros.network.configuration import configuration_from
from mocap23_ros.network.lifter_model import LifterModel
from mocap23_ros.network.models import load_network, make_model
from mocap23_ros.network.noise_schedule import ddim_step, draw_world_noise, time_grid, view_noise
from mocap23_ros.network.views import Views, make_views
from mocap23_ros.network.weights_file import load_weights

VIEW_NAMES = ('real', 'virtual1', 'virtual2', 'virtual3')  # in the order of network/views.py
_SIZE_HOLD = 0.05  # of the squared size of the person, in the fit of the size
_SIZES = (0.5, 2.0)  # times the sampled one


@dataclass(frozen=True)
class SampledScene:
    """Where motion is drawn, and what is known of it.

    camera: [T,8], anchor: [3] as in lifting/network_inputs.py. point: [4,T,J,2] levelled image
    coordinates (right, up at 1 m) of every view; confidence: [4,T,J], 0 = missing, to be sampled.
    """

    camera: Tensor
    anchor: Tensor
    point: Tensor
    confidence: Tensor

    @property
    def views(self) -> Views:
        """The real and the virtual views, [1,4,...]."""
        return make_views(self.camera[None], self.anchor[None], None, len(VIEW_NAMES))


def load_motion_model(weights: Path) -> tuple[LifterModel, dict[str, Any]]:
    """Single-view network of a weights file, and its card.

    Of a multi-view network (stages 2 and 3) the view attention, and what else stage 1 lacks, is
    left out. InputError where the weights are those of a baseline.
    """
    model, card = load_network(weights)
    if not isinstance(model, LifterModel):
        raise InputError(f'{weights} holds a baseline, which draws no motion; give the weights of '
                         'a lifter, best those of mocap23 train pretrain')
    if model.options.view_attention:
        model = make_model(configuration_from(card['configuration']), 'pretrain')
        load_weights(weights, model)
        assert isinstance(model, LifterModel)
    return model.eval(), card


@torch.inference_mode()
def sample_motion(model: LifterModel, scene: SampledScene, views: Sequence[int], samples: int,
                  steps: int, seed: int) -> Tensor:
    """Draw 2D motion: [N,V,T,J,2], levelled image coordinates (right, up at 1 m).

    views: indices into ``VIEW_NAMES``. steps: of the DDIM. What the scene knows of a view is kept
    exactly, in every step, and conditions the rest; a view without it is drawn from nothing.
    Repeatable on one machine; sample n is the same for any number of samples.
    """
    shape = (1, model.tier.window_length, len(model.skeleton))
    noise = torch.cat([draw_world_noise(*shape, torch.Generator().manual_seed(seed + index))
                       for index in range(samples)])
    return torch.stack([_sample_view(model, scene, kind, noise, steps) for kind in views], dim=1)


def _sample_view(model: LifterModel, scene: SampledScene, kind: int, world_noise: Tensor,
                 steps: int) -> Tensor:
    """One view, [N,T,J,2]; stage 1 in training/stages.py backwards."""
    index = torch.tensor([kind])
    view = scene.views.select(index)
    features = view_features(scene.views, scene.anchor[None])[:, kind:kind + 1]
    point, confidence = scene.point[kind][None], scene.confidence[kind][None]
    known = confidence > 0
    observed = observation_features(point * known[..., None], confidence,
                                    view.anchor_point[:, 0], view.anchor_depth[:, 0])
    x, times = view_noise(world_noise, view), time_grid(steps)
    count = len(x)
    # One scene for all samples, which differ in their noise alone.
    observed, features = observed.expand(count, -1, -1), features.expand(count, -1, -1, -1)
    for step, time in enumerate(times):
        t = x.new_full((1,), time)
        clean, _ = model.denoiser(x, t, observed, features)
        u, v = model.code.decode(clean, view, index)
        if known.any():
            u, v = with_known(u, v, point[:, None], known[:, None])
            clean = model.code.encode(u, v, view, index)
        if step + 1 < len(times):
            x = ddim_step(x, clean, t, x.new_full((1,), times[step + 1]))
    return torch.stack([u[:, 0], v[:, 0]], dim=-1)


def with_known(u: Tensor, v: Tensor, point: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Image planes [N,1,T,J] with the known joints, the sampled ones moved along.

    point: [1,1,T,J,2], known: bool [1,1,T,J]. Root and size of the sampled person are those at
    which it fits the known joints best, sample by sample; else hips that are not known would stay
    where they were sampled, and the body be torn.
    """
    weight = known.to(u.dtype)
    count = weight.sum(-1, keepdim=True)
    given = (point[..., 0], point[..., 1])
    mean = [(weight * plane).sum(-1, keepdim=True) / count.clamp(min=1) for plane in (u, v)]
    wanted = [(weight * plane).sum(-1, keepdim=True) / count.clamp(min=1) for plane in given]
    offset = [plane - middle for plane, middle in zip((u, v), mean, strict=True)]
    target = [plane - middle for plane, middle in zip(given, wanted, strict=True)]
    # Joints that lie close together say little about the size: held to the sampled one.
    hold = _SIZE_HOLD * (offset[0] ** 2 + offset[1] ** 2).sum(-1, keepdim=True) + 1e-9
    scale = ((weight * (offset[0] * target[0] + offset[1] * target[1])).sum(-1, keepdim=True)
             + hold) / ((weight * (offset[0] ** 2 + offset[1] ** 2)).sum(-1, keepdim=True) + hold)
    scale = scale.clamp(*_SIZES)
    moved = [torch.where(count > 0, middle + scale * plane, own) for middle, plane, own in
             zip(wanted, offset, (u, v), strict=True)]
    return torch.where(known, given[0], moved[0]), torch.where(known, given[1], moved[1])
