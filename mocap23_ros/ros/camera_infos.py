# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the CameraInfo messages that came last."""

import time
from collections import deque
from collections.abc import Callable

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mocap23_ros.ros.stamps import nanoseconds


class CameraInfoCache:
    """Finds the CameraInfo of an image's stamp or the newest before, else the last that came.

    The two need not be synchronised exactly: a camera whose calibration never changes may send it
    once a second. A zooming or cropping camera sends another with every image: ``size`` messages
    are kept for the images that wait.
    """

    def __init__(self, size: int = 300, patience: Callable[[], float] = lambda: 0.0) -> None:
        """patience: seconds that an image waits for a CameraInfo of its stamp or later."""
        self._infos: deque[tuple[int, CameraInfo]] = deque(maxlen=size)
        self._patience = patience
        self._asked, self._since = 0, 0.0  # the stamp that was looked for last, and since when
        self._last = 0  # the newest stamp that none came after in time

    def add(self, info: CameraInfo) -> None:
        """Keep a message; the callback of the subscription."""
        self._infos.append((nanoseconds(info.header.stamp), info))

    def find(self, header: Header) -> CameraInfo | None:
        """Return what belongs to an image with this header; None while it has not come."""
        stamp = nanoseconds(header.stamp)
        infos = list(self._infos)[::-1]  # a copy: the executor's thread adds meanwhile
        if not infos or self._may_come(stamp, infos[0][0]):
            return None
        return next((info for when, info in infos if when <= stamp), infos[0][1])

    def _may_come(self, stamp: int, newest: int) -> bool:
        """Whether the image's own CameraInfo may be on its way."""
        if newest >= stamp or newest == self._last:
            return False
        now = time.monotonic()
        if stamp != self._asked:
            self._asked, self._since = stamp, now
        if now - self._since < self._patience():
            return True
        self._last = newest
        return False
