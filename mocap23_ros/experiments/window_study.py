# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Single windows: their errors, and under several draws of the noise the best and the spread."""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from mocap23_ros.evaluation.alignment import procrustes_error
from mocap23_ros.network.lifter_graph import INPUT_NAMES
from mocap23_ros.network.lifter_model import WARM_START_TIME, LifterModel
from mocap23_ros.network.noise_schedule import draw_world_noise, time_grid
from mocap23_ros.network.prediction import Prediction
from mocap23_ros.training.stream_windows import StreamWindows

WARM = 'warm'
Start = int | str  # evaluations of a full start, or WARM


@torch.inference_mode()
def window_figures(model: LifterModel, windows: Iterable[StreamWindows], start: Start,
                   draws: int, seed: int) -> dict[str, float]:
    """Errors at the newest sample of each window, millimetres.

    start: evaluations of a full start, or WARM: one from the previous motion. draws: samples per
    window, from different world noise; seed draws it, the same for every ``start``.

    Returns mpjpe_mm, abs_mpjpe_mm of the fixed draw, the one that is published; the same as
    mean_* over the draws, and as best_* of each window's draw that is nearest to the truth;
    spread_mm, spread_abs_mm: standard deviation over the draws (root of the trace of their
    covariance), relative to the pelvis and in the world, mean over joints and windows.
    """
    generator = torch.Generator().manual_seed(seed)
    hips = list(model.skeleton.pair('hip'))
    collected: dict[str, list[NDArray]] = {}
    model.eval()
    for part in windows:
        batch, length, joints = part.joints.shape[:3]
        sampler = _sampler(model, part, start)
        fixed = _newest(sampler())
        samples = np.stack([_newest(sampler(world_noise=draw_world_noise(
            batch, length, joints, generator))) for _ in range(draws)])
        truth = part.joints[:, -1]
        local = [joints - joints[..., hips, :].mean(axis=-2, keepdims=True)
                 for joints in (fixed, samples, truth)]
        for prefix, points, drawn, true in (('', *local), ('abs_', fixed, samples, truth)):
            errors = _error(drawn, true)
            for key, values in (
                    (f'{prefix}mpjpe_mm', _error(points, true)),
                    (f'mean_{prefix}mpjpe_mm', errors.mean(axis=0)),
                    (f'best_{prefix}mpjpe_mm', errors.min(axis=0)),
                    (f'spread_{prefix}mm', _spread(drawn))):
                collected.setdefault(key, []).append(values)
    return {key: float(np.concatenate(values).mean()) for key, values in collected.items()}


@torch.inference_mode()
def published_errors(model: LifterModel, windows: Iterable[StreamWindows],
                     start: Start) -> dict[str, float]:
    """Errors of the fixed draw alone: mpjpe_mm, pa_mpjpe_mm, abs_mpjpe_mm, newest samples."""
    hips = list(model.skeleton.pair('hip'))
    collected: dict[str, list[NDArray]] = {}
    model.eval()
    for part in windows:
        joints, truth = _newest(_sampler(model, part, start)()), part.joints[:, -1]
        local = [points - points[..., hips, :].mean(axis=-2, keepdims=True)
                 for points in (joints, truth)]
        known = np.isfinite(truth[..., 0])
        for key, errors in (('mpjpe_mm', _error(*local)),
                            ('pa_mpjpe_mm', 1e3 * procrustes_error(joints, truth, known)),
                            ('abs_mpjpe_mm', _error(joints, truth))):
            collected.setdefault(key, []).append(errors.ravel())
    return {key: float(np.concatenate(values).mean()) for key, values in collected.items()}


def _sampler(model: LifterModel, part: StreamWindows, start: Start) -> Callable[..., Prediction]:
    """The lift of windows from a start; takes ``world_noise``."""
    times = (WARM_START_TIME,) if start == WARM else time_grid(int(start))
    observation, camera, anchor, stature = (
        torch.from_numpy(part.full[name]) for name in INPUT_NAMES)
    return partial(model.sample, model.condition(observation, camera, anchor, stature), times,
                   previous=torch.from_numpy(part.previous) if start == WARM else None)


def _newest(prediction: Prediction) -> NDArray[np.float64]:
    """Joints [B,J,3] of the newest sample."""
    return prediction.joints[:, -1].double().numpy()


def _error(joints: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean distance over the joints, millimetres: [...,J,3] to [...]."""
    return 1e3 * np.linalg.norm(joints - truth, axis=-1).mean(axis=-1)


def _spread(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of samples [D,B,J,3] in space, mean over the joints, millimetres [B]."""
    return 1e3 * np.sqrt(samples.var(axis=0, ddof=1).sum(axis=-1)).mean(axis=-1)
