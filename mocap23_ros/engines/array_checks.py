# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks whether arrays fit what a network takes."""

from collections.abc import Mapping, Sequence

from numpy.typing import NDArray

from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.errors import InputError


def check_inputs(specs: Sequence[TensorSpec], inputs: Mapping[str, NDArray]) -> None:
    """Raise InputError unless names, dtypes and shapes of arrays fit the specs."""
    names = {spec.name for spec in specs}
    if names != set(inputs):
        raise InputError(f'the network takes {", ".join(sorted(names))}, not '
                         f'{", ".join(sorted(inputs)) or "nothing"}')
    for spec in specs:
        array = inputs[spec.name]
        if array.dtype != spec.dtype:
            raise InputError(f'input {spec.name} must be {spec.dtype}, not {array.dtype}')
        fits = len(array.shape) == len(spec.shape) and all(
            want in (-1, have) for want, have in zip(spec.shape, array.shape, strict=True))
        if not fits:
            raise InputError(f'input {spec.name} must have the shape {list(spec.shape)} (-1 = '
                             f'any), not {list(array.shape)}')


def batch_size(specs: Sequence[TensorSpec], inputs: Mapping[str, NDArray]) -> int:
    """Rows of the inputs whose first dimension is dynamic; InputError where they differ."""
    rows = {len(inputs[spec.name]) for spec in specs if spec.shape[0] == -1}
    if len(rows) != 1:
        raise InputError(f'inputs have different batch sizes: {sorted(rows)}')
    return rows.pop()
