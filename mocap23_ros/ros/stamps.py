# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps of messages as whole numbers; knows no ROS."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header


def nanoseconds(stamp: 'Time') -> int:
    """The stamp in ns."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def earlier(header: 'Header', seconds: float) -> 'Header':
    """The same header, stamped so many seconds before; the earliest stamp is 0."""
    if not seconds:
        return header
    stamp = max(nanoseconds(header.stamp) - round(1e9 * seconds), 0)
    return type(header)(stamp=type(header.stamp)(
        sec=stamp // 1_000_000_000, nanosec=stamp % 1_000_000_000), frame_id=header.frame_id)
