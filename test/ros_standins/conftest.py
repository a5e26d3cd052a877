# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import importlib.util
import threading

import pytest

if importlib.util.find_spec('rclpy') is None:
    collect_ignore_glob = ['test_*.py']
else:
    import rclpy
    from rclpy.executors import (
        ExternalShutdownException,
        MultiThreadedExecutor,
        SingleThreadedExecutor,
    )


class RosSide:
    """A context of its own, spun by an executor in a thread."""

    def __init__(self, executor_type):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.executor = executor_type(context=self.context)
        self._thread = None
        self._nodes = []

    def node(self, name, **options):
        node = rclpy.create_node(name, context=self.context, **options)
        self._nodes.append(node)
        return node

    def spin(self, *nodes):
        for node in nodes:
            self.executor.add_node(node)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self):
        try:
            self.executor.spin()
        except ExternalShutdownException:
            pass

    def close(self):
        self.executor.shutdown()
        if self._thread is not None:
            self._thread.join(10.0)
        for node in self._nodes:
            node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@pytest.fixture
def ros():
    side = RosSide(SingleThreadedExecutor)
    yield side
    side.close()


@pytest.fixture
def threaded_ros():
    side = RosSide(MultiThreadedExecutor)
    yield side
    side.close()
