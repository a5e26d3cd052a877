# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The whole few-step lifter as one ONNX graph: conditions, steps, triangulation, covariance."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from torch import Tensor

from mocap23_ros.atomic_files import replacing
from mocap23_ros.lifting.network_inputs import CAMERA_FEATURES
from mocap23_ros.network.lifter_graph import INPUT_NAMES, OUTPUT_NAMES, LifterGraph, WarmLifterGraph
from mocap23_ros.network.lifter_model import LifterModel
from mocap23_ros.network.regressors import RayDepthRegressor
from mocap23_ros.network.triangulation_forms import check_usable

OPSET = 18
# Of folded constants, in values; a concatenated weight of the largest tier has 3 * 512 * 512.
_FOLD_LIMIT = 1 << 21


def example_inputs(model: LifterModel | RayDepthRegressor, people: int,
                   warm: bool) -> tuple[Tensor, ...]:
    """Plausible inputs for tracing."""
    length, joints = model.tier.window_length, len(model.skeleton)
    generator = torch.Generator().manual_seed(0)
    observation = torch.rand(people, length, joints, 3, generator=generator) * 0.3
    camera = torch.zeros(people, length, CAMERA_FEATURES)
    camera[..., 2], camera[..., 3] = 1.5, 1.0
    anchor = torch.tensor([[4.0, 0.95, 0.2]]).repeat(people, 1)
    inputs: tuple[Tensor, ...] = (observation, camera, anchor,
                                  torch.zeros(people, model.stature_features))
    if warm:
        inputs += (torch.rand(people, length, joints, 3, generator=generator)
                   + torch.tensor([4.0, 0.0, 0.5]),)
    return inputs


def export_graph(graph: LifterGraph, path: Path) -> None:
    """Write one self-contained ONNX file, checked, atomically; batch P is dynamic.

    InputError for a lifter that triangulates by SVD.
    """
    if isinstance(graph.model, LifterModel):
        check_usable(graph.model.options.triangulation, 'export')
    warm = isinstance(graph, WarmLifterGraph)
    names = [*INPUT_NAMES, *(['previous'] if warm else [])]
    people = torch.export.Dim('people', min=1, max=64)
    graph = graph.eval()
    with without_exporter_notes():
        program = torch.onnx.export(
            graph, example_inputs(graph.model, 3, warm), dynamo=True, opset_version=OPSET,
            input_names=names, output_names=list(OUTPUT_NAMES),
            dynamic_shapes=tuple({0: people} for _ in names), verbose=False)
    assert program is not None
    onnx_model = tidy_graph(program.model_proto)
    onnx.checker.check_model(onnx_model)
    with replacing(path, keep_suffix=True) as temporary:
        onnx.save(onnx_model, temporary)


@contextmanager
def without_exporter_notes() -> Iterator[None]:
    """Silence the notes of PyTorch's exporter that come with every success.

    They say that torchvision is absent (it is not used), that the inputs share the axis people
    (they shall), and that the exporter itself uses a deprecated check.
    """
    logger = logging.getLogger('torch.onnx._internal.exporter._registration')
    logger.addFilter(_not_of_torchvision)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', '# The axis name: people will not be used')
            warnings.filterwarnings('ignore', r'`isinstance\(treespec, LeafSpec\)` is deprecated')
            yield
    finally:
        logger.removeFilter(_not_of_torchvision)


def _not_of_torchvision(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith('torchvision is not installed')


def tidy_graph(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute what depends on weights alone, and drop the exporter's notes.

    The notes (source paths and stack traces of every node) make up to a third of the file and
    say where the exporting machine keeps its files.
    """
    from onnxscript import optimizer  # takes seconds to import

    folded = optimizer.optimize(model, input_size_limit=_FOLD_LIMIT, output_size_limit=_FOLD_LIMIT)
    assert isinstance(folded, onnx.ModelProto)
    folded.doc_string = ''
    del folded.metadata_props[:]
    for graph_or_node in (folded.graph, *folded.graph.node, *folded.graph.initializer,
                          *folded.graph.input, *folded.graph.output):
        graph_or_node.doc_string = ''
        del graph_or_node.metadata_props[:]
    del folded.graph.value_info[:]
    return folded
