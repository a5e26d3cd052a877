# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The learned lifter from an exported tier, from graphs or from a weights file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mocap23_ros.checksum import file_sha256
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.engines.model_files import (
    ModelEntry,
    engines_folder,
    find_model,
    read_manifest,
    stream_of,
)
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.diffusion_lifter import DiffusionLifter
from mocap23_ros.lifting.stated_uncertainty import StatedUncertainty
from mocap23_ros.network.tiers import Temperatures, find_tier
from mocap23_ros.skeletons.formats import find_format

if TYPE_CHECKING:  # torch is only imported where its backend is made
    from mocap23_ros.engines.torch_backend import TorchBackend

_STEPS = 2


def load_lifter(tier: str | Path | ModelEntry = 's', backend: str = 'auto',
                steps: int | None = None, warm_start: bool = True,
                precision: str | None = None, temperatures: Temperatures | None = None,
                uncertainty: StatedUncertainty | None = None,
                **backend_options: Any) -> DiffusionLifter:
    """Load the learned lifter.

    tier: the name of an exported tier, whose graphs run (with the backend ``torch``: its weights,
        exported or not); the path of a weights file, which runs in torch; or graphs.
    steps, temperatures, uncertainty: of weights, any; those of the export, else 2 and 1, where
        not given. Graphs have their own.
    warm_start: begin from the previous motion where there is one.
    precision: fp32, fp16 or int8 graphs; None leaves it to the backend.
    Raises InputError where the network is absent, damaged, or not to be had with these choices.
    """
    if isinstance(tier, Path) or backend == 'torch':
        return _from_weights(tier, steps, warm_start, precision, temperatures, uncertainty,
                             backend_options)
    model = tier if isinstance(tier, ModelEntry) else find_model(
        tier, precision=precision or 'fp32')
    if precision is not None:
        backend_options['precision'] = precision
    if steps is not None and steps != model.steps:
        raise InputError(f'tier {tier} is exported with {model.steps} steps, not {steps}; run '
                         f'`mocap23 export --tier {tier} --steps {steps}`')
    backend_options['checksums'] = model.checksums
    full = create_backend(backend, model.full, **backend_options)
    warm = create_backend(backend, model.warm, **backend_options) if warm_start else None
    return DiffusionLifter(
        full, warm, model.window_length, model.rate, find_format(model.skeleton),
        StatedUncertainty(*model.stream))


def _from_weights(tier: str | Path | ModelEntry, steps: int | None, warm_start: bool,
                  precision: str | None, temperatures: Temperatures | None,
                  uncertainty: StatedUncertainty | None,
                  backend_options: dict[str, Any]) -> DiffusionLifter:
    if precision not in (None, 'fp32'):
        raise InputError(f'the backend torch runs the weights in fp32, not {precision}; leave '
                         'the precision out, or take another backend')
    exported: dict[str, Any] = {}
    if isinstance(tier, str):
        weights = engines_folder() / f'lifter_{find_tier(tier).name}.safetensors'
        exported = _exported(tier, weights)
    else:
        assert isinstance(tier, Path), 'graphs do not run in torch'
        weights = tier
    scale = temperatures or Temperatures(float(exported.get('ray_temperature', 1.0)),
                                         float(exported.get('across_temperature', 1.0)))
    options = {'steps': steps or int(exported.get('steps', _STEPS)),
               'ray_temperature': scale.ray, 'across_temperature': scale.across,
               **backend_options}
    full = cast('TorchBackend', create_backend('torch', weights, **options))
    warm = create_backend('torch', weights, warm=True, **options) if warm_start else None
    return DiffusionLifter(full, warm, full.tier.window_length, full.tier.rate, full.skeleton,
                           uncertainty or StatedUncertainty(*stream_of(exported)))


def _exported(tier: str, weights: Path) -> dict[str, Any]:
    """Entry of the manifest whose graphs come from these weights; empty where there is none."""
    manifest = weights.parent / 'manifest.json'
    if not manifest.exists() or not weights.is_file():
        return {}
    entry: dict[str, Any] = read_manifest(manifest)['tiers'].get(tier, {})
    same = entry.get('weights', {}).get('sha256') == file_sha256(weights)
    return entry if same else {}
