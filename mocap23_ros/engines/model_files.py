# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the exported lifter graphs, and checks them against the manifest."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mocap23_ros.checksum import file_sha256
from mocap23_ros.errors import InputError

MANIFEST_VERSION = 1
_LARGEST_MANIFEST = 1 << 20  # bytes
# Numbers of a tier's entry: name, whether whole, least, largest.
_FIELDS = (('window_length', True, 2, 10_000), ('rate', False, 0.1, 1000), ('steps', True, 1, 1000),
           ('ray_temperature', False, 1e-6, 1e6), ('across_temperature', False, 1e-6, 1e6))
# Corrections from streams; older entries lack them: the values that change nothing.
_STREAM_FIELDS = (('ray_factor', 1.0, 1e-3, 1e3), ('across_factor', 1.0, 1e-3, 1e3),
                  ('ray_floor', 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class ModelEntry:
    """One exported tier.

    full, warm: graphs that start from noise and from the previous window's motion.
    window_length, rate, steps, skeleton: as trained and exported.
    ray_temperature, across_temperature: factors on the standard deviations, from calibration.
    stream: ray_factor, across_factor and ray_floor of lifting/stated_uncertainty.py.
    checksums: sha256 of the tier's graphs of every precision, by file name.
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
    checksums: Mapping[str, str]
    stream: tuple[float, float, float]


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
    """Parsed manifest whose entries are complete; InputError when it is absent or damaged."""
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise _Damage('too large')
        manifest = json.loads(path.read_bytes())
        if isinstance(manifest, dict) and manifest.get('version') != MANIFEST_VERSION:
            raise _Damage(f'version {manifest.get("version")!r}, not {MANIFEST_VERSION}')
        _check_manifest(manifest)
        return manifest
    except FileNotFoundError:
        raise InputError(f'{path} is missing; run `mocap23 export --tier s`, or use the '
                         f'geometric lifter') from None
    except (OSError, ValueError, RecursionError) as error:
        reason = (str(error) if isinstance(error, _Damage) else
                  getattr(error, 'strerror', None) or 'not JSON')
        raise InputError(f'{path} is damaged or of another version of this program ({reason}); '
                         'restore it from the repository, or run `mocap23 export --tier s`, which '
                         'writes a new one') from None


class _Damage(ValueError):
    """A manifest is damaged; says how, in a few words."""


def _check_manifest(manifest: Any) -> None:
    """Raise _Damage where a key that run time reads is absent or of another kind."""
    tiers = manifest.get('tiers') if isinstance(manifest, dict) else None
    if not isinstance(tiers, dict):
        raise _Damage('no tiers')
    for tier, entry in tiers.items():
        if not isinstance(entry, dict):
            raise _Damage(f'tier {tier} is not an object')
        for name, whole, low, high in _FIELDS:
            value = entry.get(name)
            if not _is_number(value, whole, low, high):
                raise _Damage(f'tier {tier}: {name} must be a number from {low:g} to {high:g}, '
                              f'not {str(value)[:40]}')
        for name, usual, low, high in _STREAM_FIELDS:
            if not _is_number(entry.get(name, usual), False, low, high):
                raise _Damage(f'tier {tier}: {name} must be a number from {low:g} to {high:g}')
        if not isinstance(entry.get('skeleton'), str):
            raise _Damage(f'tier {tier}: no skeleton')
        graphs = {'': entry, **{f'{key} ': entry[key] for key in ('fp16', 'int8') if key in entry}}
        for precision, files in graphs.items():
            for kind in ('full', 'warm'):
                _check_file(files.get(kind) if isinstance(files, dict) else None,
                            f'tier {tier}: {precision}{kind}')
        if 'weights' in entry:
            _check_file(entry['weights'], f'tier {tier}: weights')


def _is_number(value: Any, whole: bool, low: float, high: float) -> bool:
    return (isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            and low <= value <= high)


def _check_file(value: Any, what: str) -> None:
    if not isinstance(value, dict) or not all(
            isinstance(value.get(key), str) for key in ('file', 'sha256')):
        raise _Damage(f'{what} must name a file and its sha256')


def stream_of(entry: Mapping[str, Any]) -> tuple[float, float, float]:
    """ray_factor, across_factor and ray_floor of a manifest's entry."""
    ray, across, floor = (float(entry.get(name, usual)) for name, usual, *_ in _STREAM_FIELDS)
    return ray, across, floor


def find_model(tier: str, folder: Path | None = None, precision: str = 'fp32') -> ModelEntry:
    """Entry of a tier whose files exist and match their sha256.

    precision: ``fp16`` gives the graphs whose network is in half precision, ``int8`` those whose
    linear layers are in int8 (both for TensorRT).
    """
    folder = folder or engines_folder()
    manifest = read_manifest(folder / 'manifest.json')
    if tier not in manifest['tiers']:
        raise InputError(f'no exported graph of tier {tier!r} in {folder}; there are: '
                         f'{", ".join(sorted(manifest["tiers"])) or "none"}; `mocap23 export` '
                         'makes them from trained weights')
    entry = manifest['tiers'][tier]
    files = entry if precision == 'fp32' else entry.get(precision)
    command = f'mocap23 export --tier {tier}' + (' --precision int8' * (precision == 'int8'))
    if files is None:
        raise InputError(f'tier {tier} has no {precision} graphs; run `{command}`')
    paths = {}
    for kind in ('full', 'warm'):
        path = folder / Path(files[kind]['file']).name
        if not path.is_file():
            raise InputError(f'{path} is missing; run `{command}`')
        if file_sha256(path) != files[kind]['sha256']:
            raise InputError(f'{path} does not match the manifest (sha256); it is damaged or '
                             f'foreign: run `{command}`')
        paths[kind] = path
    return ModelEntry(tier, paths['full'], paths['warm'], int(entry['window_length']),
                      float(entry['rate']), int(entry['steps']), str(entry['skeleton']),
                      float(entry['ray_temperature']), float(entry['across_temperature']),
                      {Path(graphs[kind]['file']).name: graphs[kind]['sha256']
                       for graphs in (entry, *(entry[key] for key in ('fp16', 'int8')
                                               if key in entry)) for kind in ('full', 'warm')},
                      stream_of(entry))
