# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 demo``: real video through the ROS node, with a report against the truth."""

import argparse
import signal
import sys
import threading
from math import inf
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifters import LIFTERS
from mocap23_ros.network.tiers import TIERS
from mocap23_ros.writable_places import check_writable

CAMERAS = ('cam01', 'cam02', 'cam03', 'cam04')
RATES = (60.0, 30.0, 20.0, 15.0, 10.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--out', type=Path, default=Path('out/demo'), metavar='FOLDER',
                        help='where report, video, skeletons and bag go (default: %(default)s)')
    parser.add_argument('--camera', choices=CAMERAS, default='cam01',
                        help='which of the four views the node gets (default: %(default)s)')
    parser.add_argument('--seconds', type=float, default=20.0,
                        help='how long to play, 2 to 600 (default: %(default)g)')
    parser.add_argument('--rate', type=float, default=15.0, choices=RATES,
                        help='images per second (default: %(default)g)')
    parser.add_argument('--scale', type=float, default=0.5,
                        help='image size, 0.1 to 1 of 1080x1920 (default: %(default)g)')
    parser.add_argument('--transport', choices=('raw', 'compressed'), default='raw',
                        help='sensor_msgs/Image or CompressedImage (default: %(default)s)')
    parser.add_argument('--lifter', choices=tuple(LIFTERS), default='diffusion',
                        help='method of the node (default: %(default)s); the other methods are '
                        'computed afterwards for comparison')
    parser.add_argument('--tier', choices=tuple(TIERS), help='network size of diffusion')
    parser.add_argument('--steps', type=int, help='denoising steps of diffusion')
    parser.add_argument('--multi-person', action='store_true',
                        help='the same take with a second, composited person; the report judges '
                        'the man')
    parser.add_argument('--max-people', type=int, default=None,
                        help='people that the node follows, each costs time '
                        '(default: 1; 4 with --multi-person)')
    parser.add_argument('--sample-wheel', type=Path, metavar='WHEEL',
                        help='a copy of the pose2sim wheel, instead of downloading it')


def run(arguments: argparse.Namespace) -> int:
    """Run the demo with progress bars and print a summary."""
    check_numbers(arguments, seconds=(2, 600), scale=(0.1, 1), steps=(1, inf),
                  max_people=(1, 32))
    if arguments.max_people is None:
        arguments.max_people = 4 if arguments.multi_person else 1
    check_writable(arguments.out / 'report.json')
    try:
        from mocap23_ros.demo.live_demo import DemoOptions, run_demo
    except ImportError as error:
        raise InputError(f'the demo needs ROS 2 and the packages of this repository ({error}); '
                         'run "make demo", which sets up both') from None
    names = ('out', 'camera', 'seconds', 'rate', 'scale', 'transport', 'lifter', 'tier', 'steps',
             'multi_person', 'max_people', 'sample_wheel')
    options = DemoOptions(
        **{name: getattr(arguments, name) for name in names},
        command=' '.join(['mocap23', *sys.argv[1:]]))
    console = Console(stderr=True)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)  # so that children end, too
    with Progress(TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=console) as progress:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        document = run_demo(options, report)
    _print_summary(document, options.out)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _print_summary(document: dict[str, Any], out: Path) -> None:
    console = Console()
    table = Table(title='against the reference motion (mm)', title_justify='left')
    table.add_column('method')
    columns = ('root_mm', 'abs_mpjpe_mm', 'mpjpe_mm', 'pa_mpjpe_mm', 'frames')
    for column in columns:
        table.add_column(column.removesuffix('_mm'), justify='right')
    for name, values in document['methods'].items():
        table.add_row(name, *(_text(values[column], 0) for column in columns))
    console.print(table)
    latency, memory = document['latency_ms'], document['memory_mb']
    share = document['published_share']
    console.print(
        f'{document["frames_out"]} of {document["frames_in"]} images published '
        f'({_text(None if share is None else 100 * share, 1)} % after the first second), '
        f'{_text(document["rate_hz"], 1)} Hz, latency p50 {_text(latency["p50"], 0)} ms, '
        f'p95 {_text(latency["p95"], 0)} ms, p99 {_text(latency["p99"], 0)} ms, memory growth '
        f'{_text(memory["growth"], 1)} MB')
    console.print(f'report: {out / "report.html"}', soft_wrap=True)


def _text(value: float | None, digits: int) -> str:
    return '-' if value is None else f'{value:.{digits}f}'
