# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The FP16-safe form of the lifter: transformer in half precision, all geometry in FP32.

The casts stand in the exported graph, which TensorRT takes as it is (strongly typed). The layers
that turn tokens into codes, trust and standard deviations stay in FP32: they are a small part of
the work, and rounding would move joints by half a millimetre.
"""

import copy

from torch import Tensor, nn

from mocap23_ros.network.denoiser import Denoiser
from mocap23_ros.network.lifter_model import LifterModel


class HalfPrecisionDenoiser(nn.Module):
    """A denoiser whose tokens are computed in FP16; inputs and outputs as ``Denoiser``."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.output = copy.deepcopy(denoiser.output)
        self.network = copy.deepcopy(denoiser).half()
        self.network.frequencies = denoiser.frequencies.clone()

    def forward(self, x: Tensor, t: Tensor, observed: Tensor, view: Tensor,
                geometry: Tensor | None = None,
                memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Denoise; the time stays in FP32 until its sinusoids are computed."""
        tokens = self.network.tokens(
            x.half(), t, observed.half(), view.half(),
            None if geometry is None else geometry.half(),
            None if memory is None else memory.half()).float()
        return self.output(tokens), tokens


def to_half_precision(model: LifterModel) -> LifterModel:
    """Copy of a lifter with its transformer in FP16, for export."""
    half = copy.deepcopy(model)
    half.denoiser = HalfPrecisionDenoiser(model.denoiser)  # type: ignore[assignment]
    return half
