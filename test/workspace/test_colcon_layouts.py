# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Both packages are found by colcon in the repository and in a workspace around it."""

import os
import re
import subprocess
from pathlib import Path

import pytest


def listed(colcon: str, folder: Path, log: Path, *arguments: str) -> list[tuple[str, str]]:
    """(name, type) of the packages in build order."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ('COLCON_DEFAULTS_FILE', 'COLCON_HOME')}
    environment['COLCON_HOME'] = str(log)  # no defaults of whoever runs the tests
    printed = subprocess.run([colcon, '--log-base', str(log), 'list', '-t', *arguments], cwd=folder,
                             env=environment, check=True, capture_output=True, text=True).stdout
    rows = [line.split('\t') for line in printed.splitlines()]
    return [(name, kind.strip('()')) for name, _, kind in rows]


BOTH = [('mocap23_msgs', 'ros.ament_cmake'), ('mocap23_ros', 'ros.ament_python')]


@pytest.fixture
def workspace(root: Path, tmp_path: Path) -> Path:
    source = tmp_path / 'workspace' / 'src'
    source.mkdir(parents=True)
    (source / 'mocap23_ros').symlink_to(root)
    return source.parent


def test_in_the_repository_without_the_stand_ins(
        colcon: str, root: Path, tmp_path: Path) -> None:
    assert listed(colcon, root, tmp_path) == BOTH


def test_in_a_workspace_with_the_linked_defaults(
        colcon: str, workspace: Path, tmp_path: Path) -> None:
    (workspace / 'colcon_defaults.yaml').symlink_to('src/mocap23_ros/colcon_defaults.yaml')
    assert listed(colcon, workspace, tmp_path) == BOTH


def test_in_a_workspace_with_the_documented_base_paths(
        colcon: str, root: Path, workspace: Path, tmp_path: Path) -> None:
    page = (root / 'docs' / 'INSTALL.md').read_text()
    line = re.search(r'colcon build (--base-paths [^`\n]+)', page)
    assert line, 'INSTALL.md shows no colcon build --base-paths line'
    assert listed(colcon, workspace, tmp_path, *line[1].split()) == BOTH
