# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds letterboxed images whose calibration is that of the picture without the black bars."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel

BETWEEN_BARS = 'the images are a picture between black bars'  # in every message about them
_INTERVAL, _FEWEST = 0.5, 4  # seconds between images that are looked at, and how many must agree
_BLACK, _BRIGHT = 40, 90  # of 255: brightest pixel of a bar, codecs ring; of the picture beside it
_EVERY = 4  # pixels of a row or column, of which one is looked at
_NARROWEST, _WIDEST, _ALIKE = 0.03, 0.4, 0.02  # of the side of the image
_NEAR = 0.35  # bars: principal point from where it is in the picture without them


class BlackBars:
    """Looks at two images a second. All must have the bars: a dark room does not look so."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._bars: NDArray[np.float64] | None = None
        self._size: tuple[int, int] = (0, 0)
        self._count = 0
        self._newest = -np.inf

    def look(self, stamp: float, image: NDArray[np.uint8]) -> None:
        """Take in an image [H,W,3] of a stamp [s]."""
        if stamp < self._newest or image.shape[1::-1] != self._size:
            self.forget()
        if stamp - self._newest < _INTERVAL:
            return
        self._size, self._newest = (image.shape[1], image.shape[0]), stamp
        bars = np.array([_bar(image[::_EVERY].max(axis=(0, 2))),
                         _bar(image[:, ::_EVERY].max(axis=(1, 2)))])
        self._bars = bars if self._bars is None else np.minimum(self._bars, bars)
        self._count += 1

    def doubt(self, camera: CameraModel) -> str:
        """Return what speaks against the camera of these images, with the remedy, or ''."""
        if self._bars is None or self._count < _FEWEST:
            return ''
        for axis, (where, name) in enumerate((('left and right', 'cx'),
                                              ('above and below', 'cy'))):
            bar, point = float(self._bars[axis]), float(camera.K[axis, 2])
            off = 0.5 * (self._size[axis] - 1) - point
            if bar and abs(off - bar) < _NEAR * bar:
                return (f'{BETWEEN_BARS}, {bar:.0f} px {where}, and {name} {point:.4g} of K is '
                        f'that of the picture without them: add the bar to {name}, or cut the bars '
                        'off')
        return ''


def _bar(brightest: NDArray[np.uint8]) -> int:
    """Width of the bars at both ends of a side, from its brightest pixels [n]; 0: there are none.

    Noise of compression is left in the pixels beside the picture.
    """
    lit = np.flatnonzero(brightest > _BLACK)
    if not len(lit):
        return 0
    length, start, end = len(brightest), int(lit[0]), int(lit[-1]) + 1  # of the picture
    beside = max(2, length // 100)
    edges = brightest[start:start + beside].max(), brightest[end - beside:end].max()
    bars = start, length - end
    if (min(bars) < _NARROWEST * length or max(bars) > _WIDEST * length
            or abs(bars[0] - bars[1]) > max(2, _ALIKE * length) or min(edges) < _BRIGHT):
        return 0
    return min(bars)
