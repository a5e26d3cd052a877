# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The CameraInfo messages that came last."""

import message_filters
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

    def __init__(self, camera_infos: message_filters.SimpleFilter) -> None:
        self._cache = message_filters.Cache(camera_infos, CACHE_SIZE)

    def find(self, header: Header) -> CameraInfo | None:
        """Return what belongs to an image with this header; None while nothing has come."""
        return self._cache.getElemBeforeTime(Time.from_msg(header.stamp)) or self._cache.getLast()
