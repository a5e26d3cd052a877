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
from torch import Tensor, nn

from mocap23_ros.atomic_files import replacing
from mocap23_ros.lifting.network_inputs import CAMERA_FEATURES
from mocap23_ros.network.lifter_model import WARM_START_TIME, LifterModel
from mocap23_ros.network.noise_schedule import time_grid
from mocap23_ros.network.prediction import Prediction
from mocap23_ros.network.regressors import RayDepthRegressor
from mocap23_ros.network.triangulation_forms import check_usable
from mocap23_ros.training.graph_tidying import tidy_graph

OPSET = 18
OUTPUT_NAMES = ('joints', 'covariance', 'contact', 'stature_estimate')


class LifterGraph(nn.Module):
    """What is exported: network inputs to joints, covariance, contact and stature.

    joints: [P,T,J,3] metres, window frame. covariance: [P,T,J,6] m^2, xx xy xz yy yz zz, window
    frame, calibrated. contact: [P,T,2] probabilities. stature_estimate: [P,2] metres, relative sd.
    """

    def __init__(self, model: LifterModel | RayDepthRegressor, steps: int = 2,
                 ray_temperature: float = 1.0, across_temperature: float = 1.0) -> None:
        super().__init__()
        self.model, self.times = model, time_grid(steps)
        self.ray_temperature, self.across_temperature = ray_temperature, across_temperature

    def forward(self, observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                previous: Tensor | None = None) -> tuple[Tensor, ...]:
        """Full start from noise."""
        del previous
        prediction = self.model(observation, camera, anchor, stature, self.times)
        return self.outputs(prediction, camera)

    def outputs(self, prediction: Prediction, camera: Tensor) -> tuple[Tensor, ...]:
        """Pack a prediction."""
        ray_variance = torch.exp(2 * prediction.log_sigma_ray) * self.ray_temperature ** 2
        across_variance = torch.exp(2 * prediction.log_sigma_across) * self.across_temperature ** 2
        offset = prediction.joints - camera[:, :, None, :3]
        direction = offset / torch.sqrt((offset * offset).sum(-1, keepdim=True) + 1e-6)
        x, y, z = direction[..., 0], direction[..., 1], direction[..., 2]
        excess = ray_variance - across_variance
        covariance = torch.stack([
            across_variance + excess * x * x, excess * x * y, excess * x * z,
            across_variance + excess * y * y, excess * y * z,
            across_variance + excess * z * z], dim=-1)
        stature = torch.stack([1.7 * torch.exp(prediction.log_stature),
                               torch.exp(prediction.log_stature_sigma)], dim=-1)
        return prediction.joints, covariance, torch.sigmoid(prediction.contact), stature


class WarmLifterGraph(LifterGraph):
    """One evaluation from the previous window's motion [P,T,J,3], shifted to this window."""

    def forward(self, observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                previous: Tensor | None = None) -> tuple[Tensor, ...]:
        """Warm start."""
        prediction = self.model(observation, camera, anchor, stature, (WARM_START_TIME,), previous)
        return self.outputs(prediction, camera)


def example_inputs(model: LifterModel | RayDepthRegressor, people: int,
                   warm: bool) -> tuple[Tensor, ...]:
    """Plausible inputs for tracing."""
    length, joints = model.tier.window_length, len(model.skeleton)
    generator = torch.Generator().manual_seed(0)
    observation = torch.rand(people, length, joints, 3, generator=generator) * 0.3
    camera = torch.zeros(people, length, CAMERA_FEATURES)
    camera[..., 2], camera[..., 3] = 1.5, 1.0
    anchor = torch.tensor([[4.0, 0.95, 0.2]]).repeat(people, 1)
    inputs: tuple[Tensor, ...] = (observation, camera, anchor, torch.zeros(people, 2))
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
    names = ['observation', 'camera', 'anchor', 'stature'] + (['previous'] if warm else [])
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
    """Silence what PyTorch's exporter says on every success, and nothing else.

    That torchvision, of which nothing is used, is absent; that the inputs share the axis people,
    as they shall; and that the exporter itself uses a deprecated check.
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
