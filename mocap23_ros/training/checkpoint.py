# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Resumable training state, written atomically so that a kill at any moment loses little."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mocap23_ros.atomic_files import replacing
from mocap23_ros.errors import InputError

_NEEDED = ('model', 'optimisers', 'average', 'step', 'torch_generator')
_CPU = torch.device('cpu')


def save_checkpoint(path: Path, state: dict[str, Any], device: torch.device = _CPU) -> None:
    """Write tensors, numbers and strings; the states of the generators are added.

    device: where the training draws its noise; a GPU has a generator of its own.
    """
    state = {**state, 'torch_generator': torch.get_rng_state()}
    if device.type == 'cuda':
        state['cuda_generator'] = torch.cuda.get_rng_state(device)
    with replacing(path) as temporary:
        torch.save(state, temporary)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint (tensors and plain data only, nothing executable); InputError."""
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
        absent = [name for name in _NEEDED if name not in state]
    except Exception as error:  # torch raises many kinds for a damaged file
        raise InputError(f'{path} cannot be resumed from ({type(error).__name__}); '
                         f'delete it to start again') from None
    if absent:
        raise InputError(f'{path} cannot be resumed from (it has no {absent[0]}); delete it to '
                         f'start again')
    return state


def restore_generators(state: dict[str, Any], device: torch.device = _CPU) -> bool:
    """Let torch's generators go on where the checkpoint's left off.

    False where the checkpoint has no state for the generator of ``device`` (it was written on
    another kind of device, or by an earlier version): the caller has to seed that one.
    """
    torch.set_rng_state(state['torch_generator'])
    if device.type == 'cpu':
        return True
    if device.type != 'cuda' or 'cuda_generator' not in state:
        return False
    torch.cuda.set_rng_state(state['cuda_generator'], device)
    return True


def seed_everything(seed: int) -> None:
    """Seed python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that use the global generator
    torch.manual_seed(seed)
