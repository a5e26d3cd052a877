# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""report.html: one file that needs neither network nor server."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from mocap23_ros.evaluation import report_figures as figures
from mocap23_ros.evaluation.report_contents import LIVE, METRICS, WITHOUT_TRUTH, Report
from mocap23_ros.evaluation.report_player import pack_scene
from mocap23_ros.evaluation.report_scene import Scene


def render_html(report: Report, document: Mapping[str, Any]) -> str:
    """Return the page of a report; document is its report.json."""
    plots, scenes = {}, report.shown()
    if any(scene.curves for scene in scenes.values()):
        plots['timeline'] = figures.timeline_figure(scenes)
    if report.runs is not None:
        if any(map(len, report.runs.latencies_ms.values())):
            plots['latency-plot'] = figures.latency_figure(report.runs.latencies_ms)
        if any(map(len, report.runs.memory_mb.values())):
            plots['memory-plot'] = figures.memory_figure(report.runs.memory_mb)
    environment = Environment(
        loader=PackageLoader('mocap23_ros.evaluation', 'templates'), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    picture = None
    if report.picture is not None:
        picture = 'data:image/jpeg;base64,' + base64.b64encode(report.picture).decode()
    return environment.get_template('report.html.jinja').render(
        title=report.title, dataset=report.dataset, picture=picture,
        plotly_js=Markup(get_plotlyjs()),
        plots=_script_json({name: json.loads(figure.to_json())
                            for name, figure in plots.items()}),
        plot_names=list(plots), **_player(scenes), floor_height=report.floor_height,
        timeline_height=figures.timeline_height(scenes),
        cards=_cards(report, document), columns=METRICS, rows=_rows(report, document),
        live_columns=LIVE, live_rows=_live_rows(document.get('live', {})),
        own_columns=WITHOUT_TRUTH, own_rows=_own_rows(document.get('recording', {})),
        has_truth=report.has_truth, facts=report.facts, notes=report.notes)


def _player(scenes: Mapping[str, Scene]) -> dict[str, Any]:
    """The data that the template passes to player.js."""
    recordings, chunks = [], []
    colours = figures.colours_of(scenes)
    for number, (name, scene) in enumerate(scenes.items()):
        packed, texts = pack_scene(scene)
        for group in packed['groups']:
            group['colour'] = colours[group['name']]
        packed['colours'] = list(figures.COLOURS)
        recordings.append({'name': name, 'scene': packed})
        chunks += [{'recording': number, 'text': text} for text in texts]
    return {'recordings': _script_json(recordings), 'chunks': chunks}


def _rows(report: Report, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for index, method in enumerate(report.methods):
        values = document['methods'][method.name]
        rows.append({
            'name': method.name, 'description': method.description,
            'colour': figures.method_colour(index), 'frames': values['frames'],
            'cells': [_number(values[key], digits) for key, _, _, digits, _ in METRICS]})
    for column in range(len(METRICS)):  # mark the best of each column
        key = METRICS[column][0]
        known = [(document['methods'][row['name']][key], row) for row in rows
                 if document['methods'][row['name']][key] is not None]
        if len(known) > 1 and key != 'coverage_95':
            best = min(known, key=lambda pair: pair[0])[1]
            best.setdefault('best', set()).add(column)
    for row in rows:
        row.setdefault('best', set())
    return rows


def _own_rows(recordings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Cells of the figures that need no truth, in the order of WITHOUT_TRUTH."""
    return [{'name': name, 'colour': figures.method_colour(index), 'cells': [
        _number(entry['figures'].get(key), digits) for key, _, _, digits, _ in WITHOUT_TRUTH]}
        for index, (name, entry) in enumerate(recordings.items())]


def _live_rows(runs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Cells of the live runs, in the order of LIVE."""
    rows = []
    for index, (name, values) in enumerate(runs.items()):
        cells = []
        for key, _, _, digits, _ in LIVE:
            group, _, part = key.partition('.')
            value = values[group][part] if part else values[group]
            cells.append(_number(value, digits))
        rows.append({'name': name, 'colour': figures.method_colour(index), 'cells': cells})
    return rows


def _cards(report: Report, document: Mapping[str, Any]) -> list[dict[str, str]]:
    cards = []
    if report.methods and report.has_truth:
        first = document['methods'][report.methods[0].name]
        cards += [_card(first['root_mm'], 0, 'mm', 'root error', report.methods[0].name),
                  _card(first['mpjpe_mm'], 0, 'mm', 'MPJPE', report.methods[0].name)]
    if document.get('latency_ms'):
        cards.append(_card(document['latency_ms']['p95'], 0, 'ms', 'latency, 95th percentile',
                           'image stamp to publication'))
        cards.append(_card(document['rate_hz'], 1, 'Hz', 'rate', 'published skeletons'))
    if document.get('published_share') is not None:
        cards.append(_card(100 * document['published_share'], 1, '%', 'frames published',
                           'after the first second'))
    memory = document.get('memory_mb')
    if memory:
        cards.append(_card(memory.get('growth'), 1, 'MB', 'memory growth',
                           'second half of the run'))
    return cards


def _card(value: Any, digits: int, unit: str, label: str, detail: str) -> dict[str, str]:
    return {'value': _number(value, digits), 'unit': unit, 'label': label, 'detail': detail}


def _number(value: Any, digits: int) -> str:
    return '–' if value is None else f'{value:.{digits}f}'


def _script_json(value: Any) -> Markup:
    """JSON for a script element, safe with any text in it."""
    text = json.dumps(value, separators=(',', ':'), allow_nan=False)
    return Markup(text.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026'))
