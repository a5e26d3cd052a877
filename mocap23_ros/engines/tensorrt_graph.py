# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Parses ONNX graphs with TensorRT, and says whether engines can be built from them."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mocap23_ros.checksum import checked_weights
from mocap23_ros.engines.tensorrt_library import TensorRTLibrary
from mocap23_ros.errors import InputError


def parse_graph(library: TensorRTLibrary, onnx: Path, content: bytes | None = None,
                beside: Path | None = None) -> tuple[Any, Any, Any]:
    """Parse a graph; returns builder, network and parser (which owns the weights).

    content: of the file, where it was read already. beside: path of a graph beside which its
    weights are, where they are not beside this one.
    Raises InputError with TensorRT's own first complaint where an operator is not supported.
    """
    trt = library.api
    logger = _make_logger(trt)
    builder = trt.Builder(logger)
    network = builder.create_network(
        1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    content = onnx.read_bytes() if content is None else content
    if not parser.parse(content, str(beside or onnx)):
        first = parser.get_error(0) if parser.num_errors else None
        reason = f'{first.desc()} (node {first.node_name() or first.node()})' if first \
            else 'no reason given'
        raise InputError(f'{library.name} cannot take {onnx.name}: {reason}')
    return builder, network, parser


def layer_summary(network: Any) -> dict[str, int]:
    """How many layers of which kind a parsed network has."""
    counts: dict[str, int] = {}
    for index in range(network.num_layers):
        kind = str(network.get_layer(index).type).rsplit('.', 1)[-1]
        counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))


@contextmanager
def checked_copy(onnx: Path, checksums: Mapping[str, str]) -> Iterator[Path]:
    """Where the parser finds the weights of a graph as they were checked.

    It takes them from files alone, so they are copied to where nobody else can change them.
    """
    weights = checked_weights(onnx, checksums)
    if not weights:
        yield onnx
        return
    with tempfile.TemporaryDirectory(prefix='mocap23-') as private:  # for this user alone
        for name, content in weights.items():
            (Path(private) / name).write_bytes(content)
        yield Path(private) / onnx.name


def fixed_batch(network: Any) -> int | None:
    """Batch size of a graph whose inputs are not dynamic; InputError for what cannot be run."""
    batches = set()
    tensors = [(network.get_input(index), 'input') for index in range(network.num_inputs)]
    tensors += [(network.get_output(index), 'output') for index in range(network.num_outputs)]
    for tensor, kind in tensors:
        shape = tuple(tensor.shape)
        if not shape or -1 in shape[1:]:
            reason = 'export the graph with fixed sizes' if kind == 'input' else \
                'how much it finds varies: use the backend onnxruntime'
            raise InputError(f'{kind} {tensor.name} has the shape {list(shape)}; only the first '
                             f'dimension, the batch, may be dynamic ({reason})')
        if kind == 'input':
            batches.add(shape[0])
    if len(batches) != 1:
        raise InputError(f'the inputs have different batch sizes: {sorted(batches)} (-1 = any); '
                         'export the graph with one')
    batch = batches.pop()
    if batch > 0 and any(tensor.shape[0] != batch for tensor, _ in tensors):
        raise InputError(f'the graph takes {batch} rows and gives another number of them; use the '
                         'backend onnxruntime')
    return None if batch == -1 else int(batch)


def _make_logger(trt: Any) -> Any:
    # Errors of the parser come back as exceptions; the rest goes to stderr as TensorRT words it.
    return trt.Logger(trt.Logger.ERROR)
