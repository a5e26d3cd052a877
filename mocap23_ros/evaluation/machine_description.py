# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One line about the machine and one about the code, for reports."""

import os
import platform
import subprocess
from pathlib import Path

import psutil

from mocap23_ros import __version__
from mocap23_ros.reporting import Say


def hardware_line() -> str:
    """Processor, usable cores, memory, load, system and Python."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines():
            if line.startswith('model name'):
                model = ' '.join(line.split(':', 1)[1].split())
                break
    except OSError:
        pass
    cores = (len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity')
             else os.cpu_count() or 1)
    memory = psutil.virtual_memory().total / 2 ** 30
    return (f'{model}, {cores} logical cores, {memory:.0f} GiB, {platform.system()} '
            f'{platform.release()}, Python {platform.python_version()}')


def present_load(say: Say) -> list[float]:
    """Means of the load over 1, 5 and 15 minutes; a line where times would be too long."""
    load = [round(value, 2) for value in os.getloadavg()]
    if load[0] > 0.5 * (os.cpu_count() or 1):
        say(f'the load is {load[0]}: times will be too long; better wait until nothing else runs')
    return load


def commit_line() -> str:
    """Commit of the checkout this runs from, marked when it has changes; else the version."""
    folder = Path(__file__).resolve().parents[2]

    def git(*words: str) -> str:
        done = subprocess.run(['git', '-C', str(folder), *words], capture_output=True, text=True,
                              timeout=20, env={**os.environ, 'GIT_OPTIONAL_LOCKS': '0'})
        if done.returncode != 0:
            raise OSError(done.stderr)
        return done.stdout.strip()

    try:
        if Path(git('rev-parse', '--show-toplevel')).resolve() != folder:
            raise OSError('another repository')
        changed = git('status', '--porcelain', '--untracked-files=no')
        return git('rev-parse', 'HEAD') + (' with local changes' if changed else '')
    except (OSError, subprocess.SubprocessError):
        return f'version {__version__}'
