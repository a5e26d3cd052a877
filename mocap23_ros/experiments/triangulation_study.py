# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The forms of triangulation side by side: one network, the same windows, errors and time."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from mocap23_ros.benchmarks.timing import measure
from mocap23_ros.experiments.steps_study import FULL_START_STEPS, StudyScope
from mocap23_ros.experiments.window_study import published_errors
from mocap23_ros.network.lifter_graph import INPUT_NAMES
from mocap23_ros.network.lifter_model import LifterModel
from mocap23_ros.network.noise_schedule import time_grid
from mocap23_ros.reporting import Say
from mocap23_ros.training.stream_windows import StreamWindows


def with_triangulation(model: LifterModel, form: str) -> LifterModel:
    """The same network, its weights shared, with another form of triangulation."""
    other = LifterModel(model.tier, model.skeleton, replace(model.options, triangulation=form))
    other.load_state_dict(model.state_dict(), assign=True)
    return other.train(model.training)


def study_triangulations(model: LifterModel, forms: Sequence[str],
                         windows: Sequence[StreamWindows], scope: StudyScope,
                         progress: Say) -> list[dict[str, Any]]:
    """One row per form, from the same start of two steps on the same windows.

    A row holds: triangulation, trained (whether the weights were trained with it), errors (see
    ``published_errors``), latency (ms of one window and of a batch in torch) and batch (windows).
    """
    first = windows[0].full
    rows = []
    for form in forms:
        progress(f'triangulation {form}')
        lifter = with_triangulation(model, form)
        rows.append({
            'triangulation': form, 'trained': form == model.options.triangulation,
            'errors': published_errors(lifter, windows, FULL_START_STEPS),
            'latency': {kind: _latency(lifter, {name: array[:count]
                                                for name, array in first.items()}, scope.seconds)
                        for kind, count in (('one', 1), ('batch', None))},
            'batch': len(first['observation'])})
    return rows


@torch.inference_mode()
def _latency(model: LifterModel, arrays: dict[str, Any], seconds: float) -> dict[str, Any]:
    inputs = [torch.from_numpy(arrays[name]) for name in INPUT_NAMES]
    call = partial(model, *inputs, time_grid(FULL_START_STEPS))
    return measure(call, seconds=seconds).as_dict()
