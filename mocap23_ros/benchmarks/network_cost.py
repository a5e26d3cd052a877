# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Counted work of the lifter's network: operations and bytes, from the sizes of a tier.

Matrix products only; a multiplication with its addition counts as two operations. Norms,
softmax, triangulation and the like are below 3 % of it.
"""

from dataclasses import dataclass

from mocap23_ros.network.tiers import TIERS, Tier

PAPER, PAPER_STEPS = TIERS['paper'], 100
_JOINTS = 17
_CODE = 2 * _JOINTS + 3
_OBSERVATION = 5 * _JOINTS + 3
_GEOMETRY = 20
_VIEW = 10
_HEADS = 2 * _JOINTS + 4


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
