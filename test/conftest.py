# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests share: helper modules, processes and their ROS domains, a little motion."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does.
settings.register_profile('mocap23', deadline=None)
settings.load_profile('mocap23')

# Helper modules have names of their own; a test imports them from any room.
sys.path[:0] = [str(folder) for folder in sorted(Path(__file__).parent.iterdir())
                if folder.is_dir() and any(folder.glob('test_*.py'))]

# Two processes of tests share two cores: threads of theirs would wait for each other, spinning.
os.environ.setdefault('OMP_NUM_THREADS', '1')

# Before anything imports rclpy. A domain per test process: parallel runs must not hear each other.
os.environ['ROS_DOMAIN_ID'] = str(20 + os.getpid() % 80)

# Long ones first, so that no process waits for another at the end. What talks to the middleware
# before that: not after all the nodes and in their process.
_TRUTH = ('test/demo/test_sample_truth.py', 'test/benchmarks/test_detector_benchmark.py')
_ORDER = ('test/ros', *_TRUTH, 'test/workspace/', 'test/training/', 'test/recordings/',
          'test/engines/', 'test/evaluation/', 'test/detection/', '')


def _runs_nodes(test: str) -> bool:
    """Whether nodes run in a test, so that time counts in it: never two of these at once."""
    return test.startswith(('test/ros/', 'test/client/', 'test/demo/test_live_run.py')) and (
        not test.startswith('test/ros/test_ros_'))


def pytest_collection_modifyitems(items):
    """Put the tests with nodes first, and of the others those that take long."""
    items.sort(key=lambda item: -1 if _runs_nodes(item.nodeid) else next(
        i for i, start in enumerate(_ORDER) if item.nodeid.startswith(start)))


def pytest_runtest_setup(item):
    """Let the process with nodes go first where several want a core."""
    if 'PYTEST_XDIST_WORKER' in os.environ and not _runs_nodes(item.nodeid):
        os.setpriority(os.PRIO_PROCESS, 0, 19)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give one process all tests with running nodes, one those that need the truth of the sample.

    Otherwise whole files to who is free.
    """
    from xdist.scheduler import LoadScopeScheduling

    class FilesAndNodes(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split('::')[0]
            return 'nodes' if _runs_nodes(nodeid) else 'truth' if file in _TRUTH else file

    config.option.loadscopereorder = False
    return FilesAndNodes(config, log)


@pytest.fixture(scope='session')
def clips():
    """Half a minute of motion made by rules."""
    from mocap23_ros.datasets.procedural import procedural_motion
    return procedural_motion(0.5, seed=0)


@pytest.fixture(scope='session')
def data(tmp_path_factory):
    """Folder of packed motion made by rules, a minute of it, in place of CMU's."""
    from packed_motion import write_packed
    folder = tmp_path_factory.mktemp('motion')
    write_packed(folder, minutes=1.0)
    return folder
