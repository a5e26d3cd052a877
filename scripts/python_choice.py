# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Which Python the virtual environment is made from."""

import shutil
import subprocess
import sys
from collections import namedtuple

from command import SetUpError

SUPPORTED = ((3, 10), (3, 11), (3, 12))

# path: the interpreter. version: (major, minor).
Python = namedtuple('Python', 'path version version_text')

_ASK_VERSION = 'import sys; print(*sys.version_info[:2])'


def _python(path):
    """Return the Python at a path, or None where it does not run (a pyenv shim, for instance)."""
    done = subprocess.run([path, '-c', _ASK_VERSION], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode != 0:
        return None
    version = tuple(int(part) for part in done.stdout.split()[-2:])
    return Python(path, version, '.'.join(map(str, version)))


def choose_python():
    """Return the running interpreter where it is supported, else the newest supported on PATH."""
    version = sys.version_info[:2]
    if version in SUPPORTED:
        return Python(sys.executable, version, '.'.join(map(str, version)))
    for major, minor in reversed(SUPPORTED):
        path = shutil.which(f'python{major}.{minor}')
        python = path and _python(path)
        if python and python.version == (major, minor):
            return python
    found = '.'.join(map(str, version))
    raise SetUpError(f'Python 3.10, 3.11 or 3.12 is needed and {sys.executable} is {found}; '
                     'install with: sudo apt-get install python3.12 python3.12-venv python3.12-dev')
