# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The node in a process of its own, and a peer in the test's process that talks to it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import rclpy
import tf2_ros
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from visualization_msgs.msg import MarkerArray

from mocap23_msgs.msg import Keypoints2DArray, SkeletonArray, SkeletonInfo
from mocap23_ros.ros.topics import latched_qos, output_qos

TIMEOUT = 40.0  # s; never a pause, only the end of patience on a busy machine
ROOT = Path(__file__).parents[2]


def stamp_of(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


AS_USERS_START_IT = ('-m', 'mocap23_ros.ros.run_node')
# Forks a process that has imported the node: a start costs a tenth of the time.
_FORKS = multiprocessing.get_context('forkserver')
_FORKS.set_forkserver_preload(['mocap23_ros.ros.lifter_node', 'onnxruntime'])


def _run_node(log, folder, environment, arguments):
    for stream in (1, 2):
        os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), stream)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    from mocap23_ros.ros.run_node import main
    sys.exit(main(['lifter_node', *arguments]))


class NodeProcess:
    """``lifter_node`` in a process of its own; its output is kept.

    executable: arguments of a new Python; None: forked from one that has imported the node.
    """

    def __init__(self, *ros_arguments, executable=None, **parameters):
        arguments = ['--ros-args', *ros_arguments]
        for name, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            arguments += ['-p', f'{name}:={text}']
        self._log = tempfile.NamedTemporaryFile('r')
        environment = dict(os.environ, PYTHONUNBUFFERED='1', RCUTILS_COLORIZED_OUTPUT='0')
        environment['PYTHONPATH'] = os.pathsep.join(
            [str(ROOT), environment.get('PYTHONPATH', '')])
        if executable is None:
            self._process = _FORKS.Process(
                target=_run_node, args=(self._log.name, os.getcwd(), environment, arguments))
            self._process.start()
        else:
            with open(self._log.name, 'a') as log:
                self._process = subprocess.Popen(
                    [sys.executable, *executable, *arguments], stdout=log,
                    stderr=subprocess.STDOUT, env=environment)

    @property
    def output(self):
        self._log.seek(0)
        return self._log.read()

    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._status(0.0) is None

    def wait(self):
        status = self._status(TIMEOUT)
        assert status is not None, f'the node did not end:\n{self.output}'
        return status

    def stop(self, how=signal.SIGINT):
        """Send a signal and return the exit status."""
        if self.is_running():
            os.kill(self.pid, how)
        status = self._status(TIMEOUT)
        if status is None:
            self._process.kill()
            self._status(TIMEOUT)
            raise AssertionError(f'the node did not end on {how}:\n{self.output}')
        return status

    def _status(self, seconds):
        """The exit status, minus the number of a signal; None: it runs on."""
        if isinstance(self._process, subprocess.Popen):
            try:
                return self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
        self._process.join(seconds)
        return self._process.exitcode


