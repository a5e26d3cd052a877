# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests share: helper modules, processes and their ROS domains, a little motion."""

import os
import sys
from pathlib import Path

import pytest

# Helper modules have names of their own; a test imports them from any room.
sys.path[:0] = [str(folder) for folder in sorted(Path(__file__).parent.iterdir())
                if folder.is_dir() and any(folder.glob('test_*.py'))]

# Before anything imports rclpy. A domain per test process: parallel runs must not hear each other.
os.environ['ROS_DOMAIN_ID'] = str(20 + os.getpid() % 80)

# Nodes run here, and time counts: never two of these tests at once. They mostly wait, so a second
# process finds a core for the others.
_ROS_ROOMS = ('ros', 'ros_standins', 'client')


def _room(nodeid):
    return nodeid.removeprefix('test/').split('/')[0]


def pytest_collection_modifyitems(items):
    """Put long ones first, so that no process waits for another at the end."""
    first = (*_ROS_ROOMS, 'workspace')
    items.sort(key=lambda item: (*first, _room(item.nodeid)).index(_room(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give one process all tests with running nodes, and otherwise whole files to who is free."""
    from xdist.scheduler import LoadScopeScheduling

    class FilesAndNodes(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return 'nodes' if _room(nodeid) in _ROS_ROOMS else nodeid.split('::')[0]

    config.option.loadscopereorder = False
    return FilesAndNodes(config, log)


@pytest.fixture(scope='session')
def clips():
    """Half a minute of motion made by rules."""
    from mocap23_ros.datasets.procedural import procedural_motion
    return procedural_motion(0.5, seed=0)
