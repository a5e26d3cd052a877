# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses where to look for new people, without finding the known ones again."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.silhouettes import paint_out

SEARCH_SIDE = 448
"""px; the detection network samples 224: more adds nothing."""

_CROP_SIDE = 384  # px; the least where the image has as many: the landmark network samples 256

View = tuple[int, int, int, int]
"""Part of an image: x, y, width, height in px."""


def search_views(width: int, height: int) -> list[View]:
    """Return the parts of an image to search in turn.

    The whole image first; for elongated images then overlapping squares of the short side, in
    which people appear up to twice as large to the network.
    """
    views = [(0, 0, width, height)]
    side, length = min(width, height), max(width, height)
    if length >= 1.3 * side:
        count = int(np.ceil(1.5 * (length / side - 1.0))) + 1
        for start in np.linspace(0, length - side, count).astype(int):
            views.append((int(start), 0, side, side) if width > height
                         else (0, int(start), side, side))
    return views


def view_cycle(width: int, height: int) -> Iterator[View]:
    """Endless turns: the whole image every second time, the squares one after another between."""
    whole, *squares = search_views(width, height)
    while True:
        yield whole
        for square in squares:
            yield square
            yield whole


def search_image(
    image_rgb: NDArray[np.uint8], view: View, known: Sequence[NDArray]
) -> tuple[NDArray[np.uint8], int]:
    """Return the view as a small image in which known people are painted out, and its scale.

    known: landmarks [33,2+] px of each person. scale: px of the image per px of the result.
    """
    x, y, width, height = view
    scale = max(1, max(width, height) // SEARCH_SIDE)
    small = image_rgb[y:y + height:scale, x:x + width:scale].copy()
    if known:
        paint_out(small, [(landmarks[:, :2] - (x, y)) / scale for landmarks in known])
    return small, scale


class ShrunkImages:
    """An image at halves, quarters, ... of its size, each made when first asked for."""

    def __init__(self, image_rgb: NDArray[np.uint8]) -> None:
        self._levels = [image_rgb]

    def level(self, exponent: int) -> NDArray[np.uint8]:
        """Return the image shrunk by 2 ** exponent; odd last rows and columns are dropped."""
        while len(self._levels) <= exponent:
            last = self._levels[-1]
            size = (last.shape[1] // 2, last.shape[0] // 2)
            even = last[:2 * size[1], :2 * size[0]]
            self._levels.append(np.asarray(
                cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8))
        return self._levels[exponent]


def isolated_crop(
    images: ShrunkImages, view: View, others: Sequence[NDArray], own: NDArray | None,
) -> tuple[NDArray[np.uint8], View, int]:
    """Return a part of the image with only one person left, as small as it may be.

    view: the part wanted; the one returned with the crop is up to ``scale`` px smaller at its
    edges. others, own: landmarks [33,2+] px in the whole image. scale: a power of two.
    """
    x, y, width, height = view
    exponent = max(0, int(np.log2(max(width, height) / _CROP_SIDE)))
    scale = 2**exponent
    level = images.level(exponent)
    left, top = -(-x // scale), -(-y // scale)
    small = level[top:(y + height) // scale, left:(x + width) // scale].copy()
    origin = (left * scale, top * scale)
    paint_out(small, [(landmarks[:, :2] - origin) / scale for landmarks in others],
              None if own is None else (own[:, :2] - origin) / scale)
    taken = (*origin, small.shape[1] * scale, small.shape[0] * scale)
    return small, taken, scale
