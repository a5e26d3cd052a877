# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Starting, stopping, killing and steering the node from outside."""

import functools
import os
import signal
import threading
import time

import pytest
from lifecycle_msgs.msg import Transition
from node_harness import AS_USERS_START_IT, Feeder, Peer
from synthetic_scene import camera_info, camera_transform, keypoints_message, person, send
from tf2_msgs.msg import TFMessage

SECOND = 10**9


@pytest.fixture
def start(start):
    """Start nodes as users do."""
    return functools.partial(start, executable=AS_USERS_START_IT)


def camera_feeder(peer, rate=20.0):
    """Keypoints, CameraInfo and TF of a camera that moves a little, all with the same stamps."""
    return Feeder(peer, lambda stamp: send(peer, stamp), rate)


def has_person(message):
    return len(message.skeletons) == 1


def test_missing_inputs_are_named_one_after_the_other_and_mended(peer, start):
    node = start(input_timeout=0.5, tf_timeout=0.05)
    problem = peer.wait_for_problem('input', node)
    assert 'nothing came on /keypoints_2d_in' in problem
    calibrated = threading.Event()

    def send(stamp):
        if calibrated.is_set():
            peer.camera_info.publish(camera_info(stamp))
        peer.keypoints.publish(keypoints_message([person()], stamp))

    with Feeder(peer, send):
        assert 'no CameraInfo' in peer.wait_for_problem('camera_info', node)
        calibrated.set()
        assert 'no transform' in peer.wait_for_problem('transform', node)
        assert peer.count('skeletons') == 0
        peer.static_tf.sendTransform(camera_transform(0))
        peer.wait_for('skeletons', has_person, node=node)
        peer.wait_for_recovery('transform', node)
    output = node.output
    for line in ('nothing came on', 'images come but no CameraInfo', 'no transform from camera'):
        assert output.count(line) == 1, 'said once, not in every frame'
    for key in ('input', 'camera_info', 'transform'):
        assert f'recovered: {key}' in output


def test_sigint_ends_it_cleanly_under_load(peer, start):
    node = start()
    with camera_feeder(peer, rate=50.0):
        peer.wait_for('skeletons', has_person, node=node)
        assert node.stop(signal.SIGINT) == 0
    assert 'Traceback' not in node.output and 'terminate called' not in node.output


def test_interrupts_of_terminal_and_launch_end_it_once(peer, start):
    """A terminal sends SIGINT to everybody, and launch sends one more to its nodes."""
    node = start(lifter='geometric')
    with camera_feeder(peer):
        peer.wait_for('skeletons', has_person, node=node)
        for _ in range(40):
            os.kill(node.pid, signal.SIGINT)
            time.sleep(0.01)
        assert node.wait() == 0
    assert 'Traceback' not in node.output and 'KeyboardInterrupt' not in node.output


def test_a_killed_node_is_replaced_and_sigterm_ends_the_new_one(peer, start):
    node = start()
    with camera_feeder(peer, rate=50.0):
        peer.wait_for('skeletons', has_person, node=node)
        assert node.stop(signal.SIGKILL) != 0
        since = peer.count('skeletons')
        node = start()
        peer.wait_for('skeletons', has_person, since, node=node)
        assert node.stop(signal.SIGTERM) == 0
    assert 'Traceback' not in node.output and 'terminate called' not in node.output


def test_lifecycle_is_steered_from_outside(peer, start):
    node = start(autostart=False)
    assert peer.state() == 'unconfigured'
    assert not peer.change_state(Transition.TRANSITION_ACTIVATE), 'not before configure'
    with camera_feeder(peer):
        for _ in range(2):
            assert peer.change_state(Transition.TRANSITION_CONFIGURE)
            assert peer.state() == 'inactive'
            since = peer.count('skeletons')
            peer.wait_for_status(lambda s: s.message == 'inactive', 'inactive status', node)
            assert peer.count('skeletons') == since, 'nothing is published while inactive'
            assert peer.change_state(Transition.TRANSITION_ACTIVATE)
            peer.wait_for('skeletons', has_person, since, node=node)
            since = peer.count('skeletons')
            assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
            # The last word is that nobody is followed any more.
            peer.wait_for('skeletons', lambda m: not m.skeletons, since, node=node)
            assert peer.change_state(Transition.TRANSITION_CLEANUP)
            assert peer.state() == 'unconfigured'
        assert peer.change_state(Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)
    assert node.stop(signal.SIGTERM) == 0
    assert 'Traceback' not in node.output


@pytest.mark.parametrize(('parameters', 'reason'), [
    ({'detector': 'onnx', 'detector_model': 'absent.onnx'}, 'cannot configure: '),
    ({'floor_height': 1}, 'write 5.0, not 5'),
])
def test_what_cannot_start_says_why_in_one_line_and_ends(start, parameters, reason):
    node = start(**parameters)
    assert node.wait() == 1
    assert sum(reason in line for line in node.output.splitlines()) == 1
    assert 'Traceback' not in node.output


@pytest.mark.parametrize(('arguments', 'reason'), [
    (('--params-file', '/absent.yaml'), 'Error opening YAML file'),
    (('--params-file', 'BROKEN'), 'Error at line 1'),
    (('-r', 'image=/camera'), "remap rule: '-r image=/camera'"),
    (('-p', 'floor_height'), "parameter override rule: '-p floor_height'"),
])
def test_bad_ros_arguments_end_it_with_a_reason_and_a_status(start, tmp_path, arguments, reason):
    broken = tmp_path / 'broken.yaml'
    broken.write_text('a: [')
    node = start(*(str(broken) if text == 'BROKEN' else text for text in arguments))
    assert node.wait() == 1
    assert [line for line in node.output.splitlines()
            if line.startswith('lifter_node: cannot start: ') and reason in line]
    assert 'Traceback' not in node.output


