# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the manifest of exported tiers for the export, and says what it may replace."""

import os
import sys
from pathlib import Path
from typing import Any

from mocap23_ros.atomic_files import write_json
from mocap23_ros.engines.model_files import read_manifest, stream_of
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.stated_uncertainty import AS_STATED, StatedUncertainty
from mocap23_ros.network.tiers import Temperatures
from mocap23_ros.training.uncertainty_calibration import Calibration

_VERSION = 1


def check_replaced_tier(folder: Path, tier: str, skeleton: str) -> None:
    """Refuse to replace graphs of a tier in ``folder`` by those of another skeleton; InputError."""
    try:
        entry = _entries(folder / 'manifest.json').get(tier, {})
    except InputError:
        return  # damaged: the export starts it anew
    there = entry.get('skeleton', skeleton)
    if there != skeleton:
        raise InputError(f'{folder} has tier {tier} for skeleton {there}, these weights are for '
                         f'{skeleton}; give a folder of their own with --out')


def kept_calibration(folder: Path, tier: str) -> Calibration:
    """The manifest's calibration, factors of 1 where it lacks the tier; InputError if damaged."""
    try:
        entry = _entries(folder / 'manifest.json').get(tier)
        if entry is None:
            return Calibration(Temperatures(1.0, 1.0), AS_STATED)
        return Calibration(
            Temperatures(float(entry['ray_temperature']), float(entry['across_temperature'])),
            StatedUncertainty(*stream_of(entry)))
    except (InputError, KeyError, TypeError, ValueError):
        raise InputError(f'{folder / "manifest.json"} is damaged: its temperatures cannot be kept; '
                         f'export without --no-calibration, which writes a new one') from None


def update_manifest(path: Path, tier: str, entry: dict[str, Any]) -> None:
    """Replace the entry of a tier, atomically; the others stay.

    A damaged manifest is kept as ``manifest.json.damaged`` and started anew.
    """
    try:
        entries = _entries(path)
    except InputError:
        aside = path.with_name(f'{path.name}.damaged')
        os.replace(path, aside)
        print(f'{path} was damaged and is written anew with tier {tier} alone (the old one: '
              f'{aside.name}); export the other tiers again', file=sys.stderr)
        entries = {}
    write_json(path, {'version': _VERSION, 'tiers': {**entries, tier: entry}})


def _entries(path: Path) -> dict[str, Any]:
    """Entries by tier, none where there is no manifest; InputError where it is damaged."""
    if not path.exists():
        return {}
    try:
        entries = read_manifest(path)['tiers']
    except (OSError, ValueError, RecursionError) as error:  # InputError among them
        raise InputError(f'{path} is damaged ({error})') from None
    if not all(isinstance(entry, dict) for entry in entries.values()):
        raise InputError(f'{path} is damaged (a tier is not an object)')
    return entries
