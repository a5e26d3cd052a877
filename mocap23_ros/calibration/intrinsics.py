# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera's intrinsics from views of a printed board: OpenCV's calibration, with its quality."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.printed_targets import Corners
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel

_FEWEST_VIEWS = 5
_FEWEST_CORNERS = 6
_LARGEST_ERROR = 3.0  # pixels; worse is not a calibration
_CELLS = (8, 6)  # of the coverage, across and down


@dataclass(frozen=True)
class IntrinsicsFit:
    """camera: the result. error: float64 [V] pixels RMS of each view.

    coverage: share of the image's cells in which corners were seen; focal_sd: relative, of fx.
    """

    camera: CameraModel
    error: NDArray[np.float64]
    coverage: float
    focal_sd: float


def calibrate_intrinsics(views: Sequence[Corners], image_size: tuple[int, int],
                         fisheye: bool = False) -> IntrinsicsFit:
    """Calibrate from views of one board in images of image_size (width, height) px.

    plumb_bob with five coefficients, or equidistant where fisheye. Raises InputError for too few
    views or a board that does not fit them.
    """
    good = [view for view in views if len(view.number) >= _FEWEST_CORNERS]
    if len(good) < _FEWEST_VIEWS:
        raise InputError(f'the board is seen in {len(good)} views; {_FEWEST_VIEWS} are needed, and '
                         '20 that fill the image at all slants are better')
    places = [view.p_target.astype(np.float32)[:, None] for view in good]
    pixels = [view.p_pixel.astype(np.float32)[:, None] for view in good]
    try:
        if fisheye:
            K, distortion, error, focal_sd = _fisheye(places, pixels, image_size)
            model = 'equidistant'
        else:
            K, distortion, error, focal_sd = _pinhole(places, pixels, image_size)
            model = 'plumb_bob'
    except cv2.error:
        raise InputError('OpenCV finds no calibration for these views; show the board slanted, '
                         'near and far, in all corners of the image') from None
    if not np.median(error) < _LARGEST_ERROR:
        raise InputError(f'the views do not fit one board: {np.median(error):.1f} px off; check '
                         '--target, and that the print is flat')
    camera = CameraModel.from_calibration(K, distortion.ravel()[:4 if fisheye else 5], model,
                                          image_size)
    return IntrinsicsFit(camera, error, _coverage(good, image_size), focal_sd)


def _pinhole(places: list[NDArray], pixels: list[NDArray], image_size: tuple[int, int]
             ) -> tuple[NDArray, NDArray, NDArray, float]:
    result: Any = cv2.calibrateCameraExtended(places, pixels, image_size, np.eye(3), np.zeros(5))
    _, K, distortion, _, _, deviations, _, error = result
    return K, distortion, error.ravel(), float(deviations.ravel()[0] / K[0, 0])


def _fisheye(places: list[NDArray], pixels: list[NDArray], image_size: tuple[int, int]
             ) -> tuple[NDArray, NDArray, NDArray, float]:
    K, distortion = np.eye(3), np.zeros(4)
    places = [place.reshape(1, -1, 3).astype(np.float64) for place in places]
    pixels = [pixel.reshape(1, -1, 2).astype(np.float64) for pixel in pixels]
    flags = cv2.fisheye.CALIB_RECOMPUTE_EXTRINSIC | cv2.fisheye.CALIB_FIX_SKEW
    result: Any = cv2.fisheye.calibrate(places, pixels, image_size, K, distortion, flags=flags)
    _, K, distortion, turns, shifts = result
    error = [np.sqrt(((cv2.fisheye.projectPoints(place, turn, shift, K, distortion)[0] - pixel)
                      ** 2).sum(-1).mean())
             for place, pixel, turn, shift in zip(places, pixels, turns, shifts, strict=True)]
    return K, distortion, np.array(error), float('nan')


def _coverage(views: Sequence[Corners], image_size: tuple[int, int]) -> float:
    points = np.concatenate([view.p_pixel for view in views])
    cell = np.floor(points / image_size * _CELLS).astype(int)
    inside = ((cell >= 0) & (cell < _CELLS)).all(axis=1)
    return len(np.unique(cell[inside], axis=0)) / (_CELLS[0] * _CELLS[1])


def draw_coverage(views: Sequence[Corners], fit: IntrinsicsFit, image_size: tuple[int, int]
                  ) -> NDArray[np.uint8]:
    """BGR picture of where corners were seen: dots from green (fits) to red (3 px off)."""
    width, height = image_size
    picture = np.full((height, width, 3), 245, np.uint8)
    for k in range(1, _CELLS[0]):
        cv2.line(picture, (k * width // _CELLS[0], 0), (k * width // _CELLS[0], height), (210,) * 3)
    for k in range(1, _CELLS[1]):
        cv2.line(picture, (0, k * height // _CELLS[1]), (width, k * height // _CELLS[1]),
                 (210,) * 3)
    good = [view for view in views if len(view.number) >= _FEWEST_CORNERS]
    for view, error in zip(good, fit.error, strict=True):
        bad = min(float(error) / _LARGEST_ERROR, 1.0)
        for point in np.round(view.p_pixel).astype(int).tolist():
            cv2.circle(picture, point, max(2, width // 300),
                       (0, int(170 * (1 - bad)), int(220 * bad)), -1, cv2.LINE_AA)
    return picture
