# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Options and words of the commands that work on many bags."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.cli.progress import say
from mocap23_ros.errors import InputError

if TYPE_CHECKING:
    from mocap23_ros.evaluation.recording_batch import Evaluate, Job, Manifest, Outcome


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """Declare who does the work of --bags."""
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1, metavar='N',
                        help='with --bags: processes, each with its own models (default '
                             '%(default)s)')
    parser.add_argument('--shard', metavar='I/N',
                        help='with --bags: only the I-th of N parts, for several machines')
    parser.add_argument('--on', choices=('processes', 'ray'), default='processes',
                        help='with --bags: processes of this machine, or a Ray cluster (default '
                             '%(default)s)')
    parser.add_argument('--address', metavar='HOST:PORT',
                        help='with --on ray: the cluster; without it one is started here')


def check_batch_options(arguments: argparse.Namespace) -> None:
    """Refuse these options without --bags, and impossible values; InputError."""
    if not arguments.bags:
        for name, default in (('shard', None), ('on', 'processes'), ('address', None)):
            if getattr(arguments, name) != default:
                raise InputError(f'--{name} goes with --bags')
    if arguments.address and arguments.on != 'ray':
        raise InputError('--address goes with --on ray')
    check_numbers(arguments, workers=(1, 1024))
    shard_of(arguments)


def shard_of(arguments: argparse.Namespace) -> tuple[int, int]:
    """I/N as numbers; InputError."""
    text: str | None = arguments.shard
    if text is None:
        return 1, 1
    part, slash, parts = text.partition('/')
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise InputError(f'--shard {text[:40]}: write I/N, such as 1/8 to 8/8')
    return int(part), int(parts)


def shard_suffix(arguments: argparse.Namespace) -> str:
    """The end of the names of result files."""
    part, parts = shard_of(arguments)
    return f'-{part}-of-{parts}' if parts > 1 else ''


def jobs_of(arguments: argparse.Namespace, configurations: Sequence[Any]) -> list['Job']:
    """The bags of --bags, those of the shard, with every configuration; InputError."""
    from mocap23_ros.evaluation.recording_batch import find_recordings, make_jobs
    return make_jobs(find_recordings(arguments.bags), configurations, shard_of(arguments))


def run_jobs(arguments: argparse.Namespace, jobs: Sequence['Job'], manifest: 'Manifest',
             evaluate: 'Evaluate') -> list['Outcome']:
    """Do what is missing, with a line for each job on stderr."""
    from mocap23_ros.evaluation.recording_batch import run_batch
    ready = sum(manifest.get(job) is not None for job in jobs)
    recordings = len({job.path for job in jobs})
    say(f'{recordings} recordings: {len(jobs) - ready} to do, {ready} are done')

    def done(outcome: 'Outcome') -> None:
        say(f'{outcome.job.path} ({outcome.job.configuration.name}): {outcome.failure or "done"}')

    if arguments.on == 'ray':
        from mocap23_ros.evaluation.ray_batch import run_on_ray
        return run_on_ray(jobs, manifest, arguments.address, done, evaluate)
    return run_batch(jobs, manifest, arguments.workers, done, evaluate)


def say_failures(command: str, failures: dict[str, str]) -> int:
    """A line for each on stderr; the exit status."""
    for path, reason in failures.items():
        say(f'mocap23 {command}: failed: {path}: {reason}')
    return 1 if failures else 0


def name_below(root: Path, bag: Path) -> Path:
    """The name of a bag's result: its path below the folder of --bags, else its name."""
    folder = root if root.is_dir() else root.parent
    stem = bag.name if bag.is_dir() else bag.stem
    try:
        return bag.resolve().relative_to(folder.resolve()).parent / f'{stem}.npz'
    except ValueError:
        return Path(f'{stem}.npz')
