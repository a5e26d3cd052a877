# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""bench.json and the same as tables, bench.md."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mocap23_ros.atomic_files import write_json, write_text
from mocap23_ros.markdown import markdown_table


def write_report(result: dict[str, Any], folder: Path) -> None:
    """Write both files, each atomically; InputError where that is not possible."""
    write_json(folder / 'bench.json', result)
    write_text(folder / 'bench.md', markdown(result))


def markdown(result: dict[str, Any]) -> str:
    """All tables of a result."""
    limits = result['limits']
    parts = [
        '# Benchmark', '',
        f'Machine: {result["hardware"]}. Commit: {result["commit"]}. Load when started: '
        f'{result["load"]} (1, 5, 15 minutes).', '',
        f'Limits measured in this run: {limits["gflops"]:.0f} GFLOP/s float32 matrix product, '
        f'{limits["bandwidth_gb"]:.1f} GB/s copy. Floor = max(FLOPs / rate, bytes / bandwidth); '
        'share = floor / median. Times in ms.', '', '## Lifter', '']
    ran = [row for row in result['lifter'] if 'reason' not in row]
    parts += _table(
        ('backend', 'tier', 'start', 'steps', 'persons', 'median', 'p95', 'p99', 'first', 'cpu',
         'memory_mib', 'gflop', 'floor', 'share'), ran)
    for row in result['lifter']:
        if 'reason' in row:
            parts.append(f'{row["backend"]}, tier {row["tier"]}, {row["start"]}: {row["reason"]}')
    parts += ['', '## Image to message', '']
    for path in result['path']:
        if 'reason' in path:
            parts += [f'Not measured: {path["reason"]}', '']
            continue
        name = path['lifter'] + (f', tier {path["tier"]}' if 'tier' in path else '')
        parts += [f'{name}; {path["detector"]} on {path["image"][0]}x{path["image"][1]}, one '
                  f'person, {path["frames"]} frames: {path["total"]:.1f} ms', '']
        parts += _table(('stage', 'median', 'p95', 'share'), [
            {'stage': stage, **row} for stage, row in path['stages'].items()])
        parts.append('')
    if result.get('detectors'):
        parts += ['## Detectors', '', 'Per image, as the node runs them; people are the man of the '
                  'sample side by side.', '']
        parts += _table(('detector', 'image', 'people', 'found', 'median', 'p95', 'first', 'cpu'),
                        [row for row in result['detectors'] if 'reason' not in row])
        parts += [f'{row["detector"]}: {row["reason"]}' for row in result['detectors']
                  if 'reason' in row]
        parts.append('')
    parts += ['## Work per second of motion (counted)', '']
    parts += ['Recordings: whole windows side by side. Streamed: one evaluation for every image '
              "at the tier's rate.", '']
    parts += _table(('name', 'gflop_per_second_of_motion', 'times_less',
                     'streamed_gflop_per_second', 'times_less_streamed'), result['work'])
    parts += ['', '## MediaPipe + PnP', '', _mediapipe_line(result['mediapipe']),
              '', "## A decoder of the paper's sizes", '']
    decoder = result['decoder']
    if 'reason' in decoder:
        parts.append(f'Not measured: {decoder["reason"]}')
    else:
        parts.append(
            f'One evaluation {decoder["one_evaluation"]["median"]:.0f} ms (median of '
            f'{decoder["one_evaluation"]["calls"]}, torch, {decoder["threads"]} threads); '
            f'{decoder["evaluations"]} of them for {decoder["window_seconds"]:.0f} s of motion: '
            f'{decoder["ms_per_window"] / 1e3:.1f} s (product, not run).')
    parts += ['', '## Projection, not measured', '',
              'FP16 from counted work and data sheets; see mocap23_ros/benchmarks/network_cost.py '
              'for the assumptions.', '']
    parts += _table(('device', 'tier', 'persons', 'steps', 'projected_ms', 'floor_ms'),
                    result['projection'])
    if result.get('memory'):
        parts += ['', '## Memory over calls', '']
        parts += _table(('backend', 'tier', 'calls', 'before_mib', 'after_mib'), result['memory'])
    return '\n'.join(parts) + '\n'


def _mediapipe_line(row: dict[str, Any]) -> str:
    if 'reason' in row:
        return f'Not measured: {row["reason"]}'
    return (f"MediaPipe's pose landmarker with its own 3D landmarks, placed by PnP, one person, "
            f'{row["image"][0]}x{row["image"][1]}, decoding left out: {row["median"]:.1f} ms per '
            f'image (p95 {row["p95"]:.1f}, first {row["first"]:.0f}).')


def _table(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> list[str]:
    return markdown_table([column.replace('_', ' ') for column in columns],
                          ([_cell(row.get(column, '')) for column in columns] for row in rows))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'{value:.0f}' if value >= 100 else f'{value:.3g}'
    return str(value)
