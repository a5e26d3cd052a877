# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to the problems that running nodes report."""

import time

from diagnostic_msgs.msg import DiagnosticArray

from mocap23_ros.errors import InputError
from mocap23_ros.ros.private_node import private_node

_PROBLEM = 'problem: '
_NODE = ': skeletons'


def listen(seconds: float) -> tuple[dict[str, list[str]], int]:
    """Problems by node that diagnostics show within some seconds, and the most people seen.

    Raises InputError where no lifter_node is heard.
    """
    problems: dict[str, dict[str, None]] = {}
    most = 0

    def hear(array: DiagnosticArray) -> None:
        nonlocal most
        for status in array.status:
            if not status.name.endswith(_NODE):
                continue
            found = problems.setdefault(status.name.removesuffix(_NODE), {})
            for value in status.values:
                if value.key.startswith(_PROBLEM):
                    found[value.value] = None
                elif value.key == 'people' and value.value.isdigit():
                    most = max(most, int(value.value))

    with private_node('mocap23_check') as (node, executor):
        node.create_subscription(DiagnosticArray, '/diagnostics', hear, 50)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            executor.spin_once(timeout_sec=left)
    if not problems:
        raise InputError(f'no lifter_node was heard on /diagnostics in {seconds:g} s: is it '
                         'running, and are ROS_DOMAIN_ID and the RMW the same?')
    return {name: list(found) for name, found in problems.items()}, most
