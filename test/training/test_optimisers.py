# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Orthogonalised momentum: what it does to singular values, and that it trains."""

import pytest
import torch
from torch import nn

from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration, load_configuration
from mocap23_ros.network.models import make_model
from mocap23_ros.training.optimisers import Muon, make_optimisers, orthogonalise


@pytest.mark.parametrize('shape', [(96, 96), (96, 192), (384, 128)])
def test_orthogonalise_brings_all_singular_values_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(3, *shape)))
    assert values.min() > 0.3 and values.max() < 1.3
    # A square random matrix has singular values down to zero; most must be lifted.
    assert ((values > 0.6) & (values < 1.25)).float().mean() > 0.95


def test_orthogonalise_treats_every_matrix_alone() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(4, 64, 96) * torch.tensor([1e-6, 1.0, 1e3, 1e6])[:, None, None]
    together = orthogonalise(matrices)
    alone = torch.cat([orthogonalise(matrix[None]) for matrix in matrices])
    assert torch.allclose(together, alone, atol=1e-4)


def test_a_zero_gradient_moves_nothing_but_decay() -> None:
    weight = nn.Parameter(torch.ones(64, 64))
    weight.grad = torch.zeros(64, 64)
    Muon([weight], lr=0.1, weight_decay=0.0).step()
    assert torch.equal(weight, torch.ones(64, 64))


def test_step_is_as_large_as_adamw_would_make_it() -> None:
    torch.manual_seed(0)
    weight = nn.Parameter(torch.zeros(128, 64))
    weight.grad = torch.randn(128, 64)
    Muon([weight], lr=0.1, weight_decay=0.0).step()
    # AdamW steps measure 0.2 to 0.4 of the rate; the factor is for full rank at the longer side.
    assert 0.1 < float(weight.detach().square().mean().sqrt()) / 0.1 < 0.4


def test_muon_fits_a_linear_map() -> None:
    torch.manual_seed(0)
    truth, layer = torch.randn(64, 64) / 8, nn.Linear(64, 64, bias=False)
    optimiser = Muon(layer.parameters(), lr=0.02, weight_decay=0.0)
    losses = []
    for step in range(300):
        for group in optimiser.param_groups:
            group['lr'] = 0.02 * (1 - step / 300)
        x = torch.randn(128, 64)
        loss = (layer(x) - x @ truth.T).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 1e-3 * losses[0]


def test_a_convolution_kernel_steps_as_the_matrix_of_its_filters() -> None:
    torch.manual_seed(0)
    gradient = torch.randn(64, 64, 3)
    kernel, matrix = nn.Parameter(torch.zeros(64, 64, 3)), nn.Parameter(torch.zeros(64, 192))
    kernel.grad, matrix.grad = gradient, gradient.flatten(1)
    for parameter in (kernel, matrix):
        Muon([parameter], lr=0.1).step()
    assert torch.allclose(kernel.flatten(1), matrix)


@pytest.mark.parametrize('name', ['diffusion', 'ray_depth', 'tcn'])
def test_every_parameter_belongs_to_exactly_one_optimiser(name: str) -> None:
    configuration = TrainingConfiguration(tier='xs', model=name)
    model = make_model(configuration, 'finetune')
    muon, adamw = make_optimisers(model, configuration)
    owned = [id(p) for optimiser in (muon, adamw) for group in optimiser.param_groups
             for p in group['params']]
    assert sorted(owned) == sorted(id(p) for p in model.parameters())
    assert isinstance(muon, Muon) and isinstance(adamw, torch.optim.AdamW)
    assert sum(p.numel() for p in muon.param_groups[0]['params']) > 0.8 * sum(
        p.numel() for p in model.parameters())


def test_adamw_alone_on_request_and_a_wrong_name_refused() -> None:
    configuration = TrainingConfiguration(tier='xs', optimiser='adamw')
    assert len(make_optimisers(make_model(configuration, 'finetune'), configuration)) == 1
    with pytest.raises(InputError, match='optimiser must be one of'):
        load_configuration(None, {'optimiser': 'sgd'})
