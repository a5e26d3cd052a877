# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Start ``lifter_node`` as a process of its own.

Only what Python has loaded already is imported here: the rest takes a while and comes after signals
are seen to.
"""

import os
import re
import signal
import sys
import time
import warnings
from types import FrameType

from mocap23_ros.blas_threads import one_blas_thread

_IMPATIENT = 2.0  # s


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once and without a word: nothing needs closing yet."""
    os._exit(0)


def _first_interrupt(number: int, frame: FrameType | None) -> None:
    """Leave the first SIGINT to rclpy, which ends spinning; a later one ends the process at once.

    Those that follow within a moment count as the same: a terminal sends one to everybody, and
    launch another. A KeyboardInterrupt would leave rclpy, or closing, as another error.
    """
    first = time.monotonic()

    def again(number: int, frame: FrameType | None) -> None:
        if time.monotonic() - first > _IMPATIENT:
            os._exit(0)

    signal.signal(signal.SIGINT, again)


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; returns 1 where it cannot start, 0 otherwise."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    one_blas_thread()
    import rclpy

    from mocap23_ros.ros.log_folder import without_log_files
    try:
        arguments = without_log_files(sys.argv if args is None else args)
        signal.signal(signal.SIGINT, _first_interrupt)
        rclpy.init(args=arguments)
    except Exception as error:  # of many types, RuntimeError's children among them
        if rclpy.ok():  # as by a signal between the two lines
            rclpy.shutdown()
        print(f'lifter_node: cannot start: {_one_line(error)}; check the arguments after '
              '--ros-args, and the parameter files', file=sys.stderr)
        return 1
    status = _run(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # Python takes its handlers away at its end
        signal.signal(number, signal.SIG_IGN)
    return status


def _run(arguments: list[str]) -> int:
    import rclpy
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
    from rclpy.lifecycle import TransitionCallbackReturn

    from mocap23_ros.errors import InputError
    from mocap23_ros.ros.health import HANG_STATUS, NodeHangsError

    # rclpy's, of a node that is made while SIGINT ends its context.
    warnings.filterwarnings('ignore', 'Failed to fini', RuntimeWarning)
    node = None
    try:
        # It takes a second, and may be interrupted.
        from mocap23_ros.ros.lifter_node import LifterNode
        from mocap23_ros.ros.parameters import warn_of_other_files
        try:
            node = LifterNode()
        except RuntimeError as error:  # the middleware's, such as of its security
            if not rclpy.ok():
                return 0
            print(f'lifter_node: cannot start: {_one_line(error)}', file=sys.stderr)
            return 1
        warn_of_other_files(node, arguments)
        if node.get_parameter('autostart').value:
            for transition in (node.trigger_configure, node.trigger_activate):
                if transition() is not TransitionCallbackReturn.SUCCESS:
                    return 1 if rclpy.ok() else 0
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        executor.spin()
    except ExternalShutdownException:
        pass
    except InputError as error:
        print(f'lifter_node: {error}', file=sys.stderr)
        return 1
    except ImportError as error:  # before there is a node: a transition reports its own
        print(f'lifter_node: cannot start: {error}; install what docs/INSTALL.md names under "In '
              'a ROS 2 workspace"', file=sys.stderr)
        return 1
    except NodeHangsError:
        # A thread is in the middle of a step: what it uses cannot be freed.
        rclpy.try_shutdown()
        sys.stdout.flush()
        os._exit(HANG_STATUS)
    except Exception:
        if rclpy.ok():
            raise
        # Asked to end while it started: failures without a context are no errors.
    finally:
        if node is not None:
            node.close()
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _one_line(error: Exception) -> str:
    """What rcl says, without the places in its source."""
    return ' '.join(re.sub(r', at \S+:\d+', '', str(error)).split())


if __name__ == '__main__':
    sys.exit(main())
