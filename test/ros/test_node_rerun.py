# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of a running node, as Rerun's own client receives it."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from node_harness import TIMEOUT, Feeder, NodeProcess
from synthetic_scene import (
    camera_pose,
    send,
)

WITHOUT_RERUN = ('-c', 'import sys; sys.modules["rerun"] = None\n'
                       'from mocap23_ros.ros.run_node import main; sys.exit(main())')


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def entities(path):
    """{entity: {component: rows}} of what has arrived so far."""
    import pyarrow
    import rerun
    found = {}
    for chunk in rerun.chunk.RrdReader(str(path)).stream():
        batch = chunk.to_record_batch()
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            times = pyarrow.types.is_temporal(column.type)
            found.setdefault(chunk.entity_path, {}).setdefault(name, []).extend(
                (column.cast('int64') if times else column).to_pylist())  # ns
    return found


def received(port, target, wanted):
    """What a client has got when the wanted entity has come."""
    import rerun_cli
    binary = Path(rerun_cli.__file__).parent / 'rerun'
    client = subprocess.Popen([binary, '--save', target, f'rerun+http://127.0.0.1:{port}/proxy'],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            time.sleep(0.5)
            try:
                found = entities(target)
            except Exception:  # the file is not there yet, or ends within a message
                continue
            if wanted in found:
                return found
        raise AssertionError(f'{wanted} did not come')
    finally:
        client.kill()
        client.wait()


@pytest.mark.timeout(180)
def test_a_viewer_gets_what_is_published(peer, port, tmp_path):
    pytest.importorskip('rerun_cli', reason='rerun-sdk is an optional extra')
    node = NodeProcess(detector='external', lifter='geometric', rerun_port=port)
    try:
        with Feeder(peer, lambda stamp: send(peer, stamp)):
            peer.wait_for('skeletons', lambda m: m.skeletons, node=node)
            found = received(port, tmp_path / 'live.rrd', '/world/people/1/joints')
        published = {m.header.stamp.sec * 10**9 + m.header.stamp.nanosec: m.skeletons[0]
                     for m in peer.received['skeletons'] if m.skeletons}
        shown = found['/world/people/1/joints']
        compared = 0
        for stamp, points in zip(shown['stamp'], shown['Points3D:positions'], strict=True):
            near = min(published, key=lambda own, stamp=stamp: abs(own - stamp))
            if abs(near - stamp) < 1000 and points:
                joints = np.array(published[near].joints).reshape(-1, 3)
                np.testing.assert_allclose(points, joints[np.isfinite(joints).all(1)], atol=1e-5)
                compared += 1
        assert compared
        assert {'/world/floor', '/world/people/1/within_95', '/world/camera/image',
                '/world/camera/image/person_1'} <= set(found)
        np.testing.assert_allclose(found['/world/camera']['Transform3D:translation'][0],
                                   [camera_pose()[:3, 3]], atol=1e-6)
        # Cleaned up and configured again, it listens again.
        for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP,
                           Transition.TRANSITION_CONFIGURE):
            assert peer.change_state(transition), node.output
        socket.create_connection(('127.0.0.1', port), 5).close()
        assert node.stop() == 0 and 'Traceback' not in node.output
    finally:
        node.stop(signal.SIGKILL)


@pytest.mark.parametrize('executable, reason', [
    (WITHOUT_RERUN, 'rerun_port needs the package rerun-sdk'),
    (('-m', 'mocap23_ros.ros.run_node'), 'cannot be used (Address already in use)')])
def test_what_cannot_be_served_is_one_line(executable, reason, port):
    if 'Address' in reason:
        pytest.importorskip('rerun', reason='rerun-sdk is an optional extra')
    with socket.create_server(('0.0.0.0', port)):
        node = NodeProcess(detector='external', lifter='geometric', executable=executable,
                           rerun_port=port)
        try:
            assert node.wait() == 1
            assert reason in node.output and 'Traceback' not in node.output, node.output
        finally:
            node.stop(signal.SIGKILL)


def test_without_the_parameter_nothing_is_imported():
    done = subprocess.run(
        ['python', '-c', 'import sys; sys.modules["rerun"] = None\n'
         'import mocap23_ros.ros.outputs'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
