# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Ruff and mypy find nothing."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(600)
@pytest.mark.parametrize('command', [['ruff', 'check', '.'], ['mypy']], ids=lambda words: words[0])
def test_static_check(command: list[str], root: Path) -> None:
    if importlib.util.find_spec(command[0]) is None:
        pytest.skip(f'{command[0]} is not installed')
    done = subprocess.run([sys.executable, '-m', *command], cwd=root, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
