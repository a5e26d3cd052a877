# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate-detectors``: detectors side by side on people whose keypoints are known."""

import argparse
import json
from pathlib import Path
from typing import Any

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.cli.progress import say
from mocap23_ros.writable_places import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--detectors', nargs='+', default=['blazepose', 'mediapipe'],
                        help='those that need no model file (default: %(default)s)')
    parser.add_argument('--scenes', type=int, default=4,
                        help='pasted videos per height (default %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the scenes (default %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('out/detectors.json'),
                        help='result (default %(default)s)')


def run(arguments: argparse.Namespace) -> int:
    """Measure, write the result, print a table."""
    from mocap23_ros.atomic_files import write_text
    from mocap23_ros.benchmarks.detector_benchmark import evaluate_detectors
    from mocap23_ros.detection.detectors import create_detector
    from mocap23_ros.evaluation.machine_description import commit_line, hardware_line

    check_numbers(arguments, scenes=(2, 100))
    check_writable(arguments.out)
    for name in arguments.detectors:  # refuses what is absent before anything is measured
        create_detector(name).close()
    detectors = evaluate_detectors(
        arguments.detectors, arguments.seed,
        say, arguments.scenes)
    result = {
        'command': f'mocap23 evaluate-detectors --detectors {" ".join(arguments.detectors)} '
                   f'--scenes {arguments.scenes} --seed {arguments.seed}',
        'commit': commit_line(), 'hardware': hardware_line(),
        'detectors': detectors}
    write_text(arguments.out, json.dumps(result, indent=1) + '\n')
    print(table(detectors))
    print(arguments.out)
    return 0


def table(detectors: dict[str, Any]) -> str:
    """Markdown: a row per kind of video and detector; errors in per cent of the height."""
    lines = ['| video | detector | people | recall | precision | sides exchanged | error, median '
             '| 95 % |', '|---|---|---|---|---|---|---|---|']
    first = next(iter(detectors.values()))
    for kind, words in (('cameras', '{}'), ('heights', 'one person, {} px'),
                        ('counts', '{} people')):
        for row in first[kind]:
            for name, rows in detectors.items():
                score = rows[kind][row]
                cells = [_percent(score.get(key)) for key in (
                    'recall', 'precision', 'exchanged', 'error_median', 'error_p95')]
                lines.append(f'| {words.format(row)} | {name} | {score["people"]} | '
                             f'{" | ".join(cells)} |')
    return '\n'.join(lines)


def _percent(value: float | None) -> str:
    return '' if value is None else f'{100 * value:.3g} %'
