# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What users install is pinned with checksums, to the same versions as everything else."""

import re
from pathlib import Path

import pytest


def pins(path: Path) -> dict[str, set[str]]:
    """Versions of each package."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r'^([\w.-]+)==([^\s;\\]+)', path.read_text(), re.M):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize(('locked', 'source', 'constraints'), [
    ('locked-ros.txt', 'ros.txt', 'constraints.txt'),
    ('locked-run.txt', 'run.txt', 'constraints.txt'),
    ('locked-run-ros-installation.txt', 'run.txt', 'constraints-ros-installation.txt')])
def test_every_file_has_its_checksum_and_version(
        root: Path, locked: str, source: str, constraints: str) -> None:
    folder = root / 'requirements'
    entries = re.split(r'\n(?=\w)', (folder / locked).read_text())[1:]
    assert all(re.search(r'--hash=sha256:[0-9a-f]{64}\b', entry) for entry in entries)
    known, allowed = pins(folder / locked), pins(folder / constraints)
    wanted = re.findall(r'^([\w-]+)', (folder / source).read_text(), re.M)
    assert not set(wanted) - set(known), 'run scripts/freeze_hashes.py'
    for name, versions in known.items():
        # Parts of ROS 2 that differ between builds have their local build tags left out.
        assert {v.split('+')[0] for v in versions} <= allowed[name], f'{name}: freeze_hashes.py'


def test_hints_name_the_set_up_that_brings_a_package(root: Path) -> None:
    from mocap23_ros.optional_packages import PURPOSES
    for package, purpose in PURPOSES.items():
        text = (root / 'requirements' / f'{purpose}.txt').read_text()
        assert re.search(rf'^{package}\b', text, re.M), package
