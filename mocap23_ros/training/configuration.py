# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration of a training run: one YAML file, checked field by field."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from mocap23_ros.errors import InputError
from mocap23_ros.training.losses import LossWeights

STAGES = ('pretrain', 'finetune', 'distill')
MODELS = ('diffusion', 'ray_depth', 'tcn')
OPTIMISERS = ('muon', 'adamw')


@dataclass(frozen=True)
class TrainingConfiguration:
    """What a run needs to be repeated.

    tier: size of the network (lifting/tiers.py). model: ``diffusion`` (the method), ``ray_depth``
    (baseline B2) or ``tcn`` (baseline B3). skeleton: keypoint format.
    optimiser: ``muon`` (orthogonalised momentum for matrices, training/optimisers.py) or ``adamw``.
    steps, batch_size, learning_rate, final_learning_rate, warm_up, weight_decay, clip: schedule.
    ema: decay of the averaged weights, which are the ones that ship.
    views, view_attention, trust_ray, ground, pointmap_size: the choices that the ablations vary;
    None takes the tier's. decouple: False trains on undivided 2D coordinates (paper's
    "w/o decouple"). mixed_precision: ``no``, ``bf16`` or ``fp16`` as Accelerate takes it; where
    the machine has no units for it, ``no`` is used.
    one_step_share: of fine-tuning samples, those at t = 1, where nothing but the observation helps.
    checkpoint_seconds: between checkpoints. seed: of weights, data and noise.
    """

    tier: str = 's'
    model: str = 'diffusion'
    skeleton: str = 'coco17'
    optimiser: str = 'muon'
    steps: int = 100_000
    batch_size: int = 64
    learning_rate: float = 4e-4
    final_learning_rate: float = 1e-5
    warm_up: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    views: int = 4
    view_attention: bool = True
    trust_ray: bool = False
    ground: str | None = None
    pointmap_size: int | None = None
    decouple: bool = True
    one_step_share: float = 0.6
    augmentation: str = 'training'
    mixed_precision: str = 'no'
    checkpoint_seconds: float = 120.0
    seed: int = 0
    losses: LossWeights = field(default_factory=LossWeights)


def load_configuration(path: Path | None, overrides: dict[str, Any]) -> TrainingConfiguration:
    """Read a YAML file (or the defaults) and apply overrides; InputError names a bad field."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            loaded = yaml.safe_load(path.read_text())
        except OSError as error:
            raise InputError(f'cannot read {path}: {error.strerror}') from None
        except yaml.YAMLError as error:
            raise InputError(f'{path} is not YAML: {str(error).splitlines()[0]}') from None
        if loaded is not None and not isinstance(loaded, dict):
            raise InputError(f'{path} must be a mapping of fields to values')
        values.update(loaded or {})
    values.update({name: value for name, value in overrides.items() if value is not None})
    losses = values.pop('losses', {})
    known = {item.name for item in fields(TrainingConfiguration)}
    for name in values:
        if name not in known:
            raise InputError(f'unknown field {name!r} in the configuration; known: '
                             f'{", ".join(sorted(known))}')
    try:
        configuration = TrainingConfiguration(**values, losses=LossWeights(**losses))
    except TypeError as error:
        raise InputError(f'bad configuration: {error}') from None
    if configuration.model not in MODELS:
        raise InputError(f'model must be one of {", ".join(MODELS)}, not {configuration.model!r}')
    if configuration.optimiser not in OPTIMISERS:
        raise InputError(f'optimiser must be one of {", ".join(OPTIMISERS)}, not '
                         f'{configuration.optimiser!r}')
    if configuration.steps < 1 or configuration.batch_size < 1:
        raise InputError('steps and batch_size must be at least 1')
    if not 2 <= configuration.views <= 4 and configuration.model == 'diffusion':
        raise InputError(f'views must be 2 to 4, not {configuration.views}')
    return configuration
