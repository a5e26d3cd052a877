# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""CameraInfo messages to camera models."""

from collections.abc import Hashable

import message_filters
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.ros.problems import ProblemLog, Severity

# A zooming or cropping camera sends another CameraInfo with every image: enough of them are kept
# for the images that wait.
CACHE_SIZE = 60


class CameraSource:
    """Gives the camera model of an image: from the CameraInfo of its stamp or the newest before.

    The two need not be synchronised exactly: a camera whose calibration never changes may send it
    once a second.
    """

    def __init__(self, camera_infos: message_filters.SimpleFilter, problems: ProblemLog) -> None:
        self._cache = message_filters.Cache(camera_infos, CACHE_SIZE)
        self._problems = problems
        self._key: Hashable = None
        self._model: CameraModel | None = None

    def camera_for(
        self, header: Header, image_size: tuple[int, int], rectified: bool
    ) -> CameraModel:
        """Return the model for images of this size (width, height); 0, 0: as CameraInfo says.

        Raises InputError that says what is missing or wrong.
        """
        info = self._cache.getElemBeforeTime(Time.from_msg(header.stamp)) or self._cache.getLast()
        if info is None:
            raise InputError(
                'images come but no CameraInfo; remap camera_info to the topic of the camera '
                '(it is usually beside the image topic) and check that the camera is calibrated')
        if info.header.frame_id and info.header.frame_id != header.frame_id:
            self._problems.report(
                'camera_info frame',
                f'the image has frame_id "{header.frame_id}" and CameraInfo has '
                f'"{info.header.frame_id}"; the image\'s is used; check that camera_info belongs '
                'to the same camera', Severity.WARN)
        else:
            self._problems.clear('camera_info frame')
        key = _content(info, image_size, rectified)
        if key != self._key or self._model is None:
            self._model, self._key = camera_from_info(info, image_size, rectified), key
        return self._model


def camera_from_info(
    info: CameraInfo, image_size: tuple[int, int], rectified: bool = False
) -> CameraModel:
    """Return the model of a CameraInfo for images of this size (width, height).

    Raises InputError for an uncalibrated camera, an unknown distortion model, a wrong size.
    """
    roi = info.roi
    return CameraModel.from_camera_info_fields(
        int(info.width), int(info.height), info.distortion_model, info.d, info.k, info.r, info.p,
        int(info.binning_x), int(info.binning_y),
        (int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)),
        image_size if all(image_size) else None, rectified)


def _content(info: CameraInfo, image_size: tuple[int, int], rectified: bool) -> Hashable:
    roi = info.roi
    return (
        info.width, info.height, info.distortion_model, bytes(info.d), bytes(info.k),
        bytes(info.r), bytes(info.p), info.binning_x, info.binning_y,
        roi.x_offset, roi.y_offset, roi.width, roi.height, image_size, rectified)
