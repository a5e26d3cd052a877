# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Weights as safetensors with a card: what they are, what made them, how good they are."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from mocap23_ros.atomic_files import replacing, write_json
from mocap23_ros.errors import InputError


def save_weights(path: Path, model: nn.Module, card: dict[str, Any]) -> None:
    """Write ``path`` (safetensors, the card in its metadata) and ``path``.json, atomically."""
    tensors = {name: value.detach().cpu().contiguous()
               for name, value in model.state_dict().items()}
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata={'card': json.dumps(card)})
    write_json(path.with_suffix('.json'), card)


def complete_card(path: Path, validation: dict[str, Any], acknowledgement: str) -> None:
    """Add validation figures, and whose data gave them, to the readable card beside the weights."""
    write_json(path.with_suffix('.json'), {
        'acknowledgement': acknowledgement, **read_card(path), 'validation': validation})


def read_card(path: Path) -> dict[str, Any]:
    """The card of a weights file; InputError when it is absent, damaged or foreign."""
    try:
        with safe_open(path, framework='pt') as file:
            metadata = file.metadata() or {}
    except FileNotFoundError:
        raise InputError(f'there are no weights at {path}; train them with mocap23 train, or give '
                         f'the tier of weights that exist') from None
    except (SafetensorError, OSError) as error:
        raise InputError(f'{path} is damaged or not a safetensors file ({error}); '
                         f'fetch or train it again') from None
    try:
        card = json.loads(metadata['card'])
        return card if isinstance(card, dict) else {}
    except (KeyError, json.JSONDecodeError):
        raise InputError(f'{path} has no mocap23 card: these are weights of another '
                         f'program') from None


def load_weights(path: Path, model: nn.Module, strict: bool = True,
                 widened: tuple[str, ...] = ()) -> list[str]:
    """Load tensors into ``model``; returns the names that the file lacks (strict: none may).

    widened: names of matrices that may have more columns than in the file; these begin at zero.

    InputError when the file is damaged or belongs to another tier or format.
    """
    read_card(path)
    with safe_open(path, framework='pt') as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    own = model.state_dict()
    for name in set(widened) & set(tensors) & set(own):
        added = own[name].shape[1] - tensors[name].shape[1]
        if added > 0:
            tensors[name] = nn.functional.pad(tensors[name], (0, added))
    wrong = [name for name, value in tensors.items()
             if name in own and own[name].shape != value.shape]
    missing = [name for name in own if name not in tensors]
    if wrong or (strict and missing):
        name = (wrong or missing)[0]
        raise InputError(f'{path} does not fit this network (first difference: {name}); it was '
                         f'trained for another tier, skeleton or option')
    with torch.no_grad():
        for name, value in tensors.items():
            if name in own:
                own[name].copy_(value)
    return missing