def test_a_parameter_file_for_a_node_of_another_name_is_said(start, tmp_path):
    (tmp_path / 'lifter.yaml').write_text('lifter: {ros__parameters: {floor_height: 0.1}}')
    node = start('--params-file', str(tmp_path / 'lifter.yaml'), detector='onnx',
                 detector_model='absent.onnx')
    assert node.wait() == 1
    assert sum('lifter.yaml has no effect' in line for line in node.output.splitlines()) == 1


def test_it_runs_where_no_log_file_can_be_written(peer, start, monkeypatch):
    monkeypatch.setenv('ROS_LOG_DIR', '/dev/null')
    node = start(lifter='geometric')
    with camera_feeder(peer):
        peer.wait_for('skeletons', has_person, node=node)
    assert node.stop(signal.SIGINT) == 0
    assert 'no log file is written' in node.output and 'set ROS_LOG_DIR' in node.output
    assert 'Traceback' not in node.output and 'configured' in node.output


def test_a_middleware_that_refuses_is_one_line(start, monkeypatch, tmp_path):
    """Security without keys that work; where it is compiled in, they are missed, too."""
    (tmp_path / 'enclaves' / 'lifter_node').mkdir(parents=True)
    for name in ('identity_ca.cert.pem', 'cert.pem', 'key.pem', 'permissions_ca.cert.pem',
                 'governance.p7s', 'permissions.p7s'):
        (tmp_path / 'enclaves' / 'lifter_node' / name).write_text('none')
    for name, value in (('KEYSTORE', tmp_path), ('ENABLE', 'true'), ('STRATEGY', 'Enforce')):
        monkeypatch.setenv(f'ROS_SECURITY_{name}', str(value))
    node = start('--enclave', '/lifter_node')
    assert node.wait() == 1
    assert 'lifter_node: cannot start: ' in node.output and 'Traceback' not in node.output


SMALL_DISK = """
import ctypes, os, sys

libc = ctypes.CDLL(None)
identity = os.getuid(), os.getgid()
# A user namespace of its own, in which it may mount, and a mount namespace.
if libc.unshare(0x10000000 | 0x00020000):
    os._exit(77)
for name, text in (('setgroups', 'deny'), ('uid_map', '0 %d 1' % identity[0]),
                   ('gid_map', '0 %d 1' % identity[1])):
    with open('/proc/self/' + name, 'w') as file:
        file.write(text)
if libc.mount(b'none', os.fsencode(os.environ['ROS_LOG_DIR']), b'tmpfs', 0, b'size=16k'):
    os._exit(77)
try:
    with open(os.path.join(os.environ['ROS_LOG_DIR'], 'other'), 'wb', 0) as file:
        for _ in range(FILL):
            file.write(bytes(1024))
except OSError:
    pass
from mocap23_ros.ros.run_node import main
sys.exit(main())
"""


@pytest.mark.parametrize('fill', [0, 20])  # kB: full while it runs, and before
def test_it_runs_where_the_disk_is_full(peer, start, monkeypatch, tmp_path, fill):
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path))
    node = start('--log-level', 'debug', lifter='geometric',
                 executable=('-c', SMALL_DISK.replace('FILL', str(fill))))
    with camera_feeder(peer):
        peer.wait_until(lambda: peer.count('skeletons') or not node.is_running(), 'a skeleton')
        if not node.is_running() and node.wait() == 77:
            pytest.skip('no disk can be mounted here')
        peer.wait_for('skeletons', has_person, node=node)
        peer.wait_until(lambda: len(node.output) > 40_000, '40 kB of log')
        peer.wait_for('skeletons', has_person, peer.count('skeletons'), node=node)
    assert node.stop(signal.SIGINT) == 0
    assert ('no log file is written' in node.output) == (fill > 0)
    assert 'Traceback' not in node.output


@pytest.mark.parametrize('seconds', [0.3, 0.9])
def test_sigint_while_it_starts_ends_it_without_a_word(start, seconds):
    node = start(lifter='geometric')
    time.sleep(seconds)
    node.stop(signal.SIGINT)
    # Python itself, which is not there yet on a busy machine, may say something of its own.
    assert 'mocap23_ros' not in node.output and 'rclpy' not in node.output


def test_namespace_remaps_and_tf_go_where_they_should(start):
    node = start('-r', '__ns:=/robot', '-r', 'keypoints_2d_in:=/detector/people')
    peer = Peer(namespace='robot')
    try:
        peer.keypoints = peer.node.create_publisher(
            type(keypoints_message([], 0)), '/detector/people', 10)
        peer.listen(TFMessage, '/tf')
        with camera_feeder(peer):
            peer.wait_for('skeletons', has_person, node=node)
            peer.wait_for('/tf', lambda m: any(
                t.child_frame_id.startswith('robot/person_') for t in m.transforms), node=node)
        assert peer.state() == 'active'
    finally:
        peer.close()


def test_a_second_node_with_the_same_frame_names_is_reported(peer, start):
    node = start(lifter='geometric')
    with camera_feeder(peer):
        peer.wait_for('skeletons', has_person, node=node)
        peer.wait_for_recovery('tf names', node)
        second = start('-r', '__node:=second', lifter='geometric')
        assert 'give one of them a namespace' in peer.wait_for_problem('tf names', second)
        assert '/skeletons is published by /second, too' in peer.wait_for_problem(
            'other publishers', node, of='lifter_node')
        assert '/skeletons is published by /lifter_node, too' in peer.wait_for_problem(
            'other publishers', second, of='second')
        second.stop()
        peer.wait_for_recovery('tf names', node)
        peer.wait_for_recovery('other publishers', node)
