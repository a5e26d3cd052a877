# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a report says: methods beside each other against one truth, and the live run if any."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_text

# (key, column heading, unit, digits, explanation); names of report.json that must stay.
METRICS = (
    ('root_mm', 'root', 'mm', 0, 'distance of the mid-hips from the truth'),
    ('abs_mpjpe_mm', 'Abs-MPJPE', 'mm', 0, 'mean joint error, nothing aligned'),
    ('w_mpjpe_mm', 'W-MPJPE', 'mm', 0, 'chunks of 100 frames aligned on their first two frames'),
    ('wa_mpjpe_mm', 'WA-MPJPE', 'mm', 0, 'chunks of 100 frames aligned as a whole'),
    ('w_rigid_mpjpe_mm', 'W-rigid', 'mm', 0, 'as W-MPJPE with the scale fixed to 1'),
    ('mpjpe_mm', 'MPJPE', 'mm', 0, 'mean joint error with the mid-hips aligned'),
    ('pa_mpjpe_mm', 'PA-MPJPE', 'mm', 0, 'mean joint error after a similarity per frame'),
    ('accel_ms2', 'Accel', 'm/s²', 1, 'error of the joint accelerations'),
    ('jitter_10ms3', 'Jitter', '10 m/s³', 1, 'third difference of the prediction'),
    ('foot_skate_mm', 'Skate', 'mm', 1, 'ankle slip per frame while the true foot stands'),
    ('coverage_95', 'Coverage', '', 2, 'share of joints within the predicted 95 % ellipsoid'),
    ('limit_ratio', 'Err/limit', '', 2, 'Abs-MPJPE over what geometry and pixel noise allow'),
)
METRIC_KEYS = tuple(entry[0] for entry in METRICS)


@dataclass(frozen=True)
class MethodResult:
    """One method: its metrics (keys of METRICS, None where not to be had) and its motion.

    joints: float [F,J,3] metres at the frames of the truth, the first 17 are COCO-17; NaN where
    the method has no estimate. description: one line for the reader.
    """

    name: str
    description: str
    metrics: Mapping[str, float | None]
    joints: NDArray[np.floating]


@dataclass(frozen=True)
class Report:
    """Everything that goes into report.json and report.html.

    stamps: float64 [F] s from the start; truth: float [F,17,3] metres, z up.
    live: top-level numbers of a live run (latency_ms, rate_hz, frames_in and so on), or None.
    latencies_ms: of every published frame. facts: label -> text of the set-up.
    notes: sentences about the limits of the figures. picture: JPEG bytes to show, or None.
    """

    title: str
    dataset: str
    fps: float
    stamps: NDArray[np.float64]
    truth: NDArray[np.floating]
    methods: Sequence[MethodResult]
    floor_height: float = 0.0
    live: Mapping[str, Any] | None = None
    latencies_ms: NDArray[np.floating] | None = None
    memory_mb: NDArray[np.floating] | None = None  # [N,2] seconds, MB
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    picture: bytes | None = None


def report_document(report: Report) -> dict[str, Any]:
    """Return the content of report.json: plain values; what cannot be had is None, never 0."""
    methods = {}
    for method in report.methods:
        estimated = np.isfinite(method.joints[:, :17]).all(-1).any(-1)
        values: dict[str, Any] = {key: plain(method.metrics.get(key)) for key in METRIC_KEYS}
        frames = method.metrics.get('frames')
        values['frames'] = int(estimated.sum()) if frames is None else int(frames)
        methods[method.name] = values
    document = {'dataset': report.dataset, 'fps': plain(report.fps), 'methods': methods}
    document |= plain(dict(report.live or {}))
    document |= {'notes': list(report.notes), 'setup': dict(report.facts)}
    problems = document_problems(document)
    if problems:
        raise AssertionError(f'report.json would break its contract: {problems}')
    return document


def document_problems(document: Mapping[str, Any]) -> list[str]:
    """Return what breaks the contract of report.json; empty for a good document."""
    problems = [f'{key} is missing' for key in ('dataset', 'fps', 'methods')
                if key not in document]
    methods = document.get('methods')
    for name, values in (methods.items() if isinstance(methods, Mapping) else ()):
        missing = set(METRIC_KEYS + ('frames',)) - set(values)
        problems += [f'methods.{name}.{key} is missing' for key in sorted(missing)]
        problems += [f'methods.{name}.{key} is {value!r}, not a number or null'
                     for key, value in values.items() if not _is_number(value)]
    latency = document.get('latency_ms')
    if latency is not None:
        problems += [f'latency_ms.{key} is missing' for key in ('p50', 'p95', 'p99')
                     if key not in latency]
        problems += [f'{key} is missing beside latency_ms' for key in
                     ('rate_hz', 'frames_in', 'frames_out', 'frames_dropped')
                     if key not in document]
    return problems


def plain(value: Any) -> Any:
    """Make a value fit for JSON: NumPy to Python, NaN and infinity to None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_report(report: Report, folder: Path) -> dict[str, Any]:
    """Write report.json and report.html into a folder; returns the JSON document.

    Both appear whole or not at all. Raises InputError where the folder cannot be written.
    """
    from mocap23_ros.evaluation.report_html import render_html

    document = report_document(report)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + '\n'
    page = render_html(report, document)
    write_text(folder / 'report.json', text)
    write_text(folder / 'report.html', page)
    return document


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
