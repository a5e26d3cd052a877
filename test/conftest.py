# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests share: the helper modules of every room, and a little motion."""

import sys
from pathlib import Path

import pytest

# Helper modules have names of their own; a test imports them from any room.
sys.path[:0] = [str(folder) for folder in sorted(Path(__file__).parent.iterdir())
                if folder.is_dir() and any(folder.glob('test_*.py'))]


@pytest.fixture(scope='session')
def clips():
    """Half a minute of motion made by rules."""
    from mocap23_ros.datasets.procedural import procedural_motion
    return procedural_motion(0.5, seed=0)
