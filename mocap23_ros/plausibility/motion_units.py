# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tells the unit of 3D motion from the length of the bones."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, SHANK, THIGH, TRUNK
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES, SHOULDERS

_TRUNK, _THIGH, _SHANK = (MEAN_STATURE * length for length in (TRUNK, THIGH, SHANK))
_UNITS = (('millimetres', 1000.0), ('centimetres', 100.0), ('inches', 39.37), ('feet', 3.281))
_SPREAD = (0.45, 1.4)  # children and tall people against that body
_POSSIBLE = (0.1, 3.0)  # what is still called metres, however strange


def check_metres(joints: NDArray) -> None:
    """Raise InputError, naming the unit, where joints [...,>=17,3] (COCO first) are not metres."""
    left, right = (joints[..., (SHOULDERS[i], HIPS[i], KNEES[i], ANKLES[i]), :] for i in (0, 1))
    shoulders, hips = 0.5 * (left + right)[..., 0, :], 0.5 * (left + right)[..., 1, :]
    lengths = [np.linalg.norm(shoulders - hips, axis=-1) / _TRUNK]
    for side in (left, right):
        lengths += [np.linalg.norm(side[..., 1, :] - side[..., 2, :], axis=-1) / _THIGH,
                    np.linalg.norm(side[..., 2, :] - side[..., 3, :], axis=-1) / _SHANK]
    known = np.concatenate([length[np.isfinite(length)] for length in lengths])
    if not len(known):
        return
    scale = float(np.median(known))
    if _POSSIBLE[0] <= scale <= _POSSIBLE[1]:
        return
    found = min(_UNITS, key=lambda unit: abs(np.log(max(scale, 1e-9) / unit[1])))
    if _SPREAD[0] < scale / found[1] < _SPREAD[1]:
        raise InputError(f'joints look like {found[0]}: the bones are {scale:.3g} times as long as '
                         f'those of an adult in metres; divide them by {found[1]:g}')
    raise InputError(f'joints must be metres, but the bones are {scale:.3g} times as long as those '
                     'of an adult')
