# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A node of a command that only listens, apart from all else in the process."""

from collections.abc import Iterator
from contextlib import contextmanager

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node


@contextmanager
def private_node(name: str) -> Iterator[tuple[Node, SingleThreadedExecutor]]:
    """A node in a context of its own and the executor that spins it, both ended afterwards."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node(name, context=context, start_parameter_services=False)
    executor = SingleThreadedExecutor(context=context)
    try:
        executor.add_node(node)
        yield node, executor
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown(context=context)
