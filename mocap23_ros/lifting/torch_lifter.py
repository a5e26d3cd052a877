# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Any trained weights as a Lifter: learned baselines, other step counts, development."""

from pathlib import Path

from mocap23_ros.engines.torch_backend import TorchBackend
from mocap23_ros.lifting.diffusion_lifter import DiffusionLifter
from mocap23_ros.network.temperatures import Temperatures


def load_torch_lifter(weights: Path, steps: int = 2, warm_start: bool = False,
                      temperatures: Temperatures | None = None) -> DiffusionLifter:
    """Lifter that runs a weights file in torch; steps: evaluations of a full start."""
    scale = temperatures or Temperatures(1.0, 1.0)
    full = TorchBackend(weights, steps, False, scale.ray, scale.across)
    warm = TorchBackend(weights, steps, True, scale.ray, scale.across) if warm_start else None
    return DiffusionLifter(full, warm, full.tier.window_length, full.tier.rate,
                           skeleton=full.skeleton)
