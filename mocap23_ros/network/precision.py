# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed precision: the transformer's layers in bfloat16, coordinates always in float32.

In bfloat16 a root that is a metre from the anchor is rounded to 4 mm; what enters and leaves the
layers therefore stays in float32, as all geometry does.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class FullPrecisionLinear(nn.Linear):
    """Linear layer that autocasting leaves in float32."""

    def forward(self, x: Tensor) -> Tensor:
        """x: [...,inputs] of any floating type; returns float32 [...,outputs] under autocast."""
        if not torch.is_autocast_enabled(x.device.type):
            return super().forward(x)
        with torch.autocast(x.device.type, enabled=False):
            return functional.linear(x.float(), self.weight, self.bias)


def has_bfloat16_units() -> bool:
    """Whether this machine multiplies bfloat16 matrices faster than float32 ones."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def usable_precision(requested: str) -> str:
    """``no`` in place of a mixed precision that would only slow this machine down."""
    if torch.cuda.is_available() or (requested == 'bf16' and has_bfloat16_units()):
        return requested
    return 'no'
