# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Writing a report: report.json for programs, report.html for people."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mocap23_ros.atomic_files import write_text
from mocap23_ros.evaluation.report_contents import METRIC_KEYS, Report
from mocap23_ros.skeletons.coco17 import COCO_JOINTS


def report_document(report: Report) -> dict[str, Any]:
    """Return the content of report.json: plain values; what cannot be had is None, never 0."""
    methods = {}
    for method in report.methods:
        estimated = np.isfinite(method.joints[:, COCO_JOINTS]).all(-1).any(-1)
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
