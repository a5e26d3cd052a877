# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Printed calibration targets: their corners on the target and in an image."""

import re
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

_FORMS = ('checkerboard:COLUMNSxROWS:SQUARE (inner corners), charuco:COLUMNSxROWS:SQUARE:MARKER '
          '(squares; 5x5 markers of 1000) or apriltag:SIDE (family 36h11), lengths in metres')


@dataclass(frozen=True)
class Corners:
    """Corners of a target that an image shows.

    p_pixel: float64 [N,2] raw pixels. p_target: float64 [N,3] metres, z = 0 in the plane of the
    print, z towards the one who looks at it. number: int [N] which corners.
    """

    p_pixel: NDArray[np.float64]
    p_target: NDArray[np.float64]
    number: NDArray[np.int64]


class Target:
    """A printed target, from text such as charuco:7x5:0.04:0.03; raises InputError."""

    def __init__(self, text: str) -> None:
        kind, *rest = text.split(':')
        try:
            lengths = [float(value) for value in rest if 'x' not in value]
        except ValueError:
            lengths = []
        size = re.fullmatch(r'(\d{1,2})x(\d{1,2})', rest[0]) if rest else None
        wanted = {'checkerboard': (True, 1), 'charuco': (True, 2), 'apriltag': (False, 1)}
        if kind not in wanted or wanted[kind] != (size is not None, len(lengths)) \
                or not all(0.001 <= length <= 5 for length in lengths):
            raise InputError(f'--target {text} is not a target; give {_FORMS}')
        self.kind, self.lengths = kind, lengths
        self.size = (int(size[1]), int(size[2])) if size else (2, 2)
        if min(self.size) < 2 or (kind == 'charuco' and lengths[1] >= lengths[0]):
            raise InputError(f'--target {text}: a board has at least 2x2 and markers smaller than '
                             'its squares')
        if kind != 'checkerboard' and not hasattr(cv2, 'aruco'):
            raise InputError(f'--target {kind} needs OpenCV 4.7 or later; use a checkerboard')
        self._detector = self._make_detector()

    def _make_detector(self) -> Any:
        if self.kind == 'charuco':
            board = cv2.aruco.CharucoBoard(self.size, self.lengths[0], self.lengths[1],
                                           cv2.aruco.getPredefinedDictionary(
                                               cv2.aruco.DICT_5X5_1000))
            return cv2.aruco.CharucoDetector(board)
        if self.kind == 'apriltag':
            parameters = cv2.aruco.DetectorParameters()
            parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
            return cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(
                cv2.aruco.DICT_APRILTAG_36H11), parameters)
        return None

    def find(self, image: NDArray[np.uint8]) -> Corners | None:
        """Corners in a grey or BGR image; None where fewer than four are seen."""
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        columns, rows = self.size
        if self.kind == 'charuco':
            points, ids, _, _ = self._detector.detectBoard(grey)
            if ids is None or len(ids) < 4:
                return None
            number, step, across = ids.ravel().astype(np.int64), self.lengths[0], columns - 1
        elif self.kind == 'apriltag':
            tags, ids, _ = self._detector.detectMarkers(grey)
            if ids is None or len(ids) != 1:
                return None
            points = tags[0]
            number, step, across = np.array([0, 1, 3, 2]), self.lengths[0], 2
        else:
            seen, points = cv2.findChessboardCornersSB(
                grey, self.size, flags=cv2.CALIB_CB_ACCURACY | cv2.CALIB_CB_EXHAUSTIVE)
            if not seen:
                return None
            number, step, across = np.arange(columns * rows), self.lengths[0], columns
        # Corners are numbered as one reads; y points up the page, so that z leaves it.
        place = np.stack([number % across * step, -(number // across) * step,
                          np.zeros(len(number))], axis=1)
        return Corners(np.asarray(points, np.float64).reshape(-1, 2), place, number)
