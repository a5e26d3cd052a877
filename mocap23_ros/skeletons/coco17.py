# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""COCO-17 by name: where its joints stand, what is drawn between them, how well people mark them.

The same numbers hold in OUTPUT19, which begins with COCO-17; PELVIS and NECK are only there.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.formats import COCO17, OUTPUT19


def _pair(joint: str) -> NDArray[np.intp]:
    """The left and the right one, [2]."""
    pair = np.array(COCO17.pair(joint), np.intp)
    pair.flags.writeable = False
    return pair


SHOULDERS, ELBOWS, WRISTS = _pair('shoulder'), _pair('elbow'), _pair('wrist')
HIPS, KNEES, ANKLES, EARS = _pair('hip'), _pair('knee'), _pair('ankle'), _pair('ear')
COCO_JOINTS = slice(len(COCO17))  # of those of OUTPUT19
PELVIS, NECK = OUTPUT19.index('pelvis'), OUTPUT19.index('neck')

FACE = tuple(COCO17.index(name)
             for name in ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'))
BODY = slice(len(FACE), len(COCO17))  # joints of trunk and limbs
LEFT = frozenset(j for j, name in enumerate(COCO17.joint_names) if name.startswith('left_'))

_ENDS = ((SHOULDERS, ELBOWS), (ELBOWS, WRISTS), (HIPS, KNEES), (KNEES, ANKLES), (SHOULDERS, HIPS))
_SIDES = [(int(a), int(b)) for ends in _ENDS for a, b in zip(*ends, strict=True)]
LIMBS = _SIDES[:-2]
"""Bones of arms and legs: pairs of joints."""

BODY_BONES: tuple[tuple[int, int], ...] = (
    *_SIDES, *((int(left), int(right)) for left, right in (SHOULDERS, HIPS)))
"""What is drawn of limbs and trunk: pairs of joints."""

BONES = (*BODY_BONES, *COCO17.bones[:4])
"""All that is drawn: the face too."""

# Standard deviation of human annotators, as a fraction of the square root of the person's area
# (COCO keypoint evaluation).
COCO_SIGMAS: NDArray[np.float64] = np.array(
    [.026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062,
     .107, .107, .087, .087, .089, .089])
