# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Where the repository is and which environment runs these tests."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def root() -> Path:
    return ROOT


@pytest.fixture(scope='session')
def colcon() -> str:
    """Path of colcon; skips where there is none."""
    path = shutil.which('colcon')
    if path is None:
        pytest.skip('colcon is not on the PATH')
    return path


@pytest.fixture(scope='session')
def made_environment(root: Path) -> Path:
    """The environment that the set-up made; skips where the tests run in another one."""
    folder = Path(os.environ.get('VIRTUAL_ENV', ''))
    if folder.parent != root or not (folder / 'env.sh').exists():
        pytest.skip('the tests do not run in the environment of `make test`')
    return folder


@pytest.fixture
def bare_environment(tmp_path: Path) -> dict[str, str]:
    """Variables of a shell in which nothing is sourced, with an empty home."""
    home = tmp_path / 'home'
    home.mkdir()
    return {'HOME': str(home), 'PATH': '/usr/local/bin:/usr/bin:/bin', 'LANG': 'C.UTF-8'}
