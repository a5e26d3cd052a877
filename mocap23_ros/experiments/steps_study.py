# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what denoising steps cost and buy: errors, calibration, spread and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mocap23_ros.benchmarks.lifter_benchmark import graph_inputs
from mocap23_ros.benchmarks.timing import measure
from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.engines.backend import Backend
from mocap23_ros.engines.model_files import ModelEntry
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.engines.torch_backend import TorchBackend
from mocap23_ros.evaluation.comparison import compare_methods
from mocap23_ros.evaluation.methods import lift_recording
from mocap23_ros.experiments.window_study import WARM, Start, window_figures
from mocap23_ros.lifting.diffusion_lifter import DiffusionLifter
from mocap23_ros.lifting.load_lifter import load_lifter
from mocap23_ros.lifting.proportions import takes_proportions
from mocap23_ros.lifting.stated_uncertainty import StatedUncertainty
from mocap23_ros.network.lifter_model import LifterModel
from mocap23_ros.network.tiers import Temperatures
from mocap23_ros.reporting import Say
from mocap23_ros.training.stream_windows import StreamWindows, stream_windows

FULL_START_STEPS = 2  # of the start from noise that a warm stream makes once a second
STREAM_KEYS = ('mpjpe_mm', 'pa_mpjpe_mm', 'abs_mpjpe_mm', 'accel_ms2', 'jitter_10ms3',
               'coverage_95', 'nees', 'limit_ratio', 'frames', 'recall')


@dataclass(frozen=True)
class StudyScope:
    """How much is run.

    set_name, sequences: evaluation set and how many of its sequences (None: all). windows, draws:
    single windows and draws of the noise for each. seed: of windows and draws. data: folder of
    the motion data. seconds: longest time of one measured latency.
    """

    set_name: str = 'e1_noisy'
    sequences: int | None = 8
    windows: int = 192
    draws: int = 5
    seed: int = 0
    data: Path | None = None
    seconds: float = 2.0


def study_windows(model: LifterModel, weights: Path, scope: StudyScope) -> list[StreamWindows]:
    """The validation subjects' windows on which all starts and precisions are compared."""
    lift = TorchBackend(weights, FULL_START_STEPS)
    return list(stream_windows(
        load_cmu('validation', scope.data), 'noisy',
        WindowSpec(model.tier.window_length, model.tier.rate), model.skeleton,
        lambda arrays: lift.run(arrays)['joints'], scope.windows, scope.seed,
        takes_proportions(lift)))


def study_steps(model: LifterModel, weights: Path, starts: Sequence[Start],
                windows: Sequence[StreamWindows], temperatures: Temperatures,
                exported: ModelEntry | None, scope: StudyScope,
                progress: Say) -> list[dict[str, Any]]:
    """One row per start, in their order.

    exported: the graphs of these very weights, for their latency. A row holds: start,
    evaluations (per window), stream (whole sequences through the run-time path), windows
    (see ``window_figures``) and latency (one person; torch, and onnxruntime or None where no
    graph of this start is exported).
    """
    stream = stream_figures({
        str(start): load_lifter(
            weights, steps=FULL_START_STEPS if start == WARM else int(start),
            warm_start=start == WARM, temperatures=temperatures,
            uncertainty=None if exported is None else StatedUncertainty(*exported.stream))
        for start in starts}, scope, progress)
    rows = []
    for start in starts:
        progress(f'{start}: single windows and latency')
        steps = 1 if start == WARM else int(start)
        graph = _graph(exported, start)
        rows.append({
            'start': start, 'evaluations': steps, 'stream': stream[str(start)],
            'windows': window_figures(model, windows, start, scope.draws, scope.seed),
            'latency': {
                'torch': latency(TorchBackend(weights, steps, start == WARM), scope.seconds),
                'onnxruntime': None if graph is None else latency(
                    OnnxRuntimeBackend(graph, torch.get_num_threads()), scope.seconds)}})
    return rows


def stream_figures(lifters: dict[str, DiffusionLifter], scope: StudyScope,
                   progress: Say) -> dict[str, dict[str, Any]]:
    """STREAM_KEYS and the number of sequences of every lifter, streaming without lag."""
    result = compare_methods(
        scope.set_name, {name: partial(lift_recording, lifter)
                         for name, lifter in lifters.items()}, {}, scope.data, scope.sequences,
        progress)
    figures = {}
    for name in lifters:
        summary = result.summary(name)
        figures[name] = {**{key: summary.get(key) for key in STREAM_KEYS},
                         'sequences': len(result.errors[name])}
    return figures


def latency(backend: Backend, seconds: float) -> dict[str, Any]:
    """Milliseconds of one window of one person; closes the backend."""
    timing = measure(partial(backend.run, graph_inputs(backend, 1)), seconds=seconds)
    backend.close()
    return timing.as_dict()


def _graph(exported: ModelEntry | None, start: Start) -> Path | None:
    if exported is None:
        return None
    if start == WARM:
        return exported.warm
    return exported.full if start == exported.steps else None
