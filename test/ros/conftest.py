# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""ROS tests talk on a domain of their own and check every field they send."""

import os
import signal

import pytest

# Before anything imports rclpy.
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
os.environ.setdefault('ROS_PYTHON_CHECK_FIELDS', '1')
# Best-effort images are lost between processes with the default shared memory settings.
os.environ.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'LARGE_DATA')

try:
    import rclpy  # noqa: F401
    import tf2_ros  # noqa: F401

    from mocap23_msgs.msg import SkeletonArray  # noqa: F401
    MISSING = ''
except ImportError as error:
    MISSING = str(error)
    collect_ignore_glob = ['test_*.py']


def pytest_report_header():
    return f'test/ros is left out, since ROS 2 is not there: {MISSING}' if MISSING else ()


@pytest.fixture
def peer():
    """Who talks to the nodes of a test."""
    from node_harness import Peer
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def start():
    """Start nodes that are surely ended with the test."""
    from node_harness import NodeProcess
    nodes = []

    def start(*arguments, **parameters):
        nodes.append(NodeProcess(*arguments, **{'detector': 'external'} | parameters))
        return nodes[-1]

    yield start
    for node in nodes:
        node.stop(signal.SIGKILL)
