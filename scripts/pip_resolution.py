# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What pip would install for an interpreter; nothing is installed."""

import json
import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / 'requirements'
# What a machine's own settings of pip would choose is no version that everybody gets.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in (
    'PIP_CONSTRAINT', 'PIP_EXTRA_INDEX_URL', 'PIP_FIND_LINKS', 'PIP_PRE')
    } | {'PIP_CONFIG_FILE': os.devnull}


@contextmanager
def bare_environment(interpreter):
    """Make a virtual environment; gives its Python, (major, minor), and its folder."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([interpreter, '-m', 'venv', folder], check=True)
        python = Path(folder, 'bin', 'python')
        subprocess.run([python, '-m', 'pip', 'install', '--quiet', '--require-hashes', '-r',
                        REQUIREMENTS / 'pip.txt'], check=True, env=_ENVIRONMENT)
        version = subprocess.run(
            [python, '-c', 'import sys; print(*sys.version_info[:2])'],
            check=True, capture_output=True, text=True).stdout
        yield python, tuple(int(part) for part in version.split()), Path(folder)


def resolved(python, arguments):
    """Return {normalised name: pip's report of the package} for these arguments of pip."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, 'report.json')
        subprocess.run([python, '-m', 'pip', 'install', '--quiet', '--dry-run',
                        '--ignore-installed', '--report', report, *arguments],
                       check=True, env=_ENVIRONMENT)
        installs = json.loads(report.read_text(encoding='utf-8'))['install']
    return {re.sub(r'[-_.]+', '-', install['metadata']['name']).lower(): install
            for install in installs}
