# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The learned lifter from its weights, in torch: for development, without an export in between."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from mocap23_ros.checksum import file_sha256
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.engines.model_files import engines_folder, read_manifest
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.diffusion_lifter import DiffusionLifter
from mocap23_ros.network.tiers import find_tier

if TYPE_CHECKING:  # torch is only imported where the backend is made
    from mocap23_ros.engines.torch_backend import TorchBackend

_STEPS = 2


def load_weights_lifter(tier: str = 's', backend: str = 'torch', steps: int | None = None,
                        warm_start: bool = True, refresh: float = 1.0,
                        precision: str | None = None) -> DiffusionLifter:
    """Load ``lifter_<tier>.safetensors`` of the engines folder; any number of steps.

    Temperatures, and steps where none are given, are those of the manifest where it was exported
    from these very weights, else 1 and 2. Raises InputError where torch is not installed, and for
    absent or damaged weights, and any other precision than fp32.
    """
    if precision not in (None, 'fp32'):
        raise InputError(f'the backend torch runs the weights in fp32, not {precision}; leave '
                         'the precision out, or take another backend')
    weights = engines_folder() / f'lifter_{find_tier(tier).name}.safetensors'
    exported = _exported(tier, weights)
    options = {'steps': steps or int(exported.get('steps', _STEPS)),
               **{key: float(exported.get(key, 1.0))
                  for key in ('ray_temperature', 'across_temperature')}}
    full = cast('TorchBackend', create_backend(backend, weights, **options))
    warm = create_backend(backend, weights, warm=True, **options) if warm_start else None
    return DiffusionLifter(full, warm, full.tier.window_length, full.tier.rate, refresh,
                           full.skeleton)


def _exported(tier: str, weights: Path) -> dict:
    """Entry of the manifest whose graphs come from these weights; empty where there is none."""
    manifest = weights.parent / 'manifest.json'
    if not manifest.exists() or not weights.is_file():
        return {}
    entry = read_manifest(manifest)['tiers'].get(tier, {})
    same = entry.get('weights', {}).get('sha256') == file_sha256(weights)
    return entry if same else {}
