# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed precision: coordinates are never rounded to bfloat16, whatever the layers do."""

from training_helpers import torch

from mocap23_ros.network.lifter_model import LifterModel
from mocap23_ros.network.precision import FullPrecisionLinear, usable_precision
from mocap23_ros.network.tiers import find_tier
from mocap23_ros.skeletons.formats import COCO17


def test_layer_is_exact_under_autocast_and_takes_half_inputs():
    torch.manual_seed(0)
    layer, x = FullPrecisionLinear(32, 8), torch.randn(5, 32)
    exact = torch.nn.functional.linear(x, layer.weight, layer.bias)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(layer(x), exact)
        half = layer(x.bfloat16())
    assert half.dtype == torch.float32 and torch.allclose(half, exact, atol=0.05)


def test_autocast_leaves_the_lifter_in_float32_with_small_deviations():
    torch.manual_seed(0)
    model = LifterModel(find_tier('xs'), COCO17).eval()
    length = model.tier.window_length
    observation = torch.rand(2, length, 17, 3) * 0.2 + 0.1
    camera = torch.zeros(2, length, 8)
    camera[..., 2], camera[..., 3] = 1.5, 1.0
    anchor, stature = torch.tensor([[4.0, 0.9, 0.3]] * 2), torch.zeros(2, 2)
    with torch.no_grad():
        exact = model(observation, camera, anchor, stature)
        with torch.autocast('cpu', torch.bfloat16):
            mixed = model(observation, camera, anchor, stature)
    assert mixed.joints.dtype == torch.float32
    assert (mixed.joints - exact.joints).norm(dim=-1).mean() < 0.02


def test_precision_that_the_machine_has_no_units_for_is_not_used(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch.cpu, '_is_amx_tile_supported', lambda: False)
    for units in (True, False):
        monkeypatch.setattr(torch.cpu, '_is_avx512_bf16_supported', lambda units=units: units)
        assert usable_precision('bf16') == ('bf16' if units else 'no')
        assert usable_precision('fp16') == usable_precision('no') == 'no'
