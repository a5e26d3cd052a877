# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what half precision and int8 cost: errors of the exported graphs, and distances."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mocap23_ros.engines.model_files import ModelEntry, find_model
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.errors import InputError
from mocap23_ros.experiments.steps_study import StudyScope, latency, stream_figures
from mocap23_ros.lifting.diffusion_lifter import DiffusionLifter
from mocap23_ros.lifting.load_lifter import load_lifter
from mocap23_ros.reporting import Say
from mocap23_ros.training.stream_windows import StreamWindows

REFERENCE = 'fp32'
_KINDS = ('full', 'warm')


def study_precisions(tier: str, folder: Path, precisions: Sequence[str],
                     windows: Sequence[StreamWindows], scope: StudyScope,
                     progress: Say) -> list[dict[str, Any]]:
    """One row per precision, FP32 first; one with a reason for graphs that are not exported.

    All run on ONNX Runtime on the CPU. A row holds: precision, stream (with warm starts, as the
    node runs), parity_mm (mean distance of the newest joints from those of FP32, by start),
    latency (by start) and bytes (of both files). InputError where there is no FP32 graph.
    """
    reference = find_model(tier, folder)
    models: dict[str, ModelEntry] = {REFERENCE: reference}
    reasons: dict[str, str] = {}
    for precision in precisions:
        try:
            models[precision] = find_model(tier, folder, precision=precision)
        except InputError as error:
            reasons[precision] = str(error)
    stream = stream_figures({precision: _lifter(model) for precision, model in models.items()},
                            scope, progress)
    rows: list[dict[str, Any]] = []
    for precision, model in models.items():
        progress(f'{precision}: single windows and latency')
        rows.append({
            'precision': precision, 'stream': stream[precision],
            'parity_mm': {kind: _distance(getattr(reference, kind), getattr(model, kind), windows,
                                          kind) for kind in _KINDS},
            'latency': {kind: latency(_load(getattr(model, kind)), scope.seconds)
                        for kind in _KINDS},
            'bytes': model.full.stat().st_size + model.warm.stat().st_size})
    return rows + [{'precision': precision, 'reason': reason}
                   for precision, reason in reasons.items()]


def _load(graph: Path) -> OnnxRuntimeBackend:
    return OnnxRuntimeBackend(graph, torch.get_num_threads())


def _lifter(model: ModelEntry) -> DiffusionLifter:
    return load_lifter(model, 'onnxruntime', threads=torch.get_num_threads())


def _distance(reference: Path, graph: Path, windows: Sequence[StreamWindows],
              kind: str) -> float:
    """Mean distance of the newest joints of two graphs, millimetres."""
    one, two = _load(reference), _load(graph)
    distances = []
    for part in windows:
        arrays = getattr(part, kind)
        want = one.run(arrays)['joints'][:, -1].astype(np.float64)
        have = two.run(arrays)['joints'][:, -1].astype(np.float64)
        distances.append(1e3 * np.linalg.norm(have - want, axis=-1))
    one.close()
    two.close()
    return float(np.concatenate(distances).mean())
