# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The buffer that nodes use: waits for transforms, and clears itself when time jumps back."""

import threading
import time as wall_clock
from collections.abc import Callable

from builtin_interfaces.msg import Time as TimeMsg
from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.time import Time

from tf2_ros.buffer_core import BufferCore, nanoseconds


class Buffer(BufferCore):
    """Keeps transforms for ``cache_time`` (10 s) and answers for any two frames.

    Pass the node whose clock rules: under simulated time a jump back then clears the buffer. A
    lookup with a timeout in a callback of the executor that feeds this buffer only succeeds if
    that executor has another thread for the listener.

    Left out of upstream: the service ``tf2_frames``, ``transform()``, lookups between two times
    and those that are awaited.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        super().__init__(cache_time)
        self._data_arrived = threading.Condition()
        self.clock = node.get_clock() if node is not None else Clock()
        threshold = JumpThreshold(
            min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True)
        self.jump_handle = self.clock.create_jump_callback(
            threshold, post_callback=self.time_jump_callback)

    def time_jump_callback(self, time_jump: TimeJump) -> None:
        """Forget moving transforms: they belong to another time."""
        get_logger('tf2_buffer').warning('Detected jump back in time. Clearing tf buffer.')
        self.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Store a transform; what is invalid or too old is logged and left out."""
        super().set_transform(transform, authority)
        self._wake()

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Store a transform that is valid at every time."""
        super().set_transform_static(transform, authority)
        self._wake()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time | TimeMsg,
        timeout: Duration = Duration(),  # noqa: B008 - as upstream, never changed
    ) -> TransformStamped:
        """Return target_T_source at a time (0: the latest), waiting for it at most ``timeout``.

        Raises LookupException, ConnectivityException, ExtrapolationException or
        InvalidArgumentException.
        """
        self.can_transform(target_frame, source_frame, time, timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def can_transform(
        self, target_frame: str, source_frame: str, time: Time | TimeMsg,
        timeout: Duration = Duration(),  # noqa: B008
        return_debug_tuple: bool = False,
    ) -> bool | tuple[bool, str]:
        """Return whether a lookup succeeds within ``timeout``; with the reason if asked for."""
        found = self._wait(
            lambda: self.can_transform_core(target_frame, source_frame, time), timeout)
        return found if return_debug_tuple else found[0]

    def _wait(
        self, check: Callable[[], tuple[bool, str]], timeout: Duration
    ) -> tuple[bool, str]:
        """Repeat a check as data arrives; counts on the wall clock, as a paused /clock must end."""
        result = check()
        deadline = wall_clock.monotonic() + nanoseconds(timeout) * 1e-9
        while not result[0]:
            with self._data_arrived:
                # Checked again under the lock: data that came in between would not wake it.
                result = check()
                remaining = deadline - wall_clock.monotonic()
                if result[0] or remaining <= 0.0:
                    return result
                self._data_arrived.wait(remaining)
            result = check()
        return result

    def _wake(self) -> None:
        with self._data_arrived:
            self._data_arrived.notify_all()
