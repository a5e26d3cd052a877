# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The linter of ROS packages, where a ROS installation has it.

Of the others, ament_copyright knows no SPDX headers, and ruff and mypy (test_static_checks) say
what ament_pep257 and ament_mypy would.
"""

from pathlib import Path

import pytest


@pytest.mark.linter
@pytest.mark.flake8
def test_flake8(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flake8 = pytest.importorskip('ament_flake8.main', reason='only ROS installations have it')
    monkeypatch.chdir(root)
    status, errors = flake8.main_with_errors(
        argv=['--config', 'setup.cfg', 'mocap23_ros', 'launch', 'setup.py'])
    assert status == 0, '\n'.join(errors)
