# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Shows a comparison: one table in the terminal, report.json and report.html."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.comparison import Comparison
from mocap23_ros.evaluation.metrics import by_distance, by_posture
from mocap23_ros.evaluation.report import write_report
from mocap23_ros.evaluation.report_contents import METRIC_KEYS, LiveFigures, MethodResult, Report

_COLUMNS = (('mpjpe_mm', 'MPJPE', 0), ('pa_mpjpe_mm', 'PA', 0), ('abs_mpjpe_mm', 'Abs', 0),
            ('abs_two_feet_mm', 'Abs2ft', 0), ('limit_ratio', '/limit', 2),
            ('root_depth_bias_mm', 'depth+-', 0), ('w_rigid_mpjpe_mm', 'Wrigid', 0),
            ('wa_mpjpe_mm', 'WA', 0), ('accel_ms2', 'Accel', 1), ('jitter_10ms3', 'Jitter', 1),
            ('foot_skate_mm', 'FS', 1), ('stature_error_percent', 'stat%', 1),
            ('contact_f1', 'cF1', 2), ('coverage_95', 'cov95', 2), ('nees', 'NEES', 1),
            ('recall', 'recall', 2))


def table(result: Comparison) -> str:
    """One line per method, lengths in mm; a dash where a figure cannot be had."""
    width = max([len(name) for name in result.errors] + [6])
    lines = [f'{result.dataset}, {sum(len(t) for t in result.truth)} frames at {result.fps:.0f} Hz',
             'method'.ljust(width) + ''.join(head.rjust(8) for _, head, _ in _COLUMNS)]
    for name in result.errors:
        values = result.summary(name)
        cells = ['-' if values.get(key) is None else f'{values[key]:.{digits}f}'
                 for key, _, digits in _COLUMNS]
        lines.append(name.ljust(width) + ''.join(cell.rjust(8) for cell in cells))
    return '\n'.join(lines)


def write_comparison(result: Comparison, folder: Path, further: Mapping[str, Any] | None = None,
          facts: Mapping[str, str] | None = None, runs: LiveFigures | None = None,
          floor_height: float = 0.0) -> dict[str, Any]:
    """Write report.json and report.html; returns the JSON document.

    further: top-level entries of report.json. facts: label -> text for the page. runs: live ones.
    floor_height: m, of the scene.
    """
    truth = np.concatenate(result.truth)
    methods, details = [], {}
    for name, parts in result.errors.items():
        values = result.summary(name)
        joints = np.concatenate(result.joints[name])
        if len(joints) != len(truth) and result.scenes:
            # Of other frames, as of another camera; the scenes have its motion.
            joints = np.full(truth.shape, np.nan)
        elif len(joints) != len(truth):
            raise InputError(f'{name} covers {len(joints)} of {len(truth)} frames; every method '
                             f'must come with the same recordings')
        methods.append(MethodResult(name, result.descriptions.get(name, ''), values, joints))
        details[name] = {key: value for key, value in values.items() if key not in METRIC_KEYS}
        details[name]['by_distance'] = by_distance(parts)
        details[name]['by_posture'] = by_posture(parts)
    stamps = np.arange(len(truth)) / result.fps
    live = {'details': details, **(further or {})}
    if result.alignments:
        live['alignment'] = [asdict(alignment) for alignment in result.alignments.values()]
    return write_report(Report(
        f'mocap23 evaluate: {result.dataset}', result.dataset, result.fps, stamps, truth, methods,
        live=live, runs=runs, notes=[*result.doubts, *result.notes], facts=facts or {},
        scenes=result.scenes, floor_height=floor_height), folder)
