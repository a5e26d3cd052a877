# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Identifies a training run, so that no other one takes its checkpoint or weights."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mocap23_ros.checksum import file_sha256
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration

# May change when a run is resumed. steps, final_learning_rate: to go on longer, or to cool down
# after a constant rate; the rate follows the new schedule from there. mixed_precision: the weights
# are FP32 with any, and machines differ in what they have.
FREE_ON_RESUME = ('steps', 'final_learning_rate', 'checkpoint_seconds', 'mixed_precision')
_NEWER = ('data_sets', 'clips_sha256')  # of training_data
# Values of fields that older configurations lack.
_FORMERLY = {'triangulation': 'ray', 'proportions': False}
_NAMED = 3  # differences in one message


def run_identity(stage: str, configuration: TrainingConfiguration, training_data: dict[str, Any],
                 initial: Path | None = None) -> dict[str, Any]:
    """Stage, configuration, data and initial weights of a run as plain data.

    training_data: as on the card of the weights. initial: weights that the run starts from.
    """
    identity = {'stage': stage, 'configuration': asdict(configuration),
                'training_data': training_data,
                'initial_sha256': None if initial is None else file_sha256(initial)}
    # Numbers of numpy, which a checkpoint could not be read with, become plain ones.
    return json.loads(json.dumps(identity))


def check_same_run(saved: Mapping[str, Any], wanted: Mapping[str, Any], where: Path,
                   free: Collection[str] = FREE_ON_RESUME) -> None:
    """Refuse a folder or file ``where`` of another run than the wanted one; InputError.

    saved: an identity, or the card of weights. What it does not hold, which an earlier version did
    not write, is not compared, unless that version knew one way only (``_FORMERLY``). free: fields
    of the configuration that may differ.
    """
    theirs, ours = dict(_flat(saved)), dict(_flat(wanted))
    found = [name for name in ours
             if name in theirs and name not in free and theirs[name] != ours[name]]
    if found:
        text = '; '.join(_difference(name, theirs[name], ours[name]) for name in found[:_NAMED])
        more = f' and {len(found) - _NAMED} more' if len(found) > _NAMED else ''
        raise InputError(f'{where} is of another run ({text}{more}); give another --out, or '
                         f'delete it to start again')


def _flat(identity: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ('stage', 'initial_sha256', 'processes'):
        if name in identity:
            yield name, identity[name]
    data = identity.get('training_data')
    if isinstance(data, Mapping):  # what earlier versions did not write is compared on its own
        yield from ((name, data[name]) for name in _NEWER if name in data)
        data = {name: value for name, value in data.items() if name not in _NEWER}
    if 'training_data' in identity:
        yield 'training_data', data
    configuration = identity.get('configuration')
    if not isinstance(configuration, Mapping):
        return
    for name, value in {**_FORMERLY, **configuration}.items():
        if name == 'losses' and isinstance(value, Mapping):
            yield from ((f'losses.{term}', weight) for term, weight in value.items())
        else:
            yield name, value


def _difference(name: str, theirs: Any, ours: Any) -> str:
    if name in _NEWER:
        return f'other training data: {name} {theirs}, not {ours}'
    if name == 'training_data':
        return 'other training data'
    if name == 'initial_sha256':
        return 'other weights to start from'
    return f'{name} {theirs}, not {ours}'
