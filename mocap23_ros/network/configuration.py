# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration of a training run: one YAML file, checked field by field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from mocap23_ros.bounded_files import read_bounded
from mocap23_ros.errors import InputError
from mocap23_ros.field_rules import Range, Rule, check_fields
from mocap23_ros.network.tiers import TIERS
from mocap23_ros.network.triangulation_forms import TRIANGULATIONS
from mocap23_ros.skeletons.formats import FORMATS

MODELS = ('diffusion', 'ray_depth', 'tcn')


@dataclass(frozen=True)
class LossWeights:
    """Weight of every term; see training/losses.py.

    newest: extra weight of the last 4 samples; unseen: weight of samples without any keypoint.
    """

    code: float = 0.5
    absolute: float = 1.0
    local: float = 1.0
    velocity: float = 0.3
    bones: float = 0.1
    contact: float = 0.1
    foot: float = 0.05
    uncertainty: float = 0.05
    stature: float = 0.1
    newest: float = 2.0
    unseen: float = 0.15


# Rules of all fields but losses and the true-or-false ones; annotations give the types.
RULES: dict[str, Rule] = {
    'tier': tuple(TIERS),
    'model': MODELS,
    'skeleton': tuple(FORMATS),
    'optimiser': ('muon', 'adamw'),
    'steps': Range(1, 10 ** 9),
    'batch_size': Range(1, 65_536),
    'learning_rate': Range(0, 1, above=True),
    'final_learning_rate': Range(0, 1),
    'warm_up': Range(0, 10 ** 9),
    'weight_decay': Range(0, 1),
    'clip': Range(0, 10 ** 6, above=True),
    'ema': Range(0, 1),
    'views': Range(2, 4),
    'ground': ('vector', 'grid', 'resnet18'),
    'pointmap_size': Range(32, 1024),
    'triangulation': TRIANGULATIONS,
    'one_step_share': Range(0, 1),
    'augmentation': ('training', 'clean', 'noisy', 'occluded'),
    'mixed_precision': ('no', 'bf16', 'fp16'),
    'checkpoint_seconds': Range(0, 10 ** 9),
    'seed': Range(0, 2 ** 32 - 1),  # what numpy can be seeded with
}
_LOSS_RULES = {item.name: Range(0, 1000) for item in fields(LossWeights)}
_LARGEST_FILE = 1 << 20  # bytes


@dataclass(frozen=True)
class TrainingConfiguration:
    """What a run needs to be repeated; InputError names a field that is not as in ``RULES``.

    tier: size of the network (network/tiers.py). model: ``diffusion`` (the method), ``ray_depth``
    (baseline B2) or ``tcn`` (baseline B3). skeleton: keypoint format.
    optimiser: ``muon`` (orthogonalised momentum for matrices, training/optimisers.py) or ``adamw``.
    steps, batch_size, learning_rate, final_learning_rate, warm_up, weight_decay, clip: schedule.
    ema: decay of the averaged weights, which are the ones that ship.
    views, view_attention, trust_ray, ground, pointmap_size: the choices that the ablations vary;
    None takes the tier's. decouple: False trains on undivided 2D coordinates (paper's
    "w/o decouple"). triangulation: ``ray``, ``three`` or ``svd`` (triangulation.py); svd cannot
    be trained with. mixed_precision: ``no``, ``bf16`` or ``fp16`` as Accelerate takes it; where
    the machine has no units for it, ``no`` is used.
    proportions: the network is also told the proportions of the body (lifting/proportions.py).
    one_step_share: share of the fine-tuning samples at t = 1, where only the observation helps.
    checkpoint_seconds: between checkpoints. seed: of weights, data and noise.
    Which fields may differ when a run is resumed: run_identity.py.
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
    triangulation: str = 'ray'
    proportions: bool = False
    one_step_share: float = 0.6
    augmentation: str = 'training'
    mixed_precision: str = 'no'
    checkpoint_seconds: float = 120.0
    seed: int = 0
    losses: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        check_fields(self, RULES)
        if self.proportions and self.model != 'diffusion':
            raise InputError(f'proportions condition the model diffusion, not {self.model}')
        if not isinstance(self.losses, LossWeights):
            raise InputError('losses must be a mapping of terms to weights')
        check_fields(self.losses, _LOSS_RULES, 'losses.')


def load_configuration(path: Path | None, overrides: dict[str, Any]) -> TrainingConfiguration:
    """Read a YAML file (or the defaults) and apply overrides; InputError names a bad field."""
    values = {} if path is None else _read_yaml(path)
    if values.get('mixed_precision') is False:
        values['mixed_precision'] = 'no'  # which YAML takes for false
    values.update({name: value for name, value in overrides.items() if value is not None})
    return configuration_from(values)


def configuration_from(values: Any) -> TrainingConfiguration:
    """Configuration of plain data, as ``dataclasses.asdict`` makes it; absent fields take defaults.

    Raises InputError for unknown fields and bad values.
    """
    _check_names(values, TrainingConfiguration, 'the configuration')
    losses = values.get('losses', {})
    _check_names(losses, LossWeights, 'losses')
    return TrainingConfiguration(**{**values, 'losses': LossWeights(**losses)})


def _check_names(values: Any, kind: type, what: str) -> None:
    if not isinstance(values, Mapping):
        raise InputError(f'{what} must be a mapping of fields to values')
    known = sorted(item.name for item in fields(kind))
    for name in values:
        if name not in known:
            raise InputError(f'unknown field {name!r} in {what}; known: {", ".join(known)}')


class _Loader(yaml.SafeLoader):
    """Plain data; also takes 1e-3 for a number, which PyYAML takes for text."""


_Loader.add_implicit_resolver(
    'tag:yaml.org,2002:float', re.compile(r'[-+]?\d+(\.\d*)?[eE][-+]?\d+$'),
    list('-+0123456789'))


def _read_yaml(path: Path) -> dict[Any, Any]:
    data = read_bounded(path, _LARGEST_FILE, 'configurations are small, see config/training')
    try:
        values = yaml.load(data.decode('utf-8'), _Loader)
    except UnicodeDecodeError:
        raise InputError(f'{path} is not UTF-8 text; save it as UTF-8') from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f'{path} is not YAML: {(str(error).splitlines() or ["?"])[0]}') from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f'{path} must be a mapping of fields to values')
    return values
