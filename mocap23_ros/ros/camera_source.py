# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Turns CameraInfo messages, of rclpy or a bag, into camera models."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Protocol

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_info import camera_from_fields
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import camera_doubt, rectification_doubt
from mocap23_ros.ros.problems import ProblemLog

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo
    from std_msgs.msg import Header

_RECTIFIED_NAME = re.compile(r'(^|[/_])rect(ified)?([/_]|$)')
_RAW_NAME = re.compile(r'(^|[/_])raw([/_]|$)')


class NoCameraInfoError(InputError):
    """No CameraInfo came, or not yet."""


class Cameras(Protocol):
    """CameraInfo, or a file that stands for it."""

    def camera_for(
        self, header: 'Header', image_size: tuple[int, int], rectified: bool
    ) -> CameraModel:
        """Return the model for images of this size (width, height); 0, 0: as calibrated.

        Raises InputError that says what is missing or wrong.
        """


class CameraSource:
    """Gives the camera model of an image, from the CameraInfo that belongs to it."""

    def __init__(self, find_info: Callable[['Header'], 'CameraInfo | None'], problems: ProblemLog,
                 topics: Sequence[str] = ()) -> None:
        """find_info: gives the CameraInfo for an image with this header, None where there is none.

        topics: full names of those of the images and of CameraInfo, which may say more.
        """
        self._topics = tuple(topics)
        self._find_info = find_info
        self._problems = problems
        self._key: Hashable = None
        self._model: CameraModel | None = None

    def camera_for(
        self, header: 'Header', image_size: tuple[int, int], rectified: bool
    ) -> CameraModel:
        """Return the model for images of this size (width, height); 0, 0: as CameraInfo says.

        Raises NoCameraInfoError while there is none, and InputError for one that is wrong.
        """
        info = self._find_info(header)
        if info is None:
            raise NoCameraInfoError(
                'images come but no CameraInfo; remap camera_info to the topic of the camera '
                '(it is usually beside the image topic) and check that the camera is calibrated')
        self._problems.judge('camera_info frame', _other_frame(info, header))
        key = info_content(info), image_size, rectified
        if key != self._key or self._model is None:
            self._model, self._key = camera_from_info(info, image_size, rectified), key
        cropped = bool(info.roi.width and info.roi.height)
        self._problems.judge('calibration', camera_doubt(self._model, cropped))
        self._problems.judge('rectification', _other_rectification(
            self._topics, self._model, rectified))
        return self._model


def _other_frame(info: 'CameraInfo', header: 'Header') -> str:
    if info.header.frame_id in ('', header.frame_id):
        return ''
    return (f'the image has frame_id "{header.frame_id[:60]}" and CameraInfo has '
            f'"{info.header.frame_id[:60]}"; the image\'s is used; check that camera_info belongs '
            'to the same camera')


def _other_rectification(topics: Sequence[str], model: CameraModel, rectified: bool) -> str:
    """What speaks against image_is_rectified: topics are named by what they carry."""
    said = next((topic for topic in topics if _RECTIFIED_NAME.search(topic)), '')
    if said and not rectified and model.distortion.any():
        return (f'{said} is named as rectified images are, yet image_is_rectified is false and '
                'CameraInfo has distortion: if the images are rectified, set image_is_rectified '
                'to true')
    raw = next((topic for topic in topics if _RAW_NAME.search(topic)), '')
    if raw and not said and rectified:
        return (f'{raw} is named as raw images are, yet image_is_rectified is true: P is used and '
                'no distortion; if the images are raw, set image_is_rectified to false')
    doubt = '' if raw else rectification_doubt(model)
    if doubt and not rectified:
        return (f'{doubt}: if the images are rectified, set image_is_rectified to true; if they '
                'are raw, all is well, and a topic named image_raw says so')
    return ''


def camera_from_info(
    info: 'CameraInfo', image_size: tuple[int, int], rectified: bool = False
) -> CameraModel:
    """Return the model of a CameraInfo for images of this size (width, height).

    Raises InputError for an uncalibrated camera, an unknown distortion model, a wrong size, and
    numbers that cannot be true.
    """
    roi = info.roi
    return camera_from_fields(
        int(info.width), int(info.height), info.distortion_model, info.d, info.k, info.r, info.p,
        int(info.binning_x), int(info.binning_y),
        (int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)),
        image_size if all(image_size) else None, rectified)


def info_content(info: 'CameraInfo') -> Hashable:
    """What the model depends on, to compare."""
    roi = info.roi
    return (
        info.width, info.height, info.distortion_model, bytes(info.d), bytes(info.k),
        bytes(info.r), bytes(info.p), info.binning_x, info.binning_y,
        roi.x_offset, roi.y_offset, roi.width, roi.height)
