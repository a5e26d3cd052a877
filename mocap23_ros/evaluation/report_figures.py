# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The plots of report.html as Plotly figures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mocap23_ros.evaluation.report_scene import ROWS, Scene

# Okabe and Ito's colours, distinct for every common colour vision. Truth is ink.
TRUTH_COLOUR = '#1f2937'
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
DASHES = ('solid', 'dash', 'longdash', 'dashdot', 'longdashdot')  # of recordings
MOST_POINTS = 3000  # of a curve

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


def colours_of(scenes: Mapping[str, Scene]) -> dict[str, str]:
    """Colour of every method in the scenes, and of their truth, by name."""
    names = dict.fromkeys(people.name for scene in scenes.values() for people in scene.people)
    truths = {scene.truth.name: TRUTH_COLOUR for scene in scenes.values() if scene.truth}
    return {name: method_colour(index) for index, name in enumerate(names)} | truths


def timeline_figure(scenes: Mapping[str, Scene]) -> go.Figure:
    """Curves of the scenes over time, a row for each kind; recordings differ by their dashes."""
    rows = _rows(scenes)
    colours = colours_of(scenes)
    figure = make_subplots(len(rows), 1, shared_xaxes=True, vertical_spacing=0.03)
    for number, (name, scene) in enumerate(scenes.items()):
        for curve in scene.curves:
            kind = ROWS[curve.row][2]
            stamps, values = thinned(curve.stamps, curve.values, kind)
            sparse = np.isfinite(values).mean() < 0.7  # lone points would show no line
            place = name if len(scenes) > 1 and name not in curve.method else ''
            figure.add_scatter(
                x=_rounded(stamps, 3), y=_rounded(values, 2 if kind != 'max' else 1),
                name=' '.join(filter(None, [place, curve.method, curve.part])), showlegend=False,
                mode='lines+markers' if sparse else 'lines', marker={'size': 4},
                line={'color': colours.get(curve.method, TRUTH_COLOUR), 'width': 1.6,
                      'dash': 'dot' if curve.part == 'right' else DASHES[number % len(DASHES)]},
                row=rows.index(curve.row) + 1, col=1)
    figure.update_layout(**(_LAYOUT | {
        'height': timeline_height(scenes), 'margin': _LAYOUT['margin'] | {'b': 36, 't': 6},
        'font': _LAYOUT['font'] | {'size': 11}, 'dragmode': 'zoom'}))
    figure.update_xaxes(**_AXIS)
    for number, row in enumerate(rows, 1):
        heading, unit, _ = ROWS[row]
        figure.update_yaxes(title=heading + (f'<br>{unit}' if unit else ''), row=number, col=1,
                            rangemode='tozero', nticks=4, **_AXIS)
        if not unit:
            figure.update_yaxes(range=[-0.05, 1.05], row=number, col=1)
    figure.update_xaxes(title='time / s', row=len(rows), col=1)
    return figure


def timeline_height(scenes: Mapping[str, Scene]) -> int:
    """Pixels of timeline_figure."""
    return 50 + 105 * len(_rows(scenes))


def _rows(scenes: Mapping[str, Scene]) -> list[str]:
    """The keys of ROWS that the scenes have curves of."""
    return [row for row in ROWS
            if any(curve.row == row for scene in scenes.values() for curve in scene.curves)]


def thinned(stamps: NDArray[np.floating], values: NDArray[np.floating], kind: str
            ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """At most MOST_POINTS of the points: of many the largest, the least, or the first known.

    kind: ``max``, ``min`` or ``near``.
    """
    every = -(-len(values) // MOST_POINTS)
    if every <= 1:
        return stamps, values
    starts = np.arange(0, len(values), every)
    sign = {'max': 1.0, 'min': -1.0, 'near': 0.0}[kind]
    rank = np.where(np.isfinite(values), sign * np.nan_to_num(values), -np.inf)
    chosen = [start + int(np.argmax(rank[start:start + every])) for start in starts]
    return stamps[chosen], values[chosen]


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


def _rounded(values: NDArray, digits: int) -> list[float | None]:
    return [None if not np.isfinite(v) else round(float(v), digits) for v in np.asarray(values)]