class Peer:
    """Publishes inputs and keeps what the node publishes, spinning in a thread."""

    def __init__(self, namespace=''):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node('peer', context=self.context, namespace=namespace)
        self._arrived = threading.Condition()
        self.received = {}
        self.keypoints = self.node.create_publisher(
            Keypoints2DArray, 'keypoints_2d_in', output_qos())
        self.camera_info = self.node.create_publisher(CameraInfo, 'camera_info', output_qos())
        self.static_tf = tf2_ros.StaticTransformBroadcaster(self.node)
        self.tf = tf2_ros.TransformBroadcaster(self.node)
        self.listen(SkeletonArray, 'skeletons')
        self.listen(DiagnosticArray, '/diagnostics')
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def listen(self, message_type, topic, qos=None):
        self.received.setdefault(topic, [])

        def keep(message):
            with self._arrived:
                self.received[topic].append(message)
                self._arrived.notify_all()

        return self.node.create_subscription(message_type, topic, keep, qos or output_qos(100))

    def listen_to_all(self):
        self.listen(Keypoints2DArray, 'keypoints_2d')
        self.listen(MarkerArray, 'markers')
        self.listen(SkeletonInfo, 'skeleton_info', latched_qos())

    def count(self, topic):
        return len(self.received[topic])

    def wait_for(self, topic, accept=lambda message: True, since=0, what='message', node=None):
        """Return the first message after number ``since`` that is accepted."""
        deadline = time.monotonic() + TIMEOUT
        with self._arrived:
            while True:
                for message in self.received[topic][since:]:
                    if accept(message):
                        return message
                if node is not None and not node.is_running():
                    raise AssertionError(f'the node ended:\n{node.output}')
                if not self._arrived.wait(min(1.0, max(0.0, deadline - time.monotonic()))) and (
                        time.monotonic() >= deadline):
                    raise AssertionError(
                        f'no {what} on {topic} in {TIMEOUT} s; {len(self.received[topic])} '
                        f'messages came' + (f'\n{node.output}' if node else ''))

    def wait_until(self, condition, what):
        """Wait for something that no message tells; polled."""
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < deadline, f'{what} did not happen in {TIMEOUT} s'
            time.sleep(0.02)

    def wait_for_status(self, accept, what, node=None):
        """Return the first diagnostic status from now on that is accepted."""
        def accept_array(array):
            return any(accept(status) for status in array.status)

        array = self.wait_for('/diagnostics', accept_array, self.count('/diagnostics'), what, node)
        return next(status for status in array.status if accept(status))

    def wait_for_problem(self, key, node=None, of=''):
        """Return the message of a problem that diagnostics, of a node, show from now on."""
        status = self.wait_for_status(
            lambda s: s.name.startswith(of) and any(
                v.key == f'problem: {key}' for v in s.values), f'problem {key}', node)
        return next(v.value for v in status.values if v.key == f'problem: {key}')

    def wait_for_recovery(self, key, node=None):
        """Wait until diagnostics show a problem no longer, whatever else a busy machine brings."""
        self.wait_for_status(
            lambda s: all(v.key != f'problem: {key}' for v in s.values), f'end of {key}', node)

    def call(self, service_type, name, **fields):
        client = self.node.create_client(service_type, name)
        assert client.wait_for_service(TIMEOUT), f'no service {name}'
        done = threading.Event()
        future = client.call_async(service_type.Request(**fields))
        future.add_done_callback(lambda _: done.set())
        assert done.wait(TIMEOUT), f'no answer of {name}'
        self.node.destroy_client(client)
        return future.result()

    def state(self, name='lifter_node'):
        return self.call(GetState, f'{name}/get_state').current_state.label

    def change_state(self, transition, name='lifter_node'):
        request = ChangeState.Request()
        request.transition.id = transition
        return self.call(
            ChangeState, f'{name}/change_state', transition=request.transition).success

    def set_parameter(self, name, value):
        request = [Parameter(name, value=value).to_parameter_msg()]
        answer = self.call(SetParameters, 'lifter_node/set_parameters', parameters=request)
        (result,) = answer.results
        assert result.successful, result.reason

    def now_ns(self):
        return self.node.get_clock().now().nanoseconds

    def close(self):
        rclpy.try_shutdown(context=self.context)
        self._thread.join(TIMEOUT)
        self._executor.shutdown()
        self.node.destroy_node()

    def _spin(self):
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass


@contextmanager
def running(*arguments, **parameters):
    """A node and a peer for all tests of a file; in the end the node still runs, and ends well."""
    node, peer = NodeProcess(*arguments, **parameters), Peer()
    peer.process = node
    try:
        yield peer
        assert node.is_running(), node.output
        assert node.stop() == 0, node.output
        assert 'Traceback' not in node.output
    finally:
        peer.close()
        node.stop()


class Feeder:
    """Sends what ``make(stamp_ns)`` returns at a rate, until it is closed."""

    def __init__(self, peer, send, rate=20.0):
        self.sent = 0
        self._peer, self._send, self._interval = peer, send, 1.0 / rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._stop.set()
        self._thread.join(TIMEOUT)

    def _run(self):
        due = time.monotonic()
        while not self._stop.is_set():
            self._send(self._peer.now_ns())
            self.sent += 1
            due = max(due + self._interval, time.monotonic() - 1.0)
            self._stop.wait(max(0.0, due - time.monotonic()))
