# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate-detectors``: detectors side by side on people whose keypoints are known."""

import argparse
from pathlib import Path
from typing import Any

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.cli.progress import say
from mocap23_ros.markdown import markdown_table
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
    from mocap23_ros.atomic_files import write_json
    from mocap23_ros.benchmarks.detector_benchmark import evaluate_detectors
    from mocap23_ros.detection.detectors import create_detector
    from mocap23_ros.evaluation.machine_description import commit_line, hardware_line

    check_numbers(arguments, scenes=(2, 100))
    check_writable(arguments.out)
    for name in arguments.detectors:  # refuses absent files before anything is measured
        create_detector(name).close()
    detectors = evaluate_detectors(arguments.detectors, arguments.seed, say, arguments.scenes)
    result = {
        'command': f'mocap23 evaluate-detectors --detectors {" ".join(arguments.detectors)} '
                   f'--scenes {arguments.scenes} --seed {arguments.seed}',
        'commit': commit_line(), 'hardware': hardware_line(),
        'detectors': detectors}
    write_json(arguments.out, result, indent=1)
    print(as_markdown(detectors))
    print(arguments.out)
    return 0


def as_markdown(detectors: dict[str, Any]) -> str:
    """A row per kind of video and detector; errors in per cent of the height."""
    first = next(iter(detectors.values()))
    kinds = (('cameras', '{}'), ('heights', 'one person, {} px'), ('counts', '{} people'))
    return '\n'.join(markdown_table(
        ('video', 'detector', 'people', 'recall', 'precision', 'sides exchanged', 'error, median',
         '95 %'), (
            (words.format(row), name, rows[kind][row]['people'],
             *(_percent(rows[kind][row].get(key)) for key in (
                 'recall', 'precision', 'exchanged', 'error_median', 'error_p95')))
            for kind, words in kinds for row in first[kind] for name, rows in detectors.items())))


def _percent(value: float | None) -> str:
    return '' if value is None else f'{100 * value:.3g} %'
