# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Where the exported lifter graphs are, and whether they are the ones that the manifest means."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mocap23_ros.checksum import file_sha256
from mocap23_ros.errors import InputError

_BLOCK = 1 << 20


@dataclass(frozen=True)
class ModelEntry:
    """One exported tier.

    full, warm: graphs that start from noise and from the previous window's motion.
    window_length, rate, steps, skeleton: as trained and exported.
    ray_temperature, across_temperature: factors on the standard deviations, from calibration.
    """

    tier: str
    full: Path
    warm: Path
    window_length: int
    rate: float
    steps: int
    skeleton: str
    ray_temperature: float
    across_temperature: float


def engines_folder() -> Path:
    """MOCAP23_ENGINES, else the checkout's engines/, else the installed share folder."""
    override = os.environ.get('MOCAP23_ENGINES')
    if override:
        return Path(override)
    checkout = Path(__file__).resolve().parents[2] / 'engines'
    if (checkout / 'manifest.json').exists():
        return checkout
    for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep):
        candidate = Path(prefix) / 'share' / 'mocap23_ros' / 'engines'
        if prefix and (candidate / 'manifest.json').exists():
            return candidate
    return checkout


def available_tiers(folder: Path | None = None) -> list[str]:
    """Tiers that the manifest lists; empty when there is none."""
    path = (folder or engines_folder()) / 'manifest.json'
    return sorted(read_manifest(path)['tiers']) if path.exists() else []


def read_manifest(path: Path) -> dict[str, Any]:
    """Parsed manifest; InputError when it is absent or damaged."""
    try:
        manifest = json.loads(path.read_text())
        assert isinstance(manifest['tiers'], dict)
        return manifest
    except FileNotFoundError:
        raise InputError(f'{path} is missing; run `mocap23 export --tier s`, or use the '
                         f'geometric lifter') from None
    except (json.JSONDecodeError, KeyError, AssertionError, TypeError):
        raise InputError(f'{path} is damaged; restore it from the repository or export '
                         f'again') from None


def find_model(tier: str, folder: Path | None = None, verify: bool = True,
               precision: str = 'fp32') -> ModelEntry:
    """Entry of a tier whose files exist and, with ``verify``, match their sha256.

    precision: ``fp16`` gives the graphs whose network is in half precision, ``int8`` those whose
    linear layers are in int8 (both for TensorRT).
    """
    folder = folder or engines_folder()
    manifest = read_manifest(folder / 'manifest.json')
    if tier not in manifest['tiers']:
        raise InputError(f'no exported graph of tier {tier!r} in {folder}; there are: '
                         f'{", ".join(sorted(manifest["tiers"])) or "none"}')
    entry = manifest['tiers'][tier]
    files = entry if precision == 'fp32' else entry.get(precision)
    command = f'mocap23 export --tier {tier}' + (' --precision int8' * (precision == 'int8'))
    if files is None:
        raise InputError(f'tier {tier} has no {precision} graphs; run `{command}`')
    paths = {}
    for kind in ('full', 'warm'):
        path = folder / Path(files[kind]['file']).name
        if not path.exists():
            raise InputError(f'{path} is missing; run `{command}`')
        if verify and file_sha256(path) != files[kind]['sha256']:
            raise InputError(f'{path} does not match the manifest (sha256); it is damaged or '
                             f'foreign: run `{command}`')
        paths[kind] = path
    return ModelEntry(tier, paths['full'], paths['warm'], int(entry['window_length']),
                      float(entry['rate']), int(entry['steps']), str(entry['skeleton']),
                      float(entry['ray_temperature']), float(entry['across_temperature']))
