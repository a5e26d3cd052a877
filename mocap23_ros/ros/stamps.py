# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps of messages as whole numbers; knows no ROS."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time


def nanoseconds(stamp: 'Time') -> int:
    """The stamp in ns."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
