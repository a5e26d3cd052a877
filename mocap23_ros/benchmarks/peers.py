# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The cost of the paper's network: a decoder of its sizes in the same run, and counted work."""

from typing import Any

from mocap23_ros.benchmarks.network_cost import PAPER, PAPER_STEPS, lifter_cost, paper_cost
from mocap23_ros.benchmarks.timing import measure
from mocap23_ros.network.tiers import TIERS


def benchmark_decoder() -> dict[str, Any]:
    """An MDM-style transformer decoder of the paper's sizes, random weights, one evaluation.

    8 layers of 512, 300 frames in 4 views, cross attention to 50 memory tokens; the paper runs it
    100 times on a doubled batch per window. View attention and the ResNet are left out, which
    favours it. Needs torch; returns {'reason': ...} without.
    """
    try:
        import torch
        from torch import nn
    except ImportError:
        return {'reason': 'torch is not installed (requirements/train.txt)'}
    layer = nn.TransformerDecoderLayer(PAPER.width, PAPER.heads, PAPER.feedforward,
                                       activation='gelu', batch_first=True)
    decoder = nn.TransformerDecoder(layer, PAPER.layers).eval()
    tokens = torch.randn(PAPER.views, PAPER.window_length + 1, PAPER.width)
    memory = torch.randn(PAPER.views, 50, PAPER.width)
    with torch.inference_mode():
        timing = measure(lambda: decoder(tokens, memory), calls=20, seconds=5.0)
    evaluations = 2 * PAPER_STEPS
    return {'one_evaluation': timing.as_dict(), 'evaluations': evaluations,
            'window_seconds': PAPER.window_length / PAPER.rate,
            'ms_per_window': round(timing.median * evaluations, 1),
            'threads': torch.get_num_threads()}


def compare_work() -> list[dict[str, Any]]:
    """Counted operations per second of motion: the paper and every tier.

    ``times_less``: whole windows of 2 steps side by side, as recordings are lifted and as the
    paper lifts. ``times_less_streamed``: one evaluation for every image at the tier's rate, most
    of a window being computed again; the paper's method does not stream.
    """
    paper = paper_cost().flops / (PAPER.window_length / PAPER.rate)
    rows: list[dict[str, Any]] = [{
        'name': 'paper, released setting', 'gflop_per_second_of_motion': round(paper / 1e9, 1),
        'times_less': 1.0, 'streamed_gflop_per_second': '', 'times_less_streamed': ''}]
    for tier in TIERS.values():
        if tier.ground == 'resnet18':
            continue
        cost = lifter_cost(tier, 1, 2).flops / (tier.window_length / tier.rate)
        streamed = lifter_cost(tier, 1, 1).flops * tier.rate
        rows.append({'name': f'{tier.name}, 2 steps',
                     'gflop_per_second_of_motion': round(cost / 1e9, 3),
                     'times_less': round(paper / cost),
                     'streamed_gflop_per_second': round(streamed / 1e9, 2),
                     'times_less_streamed': round(paper / streamed, 1)})
    return rows
