# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A filter that keeps the last messages."""

from typing import Any

from rclpy.time import Time

from message_filters.filters import SimpleFilter, stamp_of


class Cache(SimpleFilter):
    """Keeps the last ``cache_size`` messages, as they came, and passes them on.

    As in the Python upstream, messages are kept in the order of arrival, which is also the order
    of the answers.
    """

    def __init__(
        self, f: SimpleFilter, cache_size: int = 1, allow_headerless: bool = False
    ) -> None:
        super().__init__()
        self.cache_size = cache_size
        self.cache_msgs: list[Any] = []
        self.cache_times: list[Time] = []
        self.allow_headerless = allow_headerless
        self.connectInput(f)

    def connectInput(self, f: SimpleFilter) -> None:
        """Take the output of a filter."""
        self.incoming_connection = f.registerCallback(self.add)

    def add(self, msg: Any) -> None:
        """Keep a message and pass it on."""
        stamp = stamp_of(msg, self.allow_headerless, 'message_filters_cache')
        if stamp is None:
            return
        self.cache_times.append(stamp)
        self.cache_msgs.append(msg)
        if len(self.cache_msgs) > self.cache_size:
            del self.cache_msgs[0], self.cache_times[0]
        self.signalMessage(msg)

    def getInterval(self, from_stamp: Time, to_stamp: Time) -> list[Any]:
        """Return the messages between two times, both included."""
        assert from_stamp <= to_stamp
        return [message for time, message in self._pairs() if from_stamp <= time <= to_stamp]

    def getElemAfterTime(self, stamp: Time) -> Any:
        """Return the first message at or after a time, or None."""
        return next((message for time, message in self._pairs() if time >= stamp), None)

    def getElemBeforeTime(self, stamp: Time) -> Any:
        """Return the last message at or before a time, or None."""
        return next((message for time, message in reversed(self._pairs()) if time <= stamp), None)

    def getLastestTime(self) -> Time | None:
        """Return the time of the last message, or None (the spelling is that of upstream)."""
        return self.cache_times[-1] if self.cache_times else None

    def getOldestTime(self) -> Time | None:
        """Return the time of the first message kept, or None."""
        return self.cache_times[0] if self.cache_times else None

    def getLast(self) -> Any:
        """Return the first message kept with at least the time of the last one, or None."""
        latest = self.getLastestTime()
        return None if latest is None else self.getElemAfterTime(latest)

    def _pairs(self) -> list[tuple[Time, Any]]:
        # Callbacks of other threads may add meanwhile: work on a copy.
        return list(zip(self.cache_times, self.cache_msgs, strict=False))
