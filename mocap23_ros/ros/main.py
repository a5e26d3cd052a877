# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Start ``lifter_node`` as a process of its own."""

import signal
import sys
from types import FrameType

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn

from mocap23_ros.errors import InputError


def _first_interrupt(number: int, frame: FrameType | None) -> None:
    """Leave the first SIGINT to rclpy, which ends spinning, and let a second one break in.

    KeyboardInterrupt in the midst of taking a message comes out of rclpy as another error.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; returns 1 where it cannot start, 0 otherwise."""
    node = None
    signal.signal(signal.SIGINT, _first_interrupt)
    try:
        rclpy.init(args=args)
        # Imported after rclpy handles signals: it takes a second, and may be interrupted.
        from mocap23_ros.ros.lifter_node import LifterNode
        node = LifterNode()
        if node.get_parameter('autostart').value:
            for transition in (node.trigger_configure, node.trigger_activate):
                if transition() is not TransitionCallbackReturn.SUCCESS:
                    return 1 if rclpy.ok() else 0
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except InputError as error:
        print(f'lifter_node: {error}', file=sys.stderr)
        return 1
    except Exception:
        if rclpy.ok():
            raise
        # Asked to end while it started: whatever failed without a context is no error.
    finally:
        if node is not None:
            node.close()
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
