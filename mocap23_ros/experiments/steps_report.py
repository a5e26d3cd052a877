# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""steps.json and the same as Markdown: steps, forms of triangulation, and precisions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mocap23_ros.atomic_files import write_json, write_text
from mocap23_ros.experiments.window_study import WARM
from mocap23_ros.markdown import markdown_table

MANY = 50  # the steps that few are held against
# Heading, keys that lead to the figure, digits.
_STREAM = (('MPJPE', 'mpjpe_mm', 1), ('PA', 'pa_mpjpe_mm', 1), ('Abs', 'abs_mpjpe_mm', 1),
           ('Accel', 'accel_ms2', 1), ('Jitter', 'jitter_10ms3', 1),
           ('cov95', 'coverage_95', 3), ('NEES', 'nees', 2))
_WINDOWS = (('MPJPE', 'mpjpe_mm', 1), ('best', 'best_mpjpe_mm', 1), ('Abs', 'abs_mpjpe_mm', 1),
            ('best Abs', 'best_abs_mpjpe_mm', 1), ('spread', 'spread_mm', 1),
            ('spread Abs', 'spread_abs_mm', 1))
_ERRORS = _STREAM[:3]


def compare_steps(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The comparisons that matter: 2 steps and one warm step against 50.

    Each holds of, against and, for whole sequences (stream) and single windows, by how many per
    cent MPJPE and Abs-MPJPE are larger; those whose rows were not run are left out.
    """
    by_start = {row['start']: row for row in rows}
    return [{'of': start, 'against': MANY,
             **{part: {f'{key[:-3]}_percent': _percent(by_start[start][part][key],
                                                       by_start[MANY][part][key])
                       for key in ('mpjpe_mm', 'abs_mpjpe_mm')} for part in ('stream', 'windows')}}
            for start in (2, WARM) if start in by_start and MANY in by_start]


def write_steps(result: dict[str, Any], folder: Path) -> str:
    """Write steps.json and steps.md, each atomically; returns the Markdown."""
    text = as_markdown(result)
    write_json(folder / 'steps.json', result)
    write_text(folder / 'steps.md', text)
    return text


def as_markdown(result: dict[str, Any]) -> str:
    """All tables and the comparisons."""
    weights, temperatures = result['weights'], result['temperatures']
    first = result['rows'][0]['stream']
    scale = (f'standard deviations scaled by {temperatures["ray"]:g} along and '
             f'{temperatures["across"]:g} across the ray, as exported' if temperatures['calibrated']
             else 'covariances not calibrated (these weights are not exported)')
    lines = [
        f'{weights["file"]} (tier {weights["tier"]}, sha256 {weights["sha256"][:16]}), seed '
        f'{result["seed"]}, commit {result["commit"]}', '',
        f'{result["hardware"]}; {result["threads"]} threads, load when started {result["load"]}',
        '',
        '## Steps', '',
        f'Left: {first["sequences"]} sequences of {result["set"]}, {first["frames"]} frames, '
        f'streaming without lag; {scale}. Middle: {result["windows"]} single windows, newest '
        f'sample; best: of {result["draws"]} draws of the noise, the nearest to the truth; spread: '
        'standard deviation of the draws. Right: ms per window of one person, median. Lengths in '
        'mm. warm: one evaluation per hop from the motion before, and a start of 2 steps once a '
        'second.', '']
    lines += markdown_table(
        ('start', *(head for head, _, _ in _STREAM), *(f'window {head}' for head, _, _ in _WINDOWS),
         'torch ms', 'onnxruntime ms'), (
            (str(row['start']), *_cells(row['stream'], _STREAM), *_cells(row['windows'], _WINDOWS),
             *(_milliseconds(row['latency'][name]) for name in ('torch', 'onnxruntime')))
            for row in result['rows']))
    lines += ['', *(_sentence(comparison, result['rows']) for comparison in result['comparisons'])]
    if len(result['comparisons']) < 2:
        lines.append(f'Not every comparison was run: they need the starts 2, {WARM} and {MANY}.')
    lines += ['', *_triangulation(result), '## Precision', '']
    if 'reason' in result['precision']:
        return '\n'.join([*lines, f'Not measured: {result["precision"]["reason"]}', ''])
    rows = [row for row in result['precision']['rows'] if 'reason' not in row]
    base = rows[0]['stream']
    lines += ['The exported graphs with warm starts, as the node runs them, on the same sequences; '
              'all on ONNX Runtime on this CPU, where FP16 is only emulated. Distance: of the '
              "newest joints from FP32's on the single windows; + %: against FP32.", '']
    lines += markdown_table(
        ('graphs', *(head for head, _, _ in _STREAM), 'MPJPE + %', 'Abs + %', 'distance full',
         'distance warm', 'full ms', 'warm ms', 'MB'), (
            (row['precision'], *_cells(row['stream'], _STREAM),
             *(f'{_percent(row["stream"][key], base[key]):+.2f}'
               for key in ('mpjpe_mm', 'abs_mpjpe_mm')),
             *(f'{row["parity_mm"][kind]:.2f}' for kind in ('full', 'warm')),
             *(_milliseconds(row['latency'][kind]) for kind in ('full', 'warm')),
             f'{row["bytes"] / 1e6:.2f}') for row in rows))
    missing = [row for row in result['precision']['rows'] if 'reason' in row]
    lines += ['', *(f'{row["precision"]}: {row["reason"]}' for row in missing), '']
    return '\n'.join(lines).rstrip('\n') + '\n'


def _triangulation(result: dict[str, Any]) -> list[str]:
    """The section of the forms of triangulation, with the empty line after it."""
    lines, rows = ['## Triangulation', ''], result['triangulation']
    if not rows:
        return [*lines, 'Not measured: left out (--triangulations)', '']
    lines += [f'The same weights and {result["windows"]} single windows, 2 steps from noise, '
              'newest sample, mm; ms in torch, median. ray: one unknown per joint, its depth along '
              "the real ray; three: all views weighted, closed form; svd: the paper's homogeneous "
              'form. *: what these weights were trained with. Weights trained with ray have not '
              'learnt how much the real view counts against the others, as three and svd need.', '']
    return [*lines, *markdown_table(
        ('triangulation', *(head for head, _, _ in _ERRORS), 'ms of one window',
         f'ms of {rows[0]["batch"]} windows'), (
            (row['triangulation'] + ('*' if row['trained'] else ''),
             *_cells(row['errors'], _ERRORS),
             *(_milliseconds(row['latency'][kind]) for kind in ('one', 'batch')))
            for row in rows)), '']


def _sentence(comparison: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    by_start = {row['start']: row for row in rows}
    few, many = by_start[comparison['of']], by_start[comparison['against']]
    name = 'One warm step' if comparison['of'] == WARM else f'{comparison["of"]} steps'
    figures = '; '.join(f'{label}: ' + ', '.join(
        f'{head} {few[part][key]:.1f} against {many[part][key]:.1f} mm '
        f'({comparison[part][key[:-3] + "_percent"]:+.1f} %)'
        for head, key in (('MPJPE', 'mpjpe_mm'), ('Abs', 'abs_mpjpe_mm')))
        for label, part in (('sequences', 'stream'), ('single windows', 'windows')))
    return f'- {name} against {comparison["against"]}. {figures[0].upper()}{figures[1:]}.'


def _percent(value: float, against: float) -> float:
    """By how many per cent a value is larger."""
    return 100 * (value / against - 1)


def _cells(figures: dict[str, Any], columns: Sequence[tuple[str, str, int]]) -> list[str]:
    return ['-' if figures[key] is None else f'{figures[key]:.{digits}f}'
            for _, key, digits in columns]


def _milliseconds(timing: dict[str, Any] | None) -> str:
    return '-' if timing is None else f'{timing["median"]:.2f}'
