# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Optimisers of a training run: orthogonalised momentum for weight matrices, AdamW for the rest.

On this network orthogonalised momentum (Muon) needs about half the windows that AdamW needs
(docs/RESULTS.md). torch.optim.Muon orthogonalises one matrix at a time in bfloat16, which CPUs
without bfloat16 units emulate; here matrices of one shape go through together, in the type that
the machine is fast in.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.precision import has_bfloat16_units

_QUINTIC = (3.4445, -4.7750, 2.0315)  # Newton-Schulz coefficients (Jordan et al. 2024)
_ITERATIONS = 5
_SMALLEST_SIDE = 64  # a matrix thinner than this is an input or output table, left to AdamW
_MATCH_ADAMW = 0.2  # root mean square of an AdamW step in units of its learning rate


def orthogonalise(matrices: Tensor) -> Tensor:
    """Nearest semi-orthogonal matrices, to some tens of per cent, of a stack [N,R,C].

    Newton-Schulz iteration on the singular values: all of them end between 0.7 and 1.2.
    """
    a, b, c = _QUINTIC
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    if has_bfloat16_units():
        x = x.bfloat16()
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * (square @ square)) @ x
    x = x.to(matrices.dtype)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose steps are made orthogonal, for matrices and convolution kernels.

    A kernel counts as the matrix of its flattened filters. Steps are scaled to the size of
    AdamW's, so that one learning rate serves both.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, weight_decay: float = 0.01,
                 momentum: float = 0.95) -> None:
        super().__init__(parameters, {'lr': lr, 'weight_decay': weight_decay,
                                      'momentum': momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; parameters without a gradient are left alone."""
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            by_shape = defaultdict(list)
            for parameter in group['params']:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for parameters in by_shape.values():
                self._step(parameters, group)
        return loss

    def _step(self, parameters: list[nn.Parameter], group: dict[str, Any]) -> None:
        directions = []
        for parameter in parameters:
            momentum = self.state[parameter].setdefault('momentum', torch.zeros_like(parameter))
            gradient = parameter.grad
            assert gradient is not None
            momentum.lerp_(gradient, 1 - group['momentum'])
            directions.append(gradient.lerp(momentum, group['momentum']).flatten(1))
        matrices = torch.stack(directions)
        scale = group['lr'] * _MATCH_ADAMW * max(matrices.shape[1:]) ** 0.5
        for parameter, step in zip(parameters, orthogonalise(matrices), strict=True):
            parameter.mul_(1 - group['lr'] * group['weight_decay'])
            parameter.sub_(step.view_as(parameter), alpha=scale)


def make_optimisers(model: nn.Module,
                    configuration: TrainingConfiguration) -> list[torch.optim.Optimizer]:
    """Optimisers of a configuration: AdamW alone, or Muon for the matrices of the hidden layers."""
    rate, decay = configuration.learning_rate, configuration.weight_decay
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2
                and min(p.flatten(1).shape) >= _SMALLEST_SIDE
                ] if configuration.optimiser == 'muon' else []
    chosen = {id(parameter) for parameter in matrices}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in chosen]
    optimisers: list[torch.optim.Optimizer] = [torch.optim.AdamW(
        rest, lr=rate, weight_decay=decay, betas=(0.9, 0.98))]
    if matrices:
        optimisers.insert(0, Muon(matrices, rate, decay))
    return optimisers
