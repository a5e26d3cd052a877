# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON file of a detector's noise, checked field by field."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mocap23_ros.atomic_files import write_text
from mocap23_ros.detection.detector_noise import (
    CONFIDENCE_EDGES,
    ERROR_EDGES,
    EXCHANGES,
    GROUPS,
    QUANTILES,
    SIZE_EDGES,
    DetectorNoise,
    Episodes,
    ErrorTable,
    JointNoise,
    Outliers,
    Stated,
)
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.field_rules import Range, check_fields
from mocap23_ros.json_files import read_json
from mocap23_ros.skeletons.formats import COCO17

_FORMAT, _VERSION = 'mocap23 detector noise', 1
_LARGEST_FILE = 64 * 1024
_SHIPPED = Path(__file__).parent / 'noise'
_COUNT, _SHARE, _SECONDS = Range(0, 10 ** 12), Range(0, 0.9), Range(0, 3600, above=True)
_SD = Range(0, 2)
_RULES = {
    'bias': _SD, 'correlated': _SD, 'white': _SD, 'size': _SD, 'missing': _SHARE, 'share': _SHARE,
    'seconds': _SECONDS, 'count': _COUNT, 'clips': _COUNT, 'keypoints': _COUNT,
    'time_constant': Range(0, 60, above=True), 'resolution_px': Range(0, 2000),
    'ankles': Range(-0.3, 0.3)}
Record = TypeVar('Record')


def save_detector_noise(path: Path, noise: DetectorNoise) -> None:
    """Write the file that ``load_detector_noise`` reads; InputError where it cannot be."""
    values = {'format': _FORMAT, 'version': _VERSION, **_rounded(asdict(noise))}
    write_text(path, '\n'.join(_lines(values)) + '\n')


def find_detector_noise(name_or_path: str) -> Path:
    """The file of a detector that ships with one, else the path itself."""
    shipped = _SHIPPED / f'{name_or_path}.json'
    return shipped if name_or_path in shipped_detector_noises() else Path(name_or_path)


def shipped_detector_noises() -> list[str]:
    """Detectors whose noise ships."""
    return sorted(path.stem for path in _SHIPPED.glob('*.json'))


def load_detector_noise(path: Path) -> DetectorNoise:
    """Read the file; InputError, naming the file and the field, for what cannot be true."""
    values = read_json(path, _LARGEST_FILE)
    with errors_of(path):
        return _parsed(values)


def _parsed(values: Any) -> DetectorNoise:
    if not isinstance(values, dict) or values.pop('format', None) != _FORMAT:
        raise InputError('this is not a file of mocap23 detector-noise')
    if values.pop('version', None) != _VERSION:
        raise InputError(f'the version is not {_VERSION}; measure the detector again')
    values = {'ankles': 0.0, **values}  # older files lack it
    _check_keys(values, [field.name for field in fields(DetectorNoise)], 'the file')
    noise = DetectorNoise(**{
        **values, 'dropped': _record(Episodes, values['dropped'], 'dropped'),
        'exchanges': _records(Episodes, values['exchanges'], EXCHANGES, 'exchanges'),
        'outliers': _records(Outliers, values['outliers'], GROUPS, 'outliers'),
        'joints': _records(JointNoise, values['joints'], COCO17.joint_names, 'joints'),
        'confidence': {group: _stated(stated, f'confidence.{group}') for group, stated in
                       _mapping(values['confidence'], GROUPS, 'confidence').items()},
        'error': {group: _error_table(table, f'error.{group}') for group, table in
                  _mapping(values['error'], GROUPS, 'error').items()}})
    check_fields(noise, _RULES)
    for name in ('detector', 'made'):
        text = getattr(noise, name)
        if not 0 < len(text) <= 1000 or not text.isprintable():
            raise InputError(f'{name} must be one line of text')
    if sum(item.share for item in noise.exchanges.values()) > 1:
        raise InputError('exchanges take more than all of the time')
    most = max(noise.joints.items(), key=lambda item: item[1].clips)
    if most[1].clips > noise.clips:
        raise InputError(f'joints.{most[0]} was measured on more clips than there are')
    return noise


def _error_table(values: Any, where: str) -> ErrorTable:
    values = _mapping(values, ['sd', 'tracks'], where)
    size = (len(SIZE_EDGES) + 1, len(CONFIDENCE_EDGES) + 1)
    return ErrorTable(_table(values['sd'], size, 100.0, f'{where}.sd'),
                      _counts(values['tracks'], size, f'{where}.tracks'))


def _stated(values: Any, where: str) -> Stated:
    errors = len(ERROR_EDGES) + 1
    values = _mapping(values, ['quantiles', 'tracks'], where)
    rows = _table(values['quantiles'], (errors, len(QUANTILES)), 1.0, f'{where}.quantiles')
    if (np.diff(rows, axis=1) < 0).any():
        raise InputError(f'{where}.quantiles must not fall within a row')
    return Stated(rows, _counts([values['tracks']], (1, errors), f'{where}.tracks')[0])


def _records(kind: type[Record], values: Any, names: Any, where: str) -> dict[str, Record]:
    return {name: _record(kind, value, f'{where}.{name}')
            for name, value in _mapping(values, names, where).items()}


def _record(kind: type[Record], values: Any, where: str) -> Record:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    record = kind(**_mapping(values, names, where))
    check_fields(record, _RULES, f'{where}.')
    return record


def _mapping(values: Any, names: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InputError(f'{where} must be an object')
    _check_keys(values, list(names), where)
    return {name: values[name] for name in names}


def _check_keys(values: dict[str, Any], names: list[str], where: str) -> None:
    for name in names:
        if name not in values:
            raise InputError(f'{where} has no {name}')
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise InputError(f'{where} has an unknown field {unknown[0][:40]!r}')


def _table(values: Any, shape: tuple[int, int], most: float, where: str
           ) -> tuple[tuple[float, ...], ...]:
    rows, columns = shape
    if not (isinstance(values, list) and len(values) == rows
            and all(isinstance(row, list) and len(row) == columns for row in values)):
        raise InputError(f'{where} must be {rows} rows of {columns} numbers')
    for row in values:
        for value in row:
            if isinstance(value, bool) or not isinstance(value, int | float) \
                    or not 0 <= value <= most:
                raise InputError(f'{where} must hold numbers from 0 to {most:g}')
    return tuple(tuple(row) for row in values)


def _counts(values: Any, shape: tuple[int, int], where: str) -> tuple[tuple[int, ...], ...]:
    table = _table(values, shape, 1e12, where)
    if any(not isinstance(value, int) for row in table for value in row):
        raise InputError(f'{where} must hold whole numbers')
    return tuple(tuple(int(value) for value in row) for row in table)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(item) for item in value]
    return float(f'{value:.4g}') if isinstance(value, float) else value


def _lines(values: dict[str, Any]) -> Iterator[str]:
    """JSON with one line per joint, group and row."""
    yield '{'
    for number, (name, value) in enumerate(values.items(), 1):
        comma = ',' if number < len(values) else ''
        if isinstance(value, dict):
            inner = [f'  {json.dumps(key)}: {json.dumps(item)}' for key, item in value.items()]
            yield f' {json.dumps(name)}: {{'
            yield ',\n'.join(inner)
            yield f' }}{comma}'
        else:
            yield f' {json.dumps(name)}: {json.dumps(value)}{comma}'
    yield '}'
