# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Where to look for people who are not followed yet, without finding the known ones again."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.formats import BLAZEPOSE33

_SEARCH_SIDE = 448
"""px; the detection network samples 224: more adds nothing."""

_TORSO = [BLAZEPOSE33.index(name) for name in (
    'left_shoulder', 'right_shoulder', 'right_hip', 'left_hip')]
_LIMBS = [(BLAZEPOSE33.index(a), BLAZEPOSE33.index(b)) for a, b in (
    ('left_shoulder', 'left_elbow'), ('left_elbow', 'left_wrist'),
    ('right_shoulder', 'right_elbow'), ('right_elbow', 'right_wrist'),
    ('left_hip', 'left_knee'), ('left_knee', 'left_ankle'),
    ('right_hip', 'right_knee'), ('right_knee', 'right_ankle'),
    ('left_ear', 'right_ear'), ('nose', 'left_shoulder'), ('nose', 'right_shoulder'))]


def search_views(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Return the parts of an image to search in turn, as x, y, width, height px.

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


def view_cycle(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Endless turns: the whole image every second time, the squares one after another between."""
    whole, *squares = search_views(width, height)
    while True:
        yield whole
        for square in squares:
            yield square
            yield whole


def search_image(
    image_bgr: NDArray[np.uint8],
    view: tuple[int, int, int, int],
    known: Sequence[NDArray],
) -> tuple[NDArray[np.uint8], float]:
    """Return the view as a small RGB image in which known people are painted over, and its scale.

    known: landmarks [33,2+] px of each person. scale: px of the image per px of the result.
    """
    x, y, width, height = view
    step = max(1, max(width, height) // _SEARCH_SIDE)
    small = cv2.cvtColor(image_bgr[y:y + height:step, x:x + width:step], cv2.COLOR_BGR2RGB)
    if known:
        fill = tuple(int(value) for value in small[::4, ::4].mean(axis=(0, 1)))
        for landmarks in known:
            _paint_over(small, (landmarks[:, :2] - (x, y)) / step, fill)
    return small, float(step)


def _paint_over(small: NDArray[np.uint8], points: NDArray, fill: tuple[int, ...]) -> None:
    points = np.clip(points, -4096, 4096)
    corners = points[_TORSO]
    torso = np.linalg.norm(corners[:2].mean(axis=0) - corners[2:].mean(axis=0))
    pixels = np.rint(points).astype(np.int32)
    cv2.fillConvexPoly(small, cv2.convexHull(pixels[_TORSO]), fill)
    thickness = int(np.clip(0.45 * torso, 3, 255))
    for first, second in _LIMBS:
        cv2.line(small, tuple(map(int, pixels[first])), tuple(map(int, pixels[second])), fill,
                 thickness)
    cv2.circle(small, tuple(map(int, pixels[0])), int(np.clip(0.45 * torso, 3, 2000)), fill, -1)
