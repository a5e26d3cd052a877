# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of a network on single windows of validation subjects: quick, for tables of variants.

`mocap23 evaluate` measures whole sequences through the run-time path; this measures the network.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from mocap23_ros.datasets.training_windows import WindowSource
from mocap23_ros.evaluation.alignment import procrustes_error
from mocap23_ros.evaluation.uncertainty import COVERAGE_95
from mocap23_ros.network.tiers import Temperatures
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.training.targets import training_windows
from mocap23_ros.training.uncertainty_calibration import along_and_across

_BATCH = 32  # windows


@torch.no_grad()
def validate(model: nn.Module, source: WindowSource, skeleton: SkeletonFormat,
             times: Sequence[float] = (1.0, 0.5), batches: int = 16,
             temperatures: Temperatures | None = None) -> dict[str, float]:
    """Errors at the newest sample of each window, the one that a live system publishes.

    Returns mpjpe_mm, pa_mpjpe_mm, abs_mpjpe_mm, root_mm, ray_mm (median absolute root error along
    the viewing ray) and coverage_95 of the per-joint ellipsoid.
    """
    scale = temperatures or Temperatures(1.0, 1.0)
    hips = list(skeleton.pair('hip'))
    collected: dict[str, list[np.ndarray]] = {}
    model.eval()
    for index in range(batches):
        windows = training_windows(source.batch(_BATCH, index), skeleton, seed=index)
        prediction = model(windows.observation, windows.camera, windows.anchor, windows.stature,
                           times)
        joints = prediction.joints[:, -1].double().numpy()
        truth = windows.joints[:, -1].double().numpy()
        centre = windows.camera[:, -1, None, :3].double().numpy()
        error = joints - truth
        along, across = along_and_across(error, truth - centre)
        sigma_ray = np.exp(prediction.log_sigma_ray[:, -1].numpy()) * scale.ray
        sigma_across = np.exp(prediction.log_sigma_across[:, -1].numpy()) * scale.across
        squared = (along / sigma_ray) ** 2 + (across / sigma_across) ** 2
        root = error[:, hips].mean(axis=1, keepdims=True)
        batch = {
            'mpjpe_mm': 1e3 * np.linalg.norm(error - root, axis=-1),
            'pa_mpjpe_mm': 1e3 * procrustes_error(joints, truth, np.isfinite(joints[..., 0])),
            'abs_mpjpe_mm': 1e3 * np.linalg.norm(error, axis=-1),
            'root_mm': 1e3 * np.linalg.norm(root[:, 0], axis=-1),
            'ray_mm': 1e3 * np.abs(along[:, hips].mean(axis=1)),
            'coverage_95': (squared < COVERAGE_95).astype(float)}
        for name, values in batch.items():
            collected.setdefault(name, []).append(np.asarray(values).ravel())
    joined = {name: np.concatenate(values) for name, values in collected.items()}
    return {name: float(np.median(values) if name == 'ray_mm' else np.nanmean(values))
            for name, values in joined.items()}
