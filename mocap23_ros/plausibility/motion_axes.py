# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds motion whose axes differ from the truth's, that is mirrored, or has its sides exchanged."""

from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import COCO_JOINTS, HIPS
from mocap23_ros.skeletons.formats import COCO17

_LARGE = 0.2  # metres of error about the hips, which estimates of the same person rarely have
_EXPLAINED = 0.5  # of the error is left at most
_MOST = 600  # frames that are looked at
_AXES = np.array([np.eye(3)[list(order)] * np.array(signs)[:, None]
                  for order in permutations(range(3)) for signs in product((1, -1), repeat=3)])


def axes_doubt(joints: NDArray, truth: NDArray) -> str:
    """Return what would bring joints [F,>=17,3] much nearer to those of the truth, or ''.

    COCO first, metres, frame by frame. It tries all turns by right angles, mirror images, and
    left for right; the place is left out.
    """
    estimate, true = _about_hips(joints), _about_hips(truth)
    known = np.isfinite(estimate) & np.isfinite(true)
    rows = np.flatnonzero(known.all(axis=(1, 2)))
    if not len(rows):
        return ''
    rows = rows[np.linspace(0, len(rows) - 1, min(_MOST, len(rows))).astype(int)]
    estimate, true = estimate[rows], true[rows]
    told = float(np.linalg.norm(estimate - true, axis=-1).mean())
    if told < _LARGE:
        return ''
    best, words = told, ''
    for is_exchanged in (False, True):
        given = estimate[:, list(COCO17.mirror)] if is_exchanged else estimate
        for axes in _AXES:
            error = float(np.linalg.norm(given @ axes.T - true, axis=-1).mean())
            if error < best - 1e-9:
                best, words = error, _words(axes, is_exchanged)
    if best > _EXPLAINED * told:
        return ''
    return (f'the joints are {words}: with that undone they are {best:.2g} m and not {told:.2g} m '
            'off')


def _about_hips(joints: NDArray) -> NDArray[np.float64]:
    joints = np.asarray(joints[:, COCO_JOINTS], np.float64)
    return joints - joints[:, HIPS].mean(axis=1, keepdims=True)


def _words(axes: NDArray, is_exchanged: bool) -> str:
    parts = []
    if not np.array_equal(axes, np.eye(3)):
        kind = 'turned' if np.linalg.det(axes) > 0 else 'mirrored'
        names = ', '.join(f'{"-" if row.sum() < 0 else ""}{"xyz"[int(np.abs(row).argmax())]}'
                          for row in axes)
        parts.append(f'{kind} against the truth, whose x, y, z are their {names}')
    if is_exchanged:
        parts.append('exchanged between left and right')
    return ' and '.join(parts)
