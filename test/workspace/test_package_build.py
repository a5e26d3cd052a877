# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The package builds with colcon, and what it installs runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mocap23_ros import __version__


@pytest.fixture(scope='module')
def install(colcon: str, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix into which colcon installed mocap23_ros."""
    folder = tmp_path_factory.mktemp('colcon')
    # A copy, because setuptools leaves an egg-info folder beside the sources.
    source = folder / 'src' / 'mocap23_ros'
    source.mkdir(parents=True)
    tracked = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=root,
                             check=False, capture_output=True).stdout
    if not tracked:
        pytest.skip('not a git checkout')
    archive = subprocess.run(['tar', '--null', '-T', '-', '--ignore-failed-read', '-cf', '-'],
                             cwd=root, input=tracked, check=True, capture_output=True).stdout
    subprocess.run(['tar', '-xf', '-'], cwd=source, input=archive, check=True)
    done = subprocess.run(
        [colcon, '--log-base', 'log', 'build', '--packages-select', 'mocap23_ros'],
        cwd=folder, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / 'install' / 'mocap23_ros'


def test_marker_and_files_are_where_ros_looks(install: Path, root: Path) -> None:
    share = install / 'share'
    assert (share / 'ament_index/resource_index/packages/mocap23_ros').exists()
    assert (share / 'mocap23_ros/package.xml').exists()
    for folder, pattern in (('launch', '*.launch.py'), ('config', '*.yaml'), ('rviz', '*.rviz')):
        wanted = {path.name for path in (root / folder).glob(pattern)}
        assert {path.name for path in (share / 'mocap23_ros' / folder).glob('*')} >= wanted


def test_every_subpackage_is_installed(install: Path, root: Path) -> None:
    found = {path.parent.name for path in install.glob('lib/**/mocap23_ros/*/__init__.py')}
    assert found == {path.parent.name for path in root.glob('mocap23_ros/*/__init__.py')}


def test_console_scripts_are_in_lib(install: Path) -> None:
    """Where `ros2 run` looks for them."""
    scripts = {path.name for path in (install / 'lib/mocap23_ros').iterdir()}
    assert {'lifter_node', 'mocap23'} <= scripts


def test_installed_command_runs_outside_of_the_repository(install: Path, tmp_path: Path) -> None:
    site_packages = next(install.glob('lib/python*/site-packages'))
    done = subprocess.run(
        [sys.executable, str(install / 'lib/mocap23_ros/mocap23'), '--version'], cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(site_packages)), text=True, capture_output=True,
        check=False)
    assert (done.returncode, done.stdout.strip()) == (0, f'mocap23 {__version__}'), done.stderr
