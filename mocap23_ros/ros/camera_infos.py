# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the CameraInfo messages that came last."""

from collections import deque

from rclpy.time import Time
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

# A zooming or cropping camera sends another CameraInfo with every image: enough of them are kept
# for the images that wait.
CACHE_SIZE = 60


class CameraInfoCache:
    """Finds the CameraInfo of an image's stamp or the newest before, else the last that came.

    The two need not be synchronised exactly: a camera whose calibration never changes may send it
    once a second.
    """

    def __init__(self) -> None:
        self._infos: deque[CameraInfo] = deque(maxlen=CACHE_SIZE)

    def add(self, info: CameraInfo) -> None:
        """Keep a message; the callback of the subscription."""
        self._infos.append(info)

    def find(self, header: Header) -> CameraInfo | None:
        """Return what belongs to an image with this header; None while nothing has come."""
        stamp = Time.from_msg(header.stamp)
        infos = list(self._infos)[::-1]  # a copy: the executor's thread adds meanwhile
        before = (info for info in infos if Time.from_msg(info.header.stamp) <= stamp)
        return next(before, infos[0] if infos else None)
