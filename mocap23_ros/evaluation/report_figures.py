# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The plots of report.html as Plotly figures, and the motion for its 3D view."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mocap23_ros.evaluation.report_contents import MethodResult, Report
from mocap23_ros.skeletons.coco17 import BONES, HIPS

# Okabe and Ito's colours: told apart with every common colour vision. Truth is ink.
TRUTH_COLOUR = '#1f2937'
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
VIEW_RATE = 15.0  # frames per second of the 3D view
MOST_VIEW_FRAMES = 450

_AXIS = {'gridcolor': '#e5e7eb', 'zerolinecolor': '#e5e7eb', 'linecolor': '#9ca3af'}
_LAYOUT: dict[str, Any] = {
    'template': 'plotly_white', 'height': 300, 'hovermode': 'x unified',
    'margin': {'l': 56, 'r': 16, 't': 10, 'b': 44},
    'font': {'family': 'system-ui, sans-serif', 'size': 13, 'color': '#374151'},
    'legend': {'orientation': 'h', 'y': 1.02, 'yanchor': 'bottom', 'x': 0},
    'paper_bgcolor': 'rgba(0,0,0,0)', 'plot_bgcolor': 'rgba(0,0,0,0)',
}


def method_colour(index: int) -> str:
    """Colour of the method at this place of the report."""
    return COLOURS[index % len(COLOURS)]


def root_errors_mm(method: MethodResult, truth: NDArray) -> NDArray[np.float64]:
    """Distance of the mid-hips per frame [F], NaN without estimate."""
    return 1000 * np.linalg.norm(
        (method.joints[:, HIPS] - truth[:, HIPS]).mean(1), axis=-1)


def local_errors_mm(method: MethodResult, truth: NDArray) -> NDArray[np.float64]:
    """Mean joint error per frame with the mid-hips aligned [F]."""
    estimate = method.joints[:, :17] - method.joints[:, HIPS].mean(1, keepdims=True)
    true = truth[:, :17] - truth[:, HIPS].mean(1, keepdims=True)
    error = np.linalg.norm(estimate - true, axis=-1)
    known = np.isfinite(error)
    mean = np.where(known, error, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    return 1000 * np.where(known.any(1), mean, np.nan)


def error_figure(report: Report, kind: str) -> go.Figure:
    """Error over time of all methods; kind is ``root`` or ``local``."""
    errors = root_errors_mm if kind == 'root' else local_errors_mm
    figure = go.Figure()
    for index, method in enumerate(report.methods):
        values = errors(method, report.truth)
        sparse = np.isfinite(values).mean() < 0.7  # lone points would show no line
        figure.add_scatter(
            x=_rounded(report.stamps, 3), y=_rounded(values, 1), name=method.name,
            mode='lines+markers' if sparse else 'lines', marker={'size': 4},
            line={'color': method_colour(index), 'width': 1.8},
            hovertemplate='%{y:.0f} mm')
    figure.update_layout(**_LAYOUT)
    figure.update_xaxes(title='time / s', **_AXIS)
    figure.update_yaxes(title='mm', rangemode='tozero', **_AXIS)
    return figure


def latency_figure(latencies_ms: Mapping[str, NDArray]) -> go.Figure:
    """Histogram of the latency of all published frames; of one run with its percentiles."""
    figure = go.Figure()
    alone = len(latencies_ms) == 1
    for index, (name, values) in enumerate(latencies_ms.items()):
        values = np.asarray(values, float)
        values = values[np.isfinite(values)]
        figure.add_histogram(
            x=_rounded(values, 2), nbinsx=60, name=name, opacity=1.0 if alone else 0.55,
            marker={'color': method_colour(index)},
            hovertemplate='%{x} ms: %{y} frames<extra></extra>')
        if not alone or not len(values):
            continue
        for share, dash, side in ((50, 'solid', 'top left'), (95, 'dash', 'top left'),
                                  (99, 'dot', 'top right')):
            at = float(np.percentile(values, share))
            figure.add_vline(x=at, line={'color': TRUTH_COLOUR, 'width': 1.2, 'dash': dash},
                             annotation_text=f'p{share} {at:.0f}',
                             annotation_position=side)
    figure.update_layout(**(_LAYOUT | {'showlegend': not alone, 'hovermode': 'closest',
                                       'barmode': 'overlay',
                                       'margin': _LAYOUT['margin'] | {'t': 28}}))
    figure.update_xaxes(title='image stamp to publication / ms', rangemode='tozero', **_AXIS)
    figure.update_yaxes(title='frames', **_AXIS)
    return figure


def memory_figure(memory_mb: Mapping[str, NDArray]) -> go.Figure:
    """Resident memory of the node over time."""
    figure = go.Figure()
    for index, (name, values) in enumerate(memory_mb.items()):
        figure.add_scatter(
            x=_rounded(values[:, 0], 2), y=_rounded(values[:, 1], 1), mode='lines', name=name,
            line={'color': method_colour(index), 'width': 1.8}, hovertemplate='%{y:.0f} MB')
    figure.update_layout(**(_LAYOUT | {'showlegend': len(memory_mb) > 1}))
    figure.update_xaxes(title='time / s', **_AXIS)
    figure.update_yaxes(title='MB', rangemode='tozero', **_AXIS)
    return figure


def view_data(report: Report) -> dict[str, Any]:
    """Motion for the 3D view: millimetres as whole numbers, None where unknown.

    ``frames`` of every track: [K][17*3].
    """
    frames = len(report.stamps)
    step = max(1, round(report.fps / VIEW_RATE), -(-frames // MOST_VIEW_FRAMES))
    chosen = slice(0, frames, step)
    tracks = [('truth', TRUTH_COLOUR, report.truth)] if report.has_truth else []
    tracks += [(method.name, method_colour(index), method.joints)
               for index, method in enumerate(report.methods)]
    shown = [report.truth] if report.has_truth else [m.joints[:, :17] for m in report.methods]
    known = np.concatenate([joints[np.isfinite(joints).all(-1)] for joints in shown])
    low, high = (known.min(0), known.max(0)) if len(known) else (np.zeros(3), np.zeros(3))
    centre = (low + high) / 2
    return {
        'rate': report.fps / step,
        'stamps': _rounded(report.stamps[chosen], 2),
        'bones': [list(bone) for bone in BONES],
        'floor': 1000 * report.floor_height,
        'centre': [round(1000 * float(v)) for v in centre],
        'radius': round(1000 * float(max((high - low).max() / 2, 1.0)) + 350),
        'tracks': [{'name': name, 'colour': colour, 'frames': _millimetres(joints[chosen, :17])}
                   for name, colour, joints in tracks],
    }


def _millimetres(joints: NDArray) -> list[list[int | None]]:
    flat = (1000 * np.asarray(joints, float)).reshape(len(joints), -1)
    return [[None if not np.isfinite(v) else int(round(v)) for v in row] for row in flat]


def _rounded(values: NDArray, digits: int) -> list[float | None]:
    return [None if not np.isfinite(v) else round(float(v), digits) for v in np.asarray(values)]
