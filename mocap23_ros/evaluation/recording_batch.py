# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Many recordings: a row each, by several processes, in a folder that a killed run goes on from."""

import hashlib
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mocap23_ros import __version__
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.report import plain
from mocap23_ros.recordings.bag_reader import STORAGE


class BatchConfiguration(Protocol):
    """What to do with a recording; its repr tells configurations apart."""

    @property
    def name(self) -> str:
        """Name for people to read."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Files and folders besides the recording whose content counts."""


Evaluate = Callable[[Path, Any], dict[str, Any]]
"""A function of a module, from a recording and a configuration to a row of plain values."""


@dataclass(frozen=True)
class Job:
    """One recording with one configuration. key: changes where one of the two changes."""

    path: Path
    configuration: BatchConfiguration
    key: str


@dataclass(frozen=True)
class Outcome:
    """A row, or why there is none."""

    job: Job
    row: dict[str, Any] | None
    failure: str = ''


def find_recordings(place: Path) -> list[Path]:
    """Return the bags below a folder, or those that a text file lists, one a line; InputError.

    A bag is a folder with metadata.yaml or storage files, or a storage file that stands alone.
    """
    if place.is_file() and place.suffix not in STORAGE:
        try:
            lines = place.read_text(encoding='utf-8').splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f'{place} is not a list of bags, one per line ({error})') from None
        named = [line.strip() for line in lines]
        found = list(dict.fromkeys(place.parent / name for name in named
                                   if name and not name.startswith('#')))
    elif place.is_dir():
        found = sorted(_bags_below(place))
    else:
        raise InputError(f'{place}: give a folder of bags, or a text file that lists bags')
    if not found:
        raise InputError(f'{place} holds no bags (folders with metadata.yaml, .mcap, .db3)')
    return found


def _bags_below(folder: Path) -> Iterable[Path]:
    entries = sorted(folder.iterdir())
    files = [p for p in entries if p.suffix in STORAGE and p.is_file()]
    if (folder / 'metadata.yaml').exists():
        yield folder
        return
    yield from files
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            yield from _bags_below(entry)


def make_jobs(recordings: Sequence[Path], configurations: Sequence[BatchConfiguration],
              shard: tuple[int, int] = (1, 1)) -> list[Job]:
    """Return all pairs; shard (i, n): every n-th recording from the i-th on, counted from 1."""
    part, parts = shard
    beside = [[_state(place) for place in configuration.files] for configuration in configurations]
    jobs = []
    for path in recordings[part - 1::parts]:
        own = _state(path)
        jobs += [Job(path, configuration, _key(path, configuration, [own, *others]))
                 for configuration, others in zip(configurations, beside, strict=True)]
    return jobs


def _key(path: Path, configuration: BatchConfiguration, content: list) -> str:
    text = repr((__version__, str(path), content, configuration))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _state(path: Path) -> list[tuple[str, int, int]]:
    files = sorted(p for p in path.rglob('*') if p.is_file()) if path.is_dir() else [path]
    return [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files if p.exists()]


class Manifest:
    """Rows that are done, one line of JSON each, on disk as soon as they are known."""

    def __init__(self, path: Path,
                 holds: Callable[[dict[str, Any]], bool] = lambda row: True) -> None:
        """Read what an earlier run left; a line that it could not finish is dropped.

        holds: whether what a row tells of is still there.
        """
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}
        if not path.exists():
            return
        whole = 0
        with path.open('rb') as file:
            for line in file:
                try:
                    entry = json.loads(line)
                    if holds(entry['row']):
                        self._rows[entry['key']] = entry['row']
                except (ValueError, KeyError, TypeError):
                    break
                whole += len(line)
        if whole < path.stat().st_size:
            os.truncate(path, whole)

    def get(self, job: Job) -> dict[str, Any] | None:
        """The row of a job, None where it is not done."""
        return self._rows.get(job.key)

    def add(self, job: Job, row: dict[str, Any]) -> None:
        """Write a row, so that a kill in the next moment does not lose it."""
        self._rows[job.key] = row
        with self._path.open('ab') as file:
            file.write(json.dumps({'key': job.key, 'row': row}, allow_nan=False).encode() + b'\n')
            file.flush()
            os.fsync(file.fileno())


class Outcomes:
    """What has become of the jobs, in a manifest too."""

    def __init__(self, jobs: Sequence[Job], manifest: Manifest,
                 done: Callable[[Outcome], None]) -> None:
        """Take what the manifest has; done: is called as each other one ends."""
        self._jobs, self._manifest, self._done = jobs, manifest, done
        self._outcomes = {job.key: Outcome(job, row) for job in jobs
                          if (row := manifest.get(job)) is not None}

    def open_jobs(self) -> list[Job]:
        """The jobs that have not ended, one configuration after the other.

        A process keeps the models of one.
        """
        return sorted((job for job in self._jobs if job.key not in self._outcomes),
                      key=lambda job: job.configuration.name)

    def finish(self, job: Job, row: dict[str, Any] | None, failure: str = '') -> None:
        """Take in the end of a job."""
        if row is not None:
            self._manifest.add(job, row)
        self._outcomes[job.key] = Outcome(job, row, failure)
        self._done(self._outcomes[job.key])

    def in_order(self) -> list[Outcome]:
        """All, when none is open."""
        return [self._outcomes[job.key] for job in self._jobs]


def run_batch(jobs: Sequence[Job], manifest: Manifest, workers: int,
              done: Callable[[Outcome], None], evaluate: Evaluate) -> list[Outcome]:
    """Evaluate what the manifest lacks; outcomes in the order of the jobs.

    A recording that cannot be evaluated, or kills its process, does not stop the others. done: is
    called as each one ends.
    """
    outcomes = Outcomes(jobs, manifest, done)
    while open_jobs := outcomes.open_jobs():
        suspects = _run(open_jobs, workers, outcomes.finish, evaluate)
        for job in suspects:  # one of them killed its process: each in one of its own
            if _run([job], 1, outcomes.finish, evaluate):
                outcomes.finish(job, None, 'its process died (out of memory?)')
    return outcomes.in_order()


def _run(jobs: Sequence[Job], workers: int, finish: Callable[..., None], evaluate: Evaluate
         ) -> list[Job]:
    """Run jobs until all are done or a process died; returns those that were running then."""
    waiting = list(reversed(jobs))
    running: dict[Future[dict[str, Any]], Job] = {}
    # Not forked: engines and OpenCV have threads.
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(min(workers, len(jobs)), context, end_with_parent) as pool:
        while waiting or running:
            while waiting and len(running) < workers:  # so that few die with one
                job = waiting.pop()
                running[pool.submit(safely, evaluate, job)] = job
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ready:
                if isinstance(future.exception(), BrokenProcessPool):
                    return list(running.values())
                finish(running.pop(future), *future.result().values())
    return []


def end_with_parent() -> None:
    """End this process with the command, whatever ends that; it would wait for ever otherwise."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def safely(evaluate: Evaluate, job: Job) -> dict[str, Any]:
    """Return, in this process, the row, or the reason in words."""
    try:
        return {'row': plain(evaluate(job.path, job.configuration)), 'failure': ''}
    except InputError as error:
        return {'row': None, 'failure': str(error)}
    except Exception as error:  # a fault of ours in one recording must not stop ten thousand
        return {'row': None, 'failure': f'{type(error).__name__}: {error}'}
