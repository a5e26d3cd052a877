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


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers and strings; the generators' states are added."""
    state = {**state, 'torch_generator': torch.get_rng_state()}
    with replacing(path) as temporary:
        torch.save(state, temporary)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint (tensors only, nothing executable) and restore torch's generator."""
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise InputError(f'{path} cannot be resumed from ({type(error).__name__}); '
                         f'delete it to start again') from None
    torch.set_rng_state(state['torch_generator'])
    return state


def seed_everything(seed: int) -> None:
    """Seed python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that use the global generator
    torch.manual_seed(seed)
