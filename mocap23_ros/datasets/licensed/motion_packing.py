# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the loaders of licensed data sets yield, and packing it as clips."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.cmu import ACKNOWLEDGEMENT
from mocap23_ros.datasets.licensed.motion_conversion import (
    FPS,
    floor_height,
    resample,
    rough_stature,
    to_z_up,
)
from mocap23_ros.datasets.motion_clips import MotionClips, pack
from mocap23_ros.datasets.splits import is_cmu, may_be_used
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.body_proportions import GIVEN_STATURE_RANGE

_RANGE = 16.0     # metres that packed motion may reach from its origin
_SHORTEST = 10    # frames at 30 Hz


class SourceMotion(NamedTuple):
    """One motion as a data set has it: joints [F,34,3] metres in any axes, at ``fps``.

    stature: metres; None where it is to be estimated from the legs.
    """

    name: str
    subject: str
    joints: NDArray[np.float64]
    fps: float
    stature: float | None


def pack_motions(motions: Iterable[SourceMotion], data_set: str, where: Path) -> MotionClips:
    """Turn motions upright, put them on the floor, bring them to 30 Hz and pack them.

    Left out: motion of CMU subjects who never train, short or broken motion, motion that goes too
    far, and bodies of no possible height. Raises InputError where nothing is left.
    """
    kept: list[NDArray[np.float32]] = []
    subjects, names, statures = [], [], []
    for name, subject, source_joints, fps, stature in motions:
        joints = np.asarray(source_joints, np.float64)
        if not may_be_used(subject) or not len(joints) or not np.isfinite(joints).all():
            continue
        joints = resample(to_z_up(joints), fps)
        if len(joints) < _SHORTEST:
            continue
        joints = joints - (*joints[0, 0, :2], floor_height(joints, FPS))
        if np.abs(joints).max() > _RANGE:
            continue
        height = rough_stature(joints) if stature is None else stature
        if not GIVEN_STATURE_RANGE[0] <= height <= GIVEN_STATURE_RANGE[1]:
            continue
        kept.append(joints.astype(np.float32))
        subjects.append(subject)
        names.append(name)
        statures.append(height)
    if not kept:
        raise InputError(f'{where}: no usable motion of {data_set} there; see docs/DATA.md for '
                         f'its layout')
    clips = pack(kept, FPS, np.array(statures, np.float32), np.ones(len(kept), bool), subjects,
                 names, [data_set] * len(kept), data_set)
    owners = (ACKNOWLEDGEMENT,) if any(map(is_cmu, subjects)) else ()
    return replace(clips, acknowledgements=owners)
