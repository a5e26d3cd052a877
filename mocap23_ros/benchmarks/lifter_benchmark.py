# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The lifter's graphs on every backend that is here."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from mocap23_ros.benchmarks.machine_limits import MachineLimits
from mocap23_ros.benchmarks.network_cost import lifter_cost
from mocap23_ros.benchmarks.timing import measure
from mocap23_ros.engines.backend import Backend
from mocap23_ros.engines.backends import BACKENDS, create_backend
from mocap23_ros.engines.model_files import ModelEntry, available_tiers, find_model
from mocap23_ros.errors import InputError
from mocap23_ros.network.tiers import find_tier
from mocap23_ros.reporting import Say


def graph_inputs(backend: Backend, persons: int) -> dict[str, NDArray]:
    """Plausible inputs: people who stand 4 m from a camera at 1.5 m."""
    generator = np.random.default_rng(0)
    arrays = {spec.name: 0.3 * generator.random((persons, *spec.shape[1:])).astype(spec.dtype)
              for spec in backend.inputs}
    arrays['camera'][...] = 0
    arrays['camera'][..., 2:4] = 1.5, 1.0
    arrays['anchor'][...] = 4.0, 0.95, 0.2
    arrays['stature'][...] = 0
    if 'previous' in arrays:
        arrays['previous'] += np.array([4.0, 0.0, 0.5], np.float32)
    return arrays


def benchmark_lifters(tiers: Sequence[str], backends: Sequence[str], persons: Sequence[int],
                      limits: MachineLimits, report: Say,
                      seconds: float = 2.0) -> list[dict[str, Any]]:
    """One row per backend, tier, start and number of people; a row with a reason where none ran.

    Rows of other backends than ONNX Runtime say by how much their joints differ from its.
    """
    rows: list[dict[str, Any]] = []
    for tier in tiers:
        model = find_model(tier)
        for name in backends:
            for start, evaluations, backend, reason in _starts(model, name):
                if backend is None:
                    rows.append({'backend': name, 'tier': tier, 'start': start, 'reason': reason})
                    continue
                reference = None if name == 'onnxruntime' else create_backend(
                    'onnxruntime', model.warm if start == 'warm' else model.full)
                for count in persons:
                    rows.append({
                        'backend': name, 'tier': tier, 'start': start, 'steps': evaluations,
                        'persons': count,
                        **_row(backend, tier, count, evaluations, limits, seconds)})
                    text = f'{name} {tier} {start}, {count}: {rows[-1]["median"]:.2f} ms'
                    if reference is not None:
                        rows[-1]['difference_mm'] = largest_difference(backend, reference, count)
                        text += f', {rows[-1]["difference_mm"]:.1f} mm from ONNX Runtime'
                    report(text)
                backend.close()
    return rows


def largest_difference(backend: Backend, reference: Backend, persons: int) -> float:
    """Largest distance in mm between joints that two backends compute from the same inputs."""
    arrays = graph_inputs(backend, persons)
    joints = backend.run(arrays)['joints'].astype(np.float64)
    apart = np.linalg.norm(joints - reference.run(arrays)['joints'], axis=-1)
    return round(1e3 * float(apart.max()), 2)


def available_backends() -> list[str]:
    """Backends that can run here, by trying each on the first graph there is."""
    tiers = available_tiers()
    return [name for name in BACKENDS
            if name != 'torch' and tiers and not why_not(name, tiers[0])]


def why_not(name: str, tier: str) -> str:
    """Why a backend does not run a tier here; empty where it does."""
    try:
        create_backend(name, find_model(tier).warm).close()
    except InputError as error:
        return str(error)
    return ''


def memory_over_calls(tier: str, backend_name: str, calls: int) -> dict[str, Any]:
    """Resident memory after a warm-up and after many calls, one to four people in turn."""
    backend = create_backend(backend_name, find_model(tier).warm)
    arrays = [graph_inputs(backend, persons) for persons in (1, 2, 3, 4)]
    for index in range(200):
        backend.run(arrays[index % 4])
    before = resident_memory()
    for index in range(calls):
        backend.run(arrays[index % 4])
    after = resident_memory()
    backend.close()
    return {'tier': tier, 'backend': backend_name, 'calls': calls,
            'before_mib': round(before, 1), 'after_mib': round(after, 1)}


def resident_memory() -> float:
    """Resident memory of this process, MiB."""
    return psutil.Process(os.getpid()).memory_info().rss / 2 ** 20


def _starts(model: ModelEntry, backend: str
            ) -> Iterator[tuple[str, int, Backend | None, str]]:
    for start, path, evaluations in (('warm', model.warm, 1), ('full', model.full, model.steps)):
        try:
            yield start, evaluations, create_backend(backend, path), ''
        except InputError as error:
            yield start, evaluations, None, str(error)


def _row(backend: Backend, tier: str, persons: int, evaluations: int, limits: MachineLimits,
         seconds: float) -> dict[str, Any]:
    arrays = graph_inputs(backend, persons)
    timing = measure(lambda: backend.run(arrays), seconds=seconds)
    cost = lifter_cost(find_tier(tier), persons, evaluations)
    floor = limits.floor(cost.flops, cost.moved_bytes)
    return {**timing.as_dict(), 'memory_mib': round(resident_memory(), 1),
            'gflop': round(cost.flops / 1e9, 4), 'moved_mb': round(cost.moved_bytes / 1e6, 2),
            'floor': round(floor, 4), 'share': round(floor / timing.median, 3)}
