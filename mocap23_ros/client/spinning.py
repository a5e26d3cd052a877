# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Spins a node that has a last thing to do, such as to tell a robot to stand still."""

import signal
from collections.abc import Callable
from typing import TypeVar

import rclpy
from geometry_msgs.msg import Twist
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.signals import SignalHandlerOptions

NodeType = TypeVar('NodeType', bound=Node)


def spin_to_the_end(make: Callable[[], NodeType], last: Callable[[NodeType], None]) -> None:
    """Make a node and spin it until SIGINT or SIGTERM; then ``last`` is called with it.

    It can still publish there, which it could not under rclpy's own handlers: they end the context
    at once. What it publishes arrives for sure after ``wait_for_all_acked`` alone.
    """
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    node = None
    try:
        node = make()
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        if node is not None:
            last(node)
        rclpy.try_shutdown()


def stand_still(publisher: Publisher) -> None:
    """Publish a velocity of zero, and wait until the base has received it."""
    publisher.publish(Twist())
    publisher.wait_for_all_acked(Duration(seconds=1))
