# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers out of the entries of a camera file, each refused by the name of its key."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.plausible_camera import LARGEST_SIDE


def required(entry: Mapping[str, Any], key: str, prefix: str = '', hint: str = '') -> Any:
    """The entry's value; InputError, with prefix and hint around the key, where it has none."""
    if entry.get(key) is None:
        raise InputError(f'the key {prefix}{key}{hint} is missing')
    return entry[key]


def whole(entry: Mapping[str, Any], key: str, least: int = 1, prefix: str = '') -> int:
    """A whole number of pixels, at least ``least``; InputError for anything else."""
    value = required(entry, key, prefix)
    digits = isinstance(value, str) and len(value) < 20 and value.isdecimal()
    number = int(value) if digits else -1
    if not least <= number <= LARGEST_SIDE:
        raise InputError(f'{prefix}{key} must be a {"positive " * (least > 0)}whole number of '
                         f'pixels up to {LARGEST_SIDE}')
    return number


def numbers(entry: Any, name: str, count: int | None = None) -> list[float]:
    """A flat list of finite numbers from a list, a nested list, {data: [...]} or {x:, y:, ...}."""
    if isinstance(entry, Mapping):
        _check_shape(entry, name)
        entry = entry['data'] if 'data' in entry else [entry[k] for k in 'xyzw' if k in entry]
    if not isinstance(entry, list):
        raise InputError(f'{name} must be a list of numbers')
    if entry and all(isinstance(row, list) for row in entry) and len(entry) <= 4:
        entry = [value for row in entry for value in row]
    try:
        numbers = [_number(value) for value in entry]
    except (TypeError, ValueError):
        raise InputError(f'{name} must hold numbers only') from None
    if not np.isfinite(numbers).all():
        raise InputError(f'{name} must be finite numbers')
    if count is not None and len(numbers) != count:
        raise InputError(f'{name} must have {count} numbers, not {len(numbers)}')
    return numbers


def _check_shape(entry: Mapping[str, Any], name: str) -> None:
    """ROS's reader takes rows x cols of the numbers: another count would be another matrix."""
    data = entry.get('data')
    if isinstance(data, list) and entry.get('rows') is not None and entry.get('cols') is not None:
        rows, columns = (whole(entry, key, 0, f'{name}.') for key in ('rows', 'cols'))
        if rows * columns != len(data) and not any(isinstance(row, list) for row in data):
            raise InputError(f'{name} is said to be {rows} x {columns}, yet has {len(data)} '
                             'numbers')


def _number(text: Any) -> float:
    if not isinstance(text, str) or len(text) > 60:
        raise ValueError('no number')
    special = text.lower().lstrip('+-') in ('.nan', '.inf')
    return float(text.replace('.', '') if special else text)
