# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Development backend: runs trained weights in torch, without an export in between."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.network.lifter_graph import OUTPUT_NAMES, LifterGraph, WarmLifterGraph
from mocap23_ros.network.models import load_network


class TorchBackend:
    """The exported graph's inputs and outputs, computed by torch from a safetensors file.

    steps: evaluations of a full start; ``warm`` takes the previous motion as a fifth input.
    """

    name = 'torch'

    def __init__(self, weights: Path, steps: int = 2, warm: bool = False,
                 ray_temperature: float = 1.0, across_temperature: float = 1.0,
                 device: str = 'cpu') -> None:
        network, self.card = load_network(weights)
        graph = WarmLifterGraph if warm else LifterGraph
        self._graph = graph(network, steps, ray_temperature, across_temperature).to(device).eval()
        self._device = device
        tier, joints = network.tier, len(network.skeleton)
        self.tier, self.skeleton = tier, network.skeleton
        float32 = np.dtype(np.float32)
        length = tier.window_length
        shapes = {'observation': (-1, length, joints, 3), 'camera': (-1, length, 8),
                  'anchor': (-1, 3), 'stature': (-1, network.stature_features)}
        if warm:
            shapes['previous'] = (-1, length, joints, 3)
        self.inputs = tuple(TensorSpec(name, float32, shape) for name, shape in shapes.items())
        self.outputs = tuple(TensorSpec(name, float32, shape) for name, shape in zip(
            OUTPUT_NAMES, ((-1, length, joints, 3), (-1, length, joints, 6), (-1, length, 2),
                           (-1, 2)), strict=True))

    @torch.inference_mode()
    def run(self, inputs: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Run once; returns new arrays."""
        tensors = [torch.from_numpy(np.ascontiguousarray(inputs[spec.name])).to(self._device)
                   for spec in self.inputs]
        results = self._graph(*tensors)
        return {name: value.cpu().numpy()
                for name, value in zip(OUTPUT_NAMES, results, strict=True)}

    def close(self) -> None:
        """Nothing to free."""
