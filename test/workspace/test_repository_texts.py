# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the repository's texts say agrees with the repository."""

import importlib.util
import re
import subprocess
import tokenize
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from mocap23_ros import __version__
from mocap23_ros.cli.main import COMMANDS

# Spelled in pieces so that this file does not find itself.
LOCAL_PATHS = re.compile('|'.join(['/wo' + 'rk/', '/ro' + 'ot/', '/ho' + r'me/\w+/']))


@pytest.fixture(scope='module')
def tracked_files(root: Path) -> list[Path]:
    done = subprocess.run(['git', 'ls-files', '-z'], cwd=root, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        pytest.skip('not a git checkout')
    paths = [root / name for name in done.stdout.split('\0') if name]
    return [path for path in paths if path.is_file()]


def test_rosdep_line_names_both_packages(root: Path) -> None:
    lines = [line for path in [root / 'README.md', *(root / 'docs').glob('*.md')]
             for line in path.read_text(encoding='utf-8').splitlines()
             if 'rosdep install' in line and '--from-paths' in line]
    assert lines
    for line in lines:
        assert re.search(r'--from-paths src src/mocap23_ros/mocap23_msgs\b', line), line


def test_every_command_of_the_table_has_its_module() -> None:
    missing = [name for name, (module, _) in COMMANDS.items()
               if importlib.util.find_spec(f'mocap23_ros.cli.{module}') is None]
    assert not missing


def test_versions_agree(root: Path) -> None:
    versions = {path: ElementTree.parse(path).findtext('version')
                for path in (root / 'package.xml', root / 'mocap23_msgs' / 'package.xml')}
    assert set(versions.values()) == {__version__}, versions
    assert f"version='{__version__}'" in (root / 'setup.py').read_text(encoding='utf-8')


def test_no_path_of_a_developers_machine(tracked_files: list[Path], root: Path) -> None:
    found = []
    for path in tracked_files:
        try:
            text = path.read_text(encoding='utf-8')
        except UnicodeDecodeError:
            continue
        found += [f'{path.relative_to(root)}: {match[0]}' for match in LOCAL_PATHS.finditer(text)]
    assert not found


def test_no_merge_was_left_unfinished(tracked_files: list[Path], root: Path) -> None:
    found = []
    for path in tracked_files:
        if path.suffix in ('.py', '.md', '.yaml', '.txt', '.msg', '.srv', '.json', '.cfg', '.xml'):
            lines = path.read_text(encoding='utf-8').splitlines()
            found += [str(path.relative_to(root)) for line in lines
                      if line.startswith(('<<<<' + '<<< ', '>>>>' + '>>> '))]
    assert not found


def test_python_files_name_their_licence(tracked_files: list[Path], root: Path) -> None:
    without = []
    for path in tracked_files:
        if path.suffix == '.py':
            with tokenize.open(path) as file:
                head = file.read(300)
            if 'SPDX-License-Identifier: Apache-2.0' not in head:
                without.append(str(path.relative_to(root)))
    assert not without


def test_nothing_large_or_built_is_committed(tracked_files: list[Path], root: Path) -> None:
    built = [str(path.relative_to(root)) for path in tracked_files
             if path.suffix in ('.engine', '.plan', '.so', '.pyc', '.mcap', '.mp4')]
    assert not built
    sources = [f'{path.relative_to(root)}: {path.stat().st_size}' for path in tracked_files
               if path.suffix == '.py' and path.stat().st_size > 14_000]
    assert not sources


def test_acknowledgement_of_the_training_data(root: Path) -> None:
    text = ' '.join((root / 'NOTICE').read_text(encoding='utf-8').split())
    assert ('The data used in this project was obtained from mocap.cs.cmu.edu. The database was '
            'created with funding from NSF EIA-0196217.') in text


def test_readme_names_only_make_targets_that_exist(root: Path) -> None:
    makefile = (root / 'Makefile').read_text(encoding='utf-8')
    targets = set(re.findall(r'^([a-z]+):', makefile, re.MULTILINE))
    assert {'demo', 'test', 'bench', 'lint', 'clean', 'help'} <= targets
    for name in ('README.md', 'CONTRIBUTING.md'):
        text = (root / name).read_text(encoding='utf-8')
        named = set(re.findall(r'^ {4}make ([a-z]+)|`make ([a-z]+)', text, re.MULTILINE))
        assert {first or second for first, second in named} <= targets
