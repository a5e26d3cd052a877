# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Counted work of the lifter's network: operations and bytes, from the sizes of a tier.

And times projected from it on machines that were not measured, always labelled so.

Matrix products only; a multiplication with its addition counts as two operations. Norms,
softmax, triangulation and the like are below 3 % of it.
"""

from dataclasses import dataclass
from typing import Any

from mocap23_ros.network.tiers import TIERS, Tier, find_tier

PAPER, PAPER_STEPS = TIERS['paper'], 100
_JOINTS = 17
_CODE = 2 * _JOINTS + 3
_OBSERVATION = 5 * _JOINTS + 3
_GEOMETRY = 20
_VIEW = 10
_HEADS = 2 * _JOINTS + 4
# Dense FP16 operations per second (tensor cores x 512 x clock) and memory bytes per second, from
# the data sheets at their highest clocks.
DEVICES = {
    'Jetson AGX Orin 64 GB': (64 * 512 * 1.3e9, 204.8e9),
    'Jetson Orin NX 16 GB': (32 * 512 * 0.918e9, 102.4e9),
    'Jetson Orin Nano 8 GB': (32 * 512 * 0.625e9, 68e9),
}
# Small products reach a fraction of the peak, and every kernel waits to be launched; both are
# assumptions, not measurements.
_EFFICIENCY = 0.15
_KERNELS = {'xs': 90, 's': 110, 'm': 200, 'l': 260}  # fused, per evaluation
_LAUNCH = 3e-3  # ms per kernel inside a CUDA graph


@dataclass(frozen=True)
class NetworkCost:
    """flops: operations; moved_bytes: weights once, and tokens in and out of every product."""

    flops: float
    moved_bytes: float


def lifter_cost(tier: Tier, persons: int = 1, evaluations: int = 1,
                value_bytes: int = 4) -> NetworkCost:
    """Cost of one call. Conditions count once per call, layers once per evaluation."""
    width, views, length = tier.width, tier.views, tier.window_length
    tokens, frames = views * length, length
    condition = frames * (_OBSERVATION * 2 * width + 2 * width * width + width * width
                          + _GEOMETRY * width + width * width) + tokens * _VIEW * width
    # Weights of a layer: two attentions of four, and the two of the feed-forward.
    weights = 8 * width ** 2 + 2 * width * tier.feedforward
    layer = tokens * weights + 2 * tokens * (length + views) * width
    cells = tier.grid_size ** 2 * views if tier.ground == 'grid' else 0
    if cells:
        condition += cells * (4 * width + width ** 2)
        # Cross attention: query and output per token, key and value per cell; view attention of
        # the cells. They do not depend on the noise, but are part of every layer.
        layer += (tokens * 2 * width ** 2 + cells * 6 * width ** 2
                  + 2 * tokens * tier.grid_size ** 2 * width + 2 * cells * views * width)
        weights += 8 * width ** 2
    heads = tokens * _CODE * width + frames * (_HEADS + _JOINTS) * width \
        + (tokens - frames) * _JOINTS * width
    evaluation = tokens * _CODE * width + tier.layers * layer + heads
    flops = 2.0 * persons * (condition + evaluations * evaluation)
    # Activations of a layer: what each product reads and writes, per token.
    activations = tokens * (3 * width + 6 * width + 4 * width + 2 * tier.feedforward)
    parameters = tier.layers * weights + 4 * width ** 2 + (2 * _OBSERVATION + 3 * _CODE) * width
    moved = value_bytes * (evaluations * parameters
                           + persons * evaluations * tier.layers * activations)
    return NetworkCost(flops, float(moved))


def paper_cost() -> NetworkCost:
    """The paper's released setting: layers as below, all steps, a doubled batch for guidance.

    Per layer: view attention, time attention, cross attention to 49 pointmap tokens a view (and
    view attention among those), feed-forward; plus a ResNet-18 per view and evaluation.
    """
    width, views, length = PAPER.width, PAPER.views, PAPER.window_length
    tokens, cells = views * length, 49 * views
    layer = (tokens * (8 * width ** 2 + 2 * width * PAPER.feedforward + 2 * width ** 2)
             + cells * 6 * width ** 2 + 2 * tokens * (length + views + 49) * width)
    resnet = views * 1.82e9
    flops = 2.0 * (PAPER.layers * layer + resnet) * PAPER_STEPS * 2
    parameters = PAPER.layers * (14 * width ** 2 + 2 * width * PAPER.feedforward) + 11.2e6
    return NetworkCost(flops, 4.0 * parameters * PAPER_STEPS)


def project(tiers: tuple[str, ...] = ('s', 'm'), persons: tuple[int, ...] = (1, 4),
            evaluations: int = 1) -> list[dict[str, Any]]:
    """Milliseconds per call: max(compute, memory) + launches, FP16."""
    rows = []
    for device, (flops, bandwidth) in DEVICES.items():
        for name in tiers:
            for count in persons:
                cost = lifter_cost(find_tier(name), count, evaluations, value_bytes=2)
                work = 1e3 * max(cost.flops / (flops * _EFFICIENCY), cost.moved_bytes / bandwidth)
                launches = _KERNELS[name] * evaluations * _LAUNCH
                rows.append({'device': device, 'tier': name, 'persons': count,
                             'steps': evaluations, 'projected_ms': round(work + launches, 3),
                             'floor_ms': round(1e3 * max(cost.flops / flops,
                                                         cost.moved_bytes / bandwidth), 4)})
    return rows
