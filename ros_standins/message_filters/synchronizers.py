# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Filters that wait for messages of the same, or nearly the same, time."""

import itertools
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from rclpy.duration import Duration

from message_filters.filters import SimpleFilter, stamp_of

_Queue = dict[int, Any]  # stamp in ns: message


class TimeSynchronizer(SimpleFilter):
    """Passes on one message of each input where all have exactly the same stamp.

    Each input keeps the ``queue_size`` newest stamps. Callbacks get one argument an input.
    """

    def __init__(self, fs: Sequence[SimpleFilter], queue_size: int) -> None:
        super().__init__()
        self.queue_size = queue_size
        # Reentrant: a callback may feed this filter again.
        self.lock = threading.RLock()
        self.connectInput(fs)

    def connectInput(self, fs: Sequence[SimpleFilter]) -> None:
        """Take the outputs of filters, in this order."""
        self.queues: list[_Queue] = [{} for _ in fs]
        self.input_connections = [
            one.registerCallback(self.add, queue, index)
            for index, (one, queue) in enumerate(zip(fs, self.queues, strict=True))]

    def add(self, msg: Any, my_queue: _Queue, my_queue_index: int | None = None) -> None:
        """Keep a message of an input, and pass on the set that it completes."""
        stamp = stamp_of(msg, False, 'message_filters_time')
        if stamp is None:
            return
        with self.lock:
            if self._keep(stamp.nanoseconds, msg, my_queue) and all(
                    stamp.nanoseconds in queue for queue in self.queues):
                self._emit([stamp.nanoseconds] * len(self.queues))

    def _keep(self, stamp: int, message: Any, queue: _Queue) -> bool:
        """Return whether the message is still there after the oldest ones went."""
        queue[stamp] = message
        while len(queue) > self.queue_size:
            del queue[min(queue)]
        return stamp in queue

    def _emit(self, stamps: Iterable[int]) -> None:
        self.signalMessage(
            *[queue.pop(stamp) for queue, stamp in zip(self.queues, stamps, strict=True)])


class ApproximateTimeSynchronizer(TimeSynchronizer):
    """Passes on one message of each input where their stamps differ by less than ``slop`` s.

    A set is looked for at every message: of the sets with it, the first whose stamps are close
    enough, messages nearest to it first. With ``allow_headerless`` a message without a header
    gets the time of its arrival.
    """

    def __init__(
        self, fs: Sequence[SimpleFilter], queue_size: int, slop: float,
        allow_headerless: bool = False,
    ) -> None:
        super().__init__(fs, queue_size)
        self.slop = Duration(seconds=slop)
        self.allow_headerless = allow_headerless

    def add(self, msg: Any, my_queue: _Queue, my_queue_index: int | None = None) -> None:
        """Keep a message of an input, and pass on the set that it completes."""
        time = stamp_of(msg, self.allow_headerless, 'message_filters_approx')
        if time is None:
            return
        stamp, slop = time.nanoseconds, self.slop.nanoseconds
        with self.lock:
            if not self._keep(stamp, msg, my_queue):
                return
            candidates = []
            for queue in self.queues:
                near = [stamp] if queue is my_queue else sorted(
                    (other for other in queue if abs(other - stamp) <= slop),
                    key=lambda other: abs(other - stamp))
                if not near:
                    return
                candidates.append(near)
            for stamps in itertools.product(*candidates):
                if max(stamps) - min(stamps) < slop:
                    self._emit(stamps)
                    return
