# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the exported graph of a network and a precision by its file name."""

from pathlib import Path

from mocap23_ros.errors import InputError

PRECISIONS = ('fp32', 'fp16', 'int8')


def precision_of(onnx: Path) -> str:
    """The precision that a graph's name ends in; fp32 where it ends in none."""
    return next((name for name in PRECISIONS if onnx.stem.endswith(f'_{name}')), 'fp32')


def graph_of_precision(onnx: Path, precision: str) -> Path:
    """The graph of a precision that lies beside an FP32 graph, or is ``onnx`` itself.

    fp16: the FP32 graph where there is no other. Raises InputError for an unknown precision, and
    for int8 where there is no such graph.
    """
    if precision not in PRECISIONS:
        raise InputError(f'precision must be one of {", ".join(PRECISIONS)}, not {precision!r}')
    if precision_of(onnx) == precision:
        return onnx
    own = onnx.with_name(f'{onnx.stem}_{precision}.onnx')
    if precision == 'int8' and not own.is_file():
        raise InputError(f'there is no {own.name} beside {onnx.name}; run mocap23 export '
                         '--precision int8, or use fp16 or fp32')
    return onnx if precision == 'fp32' or not own.is_file() else own
