# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The camera that a CameraInfo describes, message or file."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.lens_checks import check_matrix
from mocap23_ros.geometry.plausible_camera import check_camera
from mocap23_ros.geometry.poses import RIGID_TOLERANCE


def camera_from_fields(
        width: int, height: int, distortion_model: str, d: ArrayLike, k: ArrayLike,
        r: ArrayLike | None = None, p: ArrayLike | None = None, binning_x: int = 0,
        binning_y: int = 0, roi: Sequence[int] | None = None,
        image_size: Sequence[int] | None = None, rectified: bool = False) -> CameraModel:
    """Camera of the images that a sensor_msgs/CameraInfo with these fields comes with.

    width, height: of the calibration (full resolution). k [9], p [12] row-major; r [9], all
    zero or absent = identity. roi: (x_offset, y_offset, width, height) in full-resolution
    pixels, width and height 0 = up to the edge. image_size: (width, height) of the image
    really received; K follows where it was resized. rectified: the image is already
    undistorted; P is used and D and R are not (a baseline in P[3] is not: TF says where the
    camera is). The camera knows its counterpart.
    Raises InputError as from_calibration and check_camera do, for a roi or binning that does
    not fit the image, and where the image is not a resized version of what CameraInfo
    describes.
    """
    fields = (width, height, distortion_model, d, k, r, p, binning_x, binning_y, roi, image_size)
    camera = _camera(*fields, rectified)
    try:
        other = _camera(*fields, not rectified)
    except InputError:  # no P, say
        return camera
    alike = not (camera.distortion.any() or other.distortion.any()) and \
        np.array_equal(camera.K, other.K) and \
        np.array_equal(camera.rectification, other.rectification)
    return camera if alike else replace(camera, counterpart=other)


def _camera(
        width: int, height: int, distortion_model: str, d: ArrayLike, k: ArrayLike,
        r: ArrayLike | None, p: ArrayLike | None, binning_x: int, binning_y: int,
        roi: Sequence[int] | None, image_size: Sequence[int] | None, rectified: bool
        ) -> CameraModel:
    if width <= 0 or height <= 0:  # some drivers leave the size out
        if image_size is None:
            raise InputError('CameraInfo has no width and height: set them in the driver')
        width, height = int(image_size[0]), int(image_size[1])
    if rectified:
        matrix = check_matrix([] if p is None else p, 'CameraInfo P', (3, 4))[:, :3]
        if matrix[0, 0] == 0:
            raise InputError('CameraInfo P is zero, yet the image is said to be rectified: '
                             'publish P, or set image_is_rectified to false')
        camera = check_camera(
            CameraModel.from_calibration(matrix, (), 'plumb_bob', (width, height)))
    else:
        camera = check_camera(
            CameraModel.from_calibration(k, d, distortion_model, (width, height)))
        camera = CameraModel(camera.K, camera.distortion, camera.distortion_model,
                             camera.image_size, _rectification(r))
    if roi is not None and any(roi):
        camera = _region(camera, *map(int, roi))
    bin_x, bin_y = max(1, int(binning_x)), max(1, int(binning_y))
    if bin_x > 1 or bin_y > 1:
        binned = camera.image_size[0] // bin_x, camera.image_size[1] // bin_y
        if min(binned) == 0:
            raise InputError(f'a binning of {bin_x} x {bin_y} leaves nothing of an image of '
                             f'{camera.image_size[0]} x {camera.image_size[1]}')
        camera = camera.resized(*binned, 1 / bin_x, 1 / bin_y)
    return camera if image_size is None else camera.with_image_size(image_size)


def _rectification(r: ArrayLike | None) -> NDArray[np.float64]:
    turn = np.eye(3) if r is None else check_matrix(r, 'CameraInfo R')
    if not turn.any():
        return np.eye(3)
    # Within the bounds of a rotation, and no larger: huge numbers must not overflow.
    if np.abs(turn).max() > 2 or np.abs(turn @ turn.T - np.eye(3)).max() > RIGID_TOLERANCE:
        raise InputError('CameraInfo R is not a rotation; the identity is 1 0 0 0 1 0 0 0 1')
    return turn


def _region(camera: CameraModel, x_offset: int, y_offset: int, width: int, height: int
            ) -> CameraModel:
    """The camera of a roi, which must lie inside the image."""
    whole_width, whole_height = camera.image_size
    width, height = width or whole_width - x_offset, height or whole_height - y_offset
    if (min(x_offset, y_offset, width - 1, height - 1) < 0
            or x_offset + width > whole_width or y_offset + height > whole_height):
        raise InputError(f'the roi of {width} x {height} at ({x_offset}, {y_offset}) reaches '
                         f'beyond the calibrated image of {whole_width} x {whole_height}; '
                         'offsets and sizes count unbinned pixels of the whole image')
    return camera.cropped(x_offset, y_offset, width, height)
