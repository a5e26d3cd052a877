# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of 2D motion: strips of stick figures over time, and the path of the hips."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import BONES
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

FIGURES = 12  # of a strip, evenly over the window
_HEIGHT, _WIDTH, _LABEL = 150, 90, 96  # pixels, of a strip and of a figure
_LEFT, _RIGHT, _MIDDLE = (60, 60, 220), (200, 120, 20), (120, 120, 120)  # BGR
_IMAGINED, _LINE, _TEXT = (0, 150, 235), (205, 205, 205), (60, 60, 60)
_SHIFT = 4  # sub-pixel bits


def draw_strips(points: NDArray[np.float32], known: NDArray[np.bool_], labels: Sequence[str],
                skeleton: SkeletonFormat) -> NDArray[np.uint8]:
    """One strip per row: figures left to right in time, then where the hips went.

    points: [R,T,J,2] right and up in any unit. known: [R,T,J]; in rows where anything is known,
    bones with an end that is not are amber. Left is red, right blue. Every figure is centred on
    its own hips sideways; heights and sizes of a strip are comparable. labels: R of them.
    Returns a BGR picture, uint8 [height,width,3].
    """
    strips = [_strip(*row, skeleton) for row in zip(points, known, labels, strict=True)]
    return np.vstack(strips)


def _strip(points: NDArray[np.float32], known: NDArray[np.bool_], label: str,
           skeleton: SkeletonFormat) -> NDArray[np.uint8]:
    strip = np.full((_HEIGHT, _LABEL + _WIDTH * (FIGURES + 2), 3), 255, np.uint8)
    bones = BONES if skeleton == COCO17 else skeleton.bones
    hips = list(skeleton.pair('hip'))
    root = points[:, hips].mean(axis=1)
    low, high = points[..., 1].min(), points[..., 1].max()
    wide = 2 * float(np.abs(points[..., 0] - root[:, :1]).max())
    zoom = min((_HEIGHT - 16) / max(high - low, 1e-6), 1.4 * _WIDTH / max(wide, 1e-6))
    for slot, t in enumerate(np.linspace(0, len(points) - 1, FIGURES).round().astype(int)):
        middle = _LABEL + _WIDTH * (slot + 0.5)
        drawn = np.stack([middle + zoom * (points[t, :, 0] - root[t, 0]),
                          _HEIGHT - 8 - zoom * (points[t, :, 1] - low)], axis=-1)
        for a, b in bones:
            colour = _colour(skeleton.joint_names[b])
            if known.any() and not (known[t, a] and known[t, b]):
                colour = _IMAGINED
            cv2.line(strip, _pixel(drawn[a]), _pixel(drawn[b]), colour, 1, cv2.LINE_AA, _SHIFT)
        for joint in np.flatnonzero(known[t]):
            cv2.circle(strip, _pixel(drawn[joint]), 2 << _SHIFT, _TEXT, -1, cv2.LINE_AA, _SHIFT)
    _path(strip[:, -2 * _WIDTH:], root)
    for row, word in enumerate(label.split()):
        cv2.putText(strip, word, (6, 18 + 16 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _TEXT, 1,
                    cv2.LINE_AA)
    cv2.line(strip, (0, _HEIGHT - 1), (strip.shape[1], _HEIGHT - 1), _LINE, 1)
    return strip


def _path(panel: NDArray[np.uint8], root: NDArray[np.float32]) -> None:
    """The way of the hips, from grey to black; its longer side fills the panel."""
    size = max(float(np.ptp(root, axis=0).max()), 1e-6)
    zoom = (min(panel.shape[:2]) - 40) / size
    centre = (root.min(axis=0) + root.max(axis=0)) / 2
    drawn = (root - centre) * (zoom, -zoom) + (panel.shape[1] / 2, panel.shape[0] / 2)
    for t in range(1, len(root)):
        shade = int(190 * (1 - t / len(root)))
        cv2.line(panel, _pixel(drawn[t - 1]), _pixel(drawn[t]), (shade,) * 3, 2, cv2.LINE_AA,
                 _SHIFT)
    cv2.putText(panel, f'hips, {size:.2f} wide', (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.38, _TEXT,
                1, cv2.LINE_AA)


def _colour(joint: str) -> tuple[int, int, int]:
    if joint.startswith('left_'):
        return _LEFT
    return _RIGHT if joint.startswith('right_') else _MIDDLE


def _pixel(point: NDArray) -> tuple[int, int]:
    x, y = np.clip(point, -4000, 4000) * (1 << _SHIFT)
    return int(round(x)), int(round(y))
