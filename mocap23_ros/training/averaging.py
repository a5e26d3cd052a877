# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Exponential moving average of weights."""

import torch
from torch import Tensor, nn


class MovingAverage:
    """Averaged copy of a model's floating-point state; the decay warms up over the first steps."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Fold in the weights after optimiser step ``step``."""
        decay = min(self.decay, (1 + step) / (20 + step))
        averaged, current = [], []
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                averaged.append(self.state[name])
                current.append(value.detach())
            else:
                self.state[name].copy_(value)
        torch._foreach_lerp_(averaged, current, 1 - decay)

    def copy_to(self, model: nn.Module) -> None:
        """Load the average into a model."""
        model.load_state_dict(self.state)

    def load(self, state: dict[str, Tensor]) -> None:
        """Restore from a checkpoint."""
        self.state = {name: value.clone() for name, value in state.items()}
