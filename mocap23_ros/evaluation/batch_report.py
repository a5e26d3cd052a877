# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of many recordings as Parquet, and one report of all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mocap23_ros.atomic_files import saving, write_json, write_text
from mocap23_ros.evaluation.metrics import REPORT_KEYS
from mocap23_ros.evaluation.recording_batch import Outcome
from mocap23_ros.evaluation.report import document_problems
from mocap23_ros.evaluation.self_consistency import FIGURES
from mocap23_ros.markdown import markdown_table
from mocap23_ros.optional_packages import optional_module

_SUMS = ('frames', 'people', 'seconds', 'images', 'refused', 'id_breaks')
_SHOWN = ('recordings', 'images', 'refused', 'frames', 'people', 'bone_sd_percent',
          'floor_penetration_mm', 'foot_skate_own_mm', 'jitter_10ms3', 'reprojection_px',
          'id_breaks', 'mpjpe_mm', 'abs_mpjpe_mm')


def check_parquet() -> None:
    """Raise InputError where the rows could not be written, before the work begins."""
    optional_module('pyarrow', 'pyarrow', 'rows of many recordings are written as Parquet by')


def write_rows(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the rows of the recordings that have one, whole or not at all."""
    import pyarrow
    import pyarrow.parquet
    numbers = {name: pyarrow.float64() for name in (*FIGURES, *REPORT_KEYS)}
    whole = {name: pyarrow.int64() for name in ('frames', 'people', 'images', 'refused',
                                                'id_breaks')}
    texts = {name: pyarrow.string() for name in ('recording', 'configuration', 'topic', 'notes')}
    # Named types: a column that is null throughout has them too, so that shards fit together.
    schema = pyarrow.schema(list((texts | numbers | whole).items()))
    rows = [{name: outcome.row.get(name) for name in schema.names} for outcome in outcomes
            if outcome.row is not None]
    with saving(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema), temporary)


def write_report(outcomes: Sequence[Outcome], dataset: str, folder: Path, suffix: str = ''
                 ) -> dict[str, Any]:
    """Write report.json and report.md; returns the JSON document.

    Figures are means over recordings, each by its frames; counts are sums.
    """
    names = list(dict.fromkeys(outcome.job.configuration.name for outcome in outcomes))
    summaries = {name: _summary([o.row for o in outcomes if o.row is not None
                                 and o.job.configuration.name == name]) for name in names}
    failures = {f'{o.job.path} ({o.job.configuration.name})': o.failure for o in outcomes
                if o.row is None}
    document: dict[str, Any] = {
        'dataset': dataset, 'fps': None,
        'methods': {name: {key: values.get(key) for key in REPORT_KEYS}
                    for name, values in summaries.items()},
        'recordings': summaries, 'failures': failures}
    assert not document_problems(document)
    write_json(folder / f'report{suffix}.json', document, allow_nan=False)
    write_text(folder / f'report{suffix}.md', _page(document))
    return document


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Figures of all rows of one configuration."""
    result: dict[str, Any] = {'recordings': len(rows)}
    for name in dict.fromkeys((*_SUMS, *FIGURES, *REPORT_KEYS)):
        known = [(row[name], row['frames']) for row in rows if row.get(name) is not None]
        if name in _SUMS:
            result[name] = sum(value for value, _ in known)
        else:
            weight = sum(frames for _, frames in known)
            result[name] = (sum(value * frames for value, frames in known) / weight
                            if weight else None)
    return result


def _page(document: dict[str, Any]) -> str:
    lines = [f'# {document["dataset"]}', '', *markdown_table(('configuration', *_SHOWN), (
        [name, *('-' if values[key] is None else f'{values[key]:.4g}' if isinstance(
            values[key], float) else values[key] for key in _SHOWN)]
        for name, values in document['recordings'].items()))]
    if document['failures']:
        lines += ['', f'## {len(document["failures"])} failed', '']
        lines += [f'* {path}: {reason}' for path, reason in document['failures'].items()]
    return '\n'.join(lines) + '\n'
