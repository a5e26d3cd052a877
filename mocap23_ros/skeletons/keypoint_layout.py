# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the synthetic detector must know of a skeleton format, derived from the joints' names.

Spreads and body parts are stated once, for COCO-17. A joint of another format takes them from the
COCO joints that it lies at: a toe from the ankle, the pelvis from both hips.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import (
    ANKLES,
    COCO_SIGMAS,
    ELBOWS,
    FACE,
    HIPS,
    KNEES,
    SHOULDERS,
    WRISTS,
)
from mocap23_ros.skeletons.conversion import conversion_table, convert_joints, defined_joints
from mocap23_ros.skeletons.formats import COCO17, FORMATS, MOCAP34
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

_ARMS = (*SHOULDERS, *ELBOWS, *WRISTS)
_LEGS = (*HIPS, *KNEES, *ANKLES)
_LEFT_ARM = (SHOULDERS[0], ELBOWS[0], WRISTS[0])
# arms, legs, lower body, both legs without the hips, upper left side
_OCCLUDED_PARTS = (*zip(ELBOWS, WRISTS, strict=True), *zip(KNEES, ANKLES, strict=True),
                   _LEGS, _LEGS[2:], (*FACE, *_LEFT_ARM))

# COCO joints next to those of the motion data that COCO lacks.
_NEAREST: dict[str, tuple[str, ...]] = {
    'pelvis': ('left_hip', 'right_hip'), 'spine1': ('left_hip', 'right_hip'),
    'spine2': ('left_shoulder', 'right_shoulder'), 'spine3': ('left_shoulder', 'right_shoulder'),
    'neck': ('left_shoulder', 'right_shoulder'), 'head': ('left_ear', 'right_ear'),
    'head_top': ('left_ear', 'right_ear'),
    **{f'{side}_{joint}': (f'{side}_{near}',) for side in ('left', 'right')
       for joint, near in (('collar', 'shoulder'), ('hand', 'wrist'), ('foot', 'ankle'),
                           ('heel', 'ankle'), ('toe', 'ankle'))},
}
# Joints that cameras, codes and losses need.
_REQUIRED = ('left_hip', 'right_hip', 'left_shoulder', 'right_shoulder', 'left_ankle',
             'right_ankle')


@dataclass(frozen=True, eq=False)
class KeypointLayout:
    """Constants of a format with J joints for the synthetic detector.

    nearest: COCO joints that each joint lies at.
    spread: float32 [J] as COCO_SIGMAS. mirror: [J] left/right partners. face: [F] joints that
    share one offset, the first one leading. swap_parts: bool [3,J] legs, arms, everything.
    occluded_parts: bool [7,J] what one obstacle hides; limbs: bool [4,J], arms and legs without
    their roots, and lower_body: bool [2,J], with and without hips, are among them.
    hips, shoulders: left, right index.
    """

    skeleton: SkeletonFormat
    nearest: tuple[tuple[int, ...], ...]
    spread: NDArray[np.float32]
    mirror: NDArray[np.intp]
    face: NDArray[np.intp]
    swap_parts: NDArray[np.bool_]
    occluded_parts: NDArray[np.bool_]
    hips: tuple[int, int]
    shoulders: tuple[int, int]

    def __len__(self) -> int:
        return len(self.skeleton)

    @property
    def limbs(self) -> NDArray[np.bool_]:
        """Left and right arm, left and right leg, [4,J]."""
        return self.occluded_parts[:4]

    @property
    def lower_body(self) -> NDArray[np.bool_]:
        """Both legs with and without the hips, [2,J]."""
        return self.occluded_parts[4:6]

    def from_coco(self, values: ArrayLike) -> NDArray[np.float32]:
        """Values of COCO joints, [17], for the joints of the format, [J]."""
        return _from_coco(values, self.nearest)

    def take(self, joints: NDArray[np.float32]) -> NDArray[np.float32]:
        """Joints [...,J,3] of the format from those of the motion data [...,34,3]."""
        return convert_joints(joints, MOCAP34, self.skeleton)


@cache
def keypoint_layout(skeleton: SkeletonFormat) -> KeypointLayout:
    """Layout of a format; InputError where the motion data cannot give its joints."""
    missing = [name for name in _REQUIRED if name not in skeleton.joint_names]
    if missing:
        raise InputError(f'skeleton {skeleton.name} has no {missing[0]}, which training needs; '
                         f'choose one of {_trainable()}')
    undefined = [name for name, defined in zip(
        skeleton.joint_names, defined_joints(MOCAP34, skeleton), strict=True) if not defined]
    if undefined:
        raise InputError(f'the motion data has no joint for {undefined[0]} of skeleton '
                         f'{skeleton.name}; choose one of {_trainable()}')
    near = _nearest_coco_joints(skeleton)
    nearest = tuple(tuple(sorted(joints)) for joints in near)

    def mask(*parts: tuple[int, ...]) -> NDArray[np.bool_]:
        return np.array([[joints <= set(part) for joints in near] for part in parts])

    return KeypointLayout(
        skeleton, nearest, _from_coco(COCO_SIGMAS, nearest), np.array(skeleton.mirror, np.intp),
        np.nonzero(mask(FACE)[0])[0], mask(_LEGS, _ARMS, tuple(range(len(COCO17)))),
        mask(*_OCCLUDED_PARTS), skeleton.pair('hip'), skeleton.pair('shoulder'))


def _from_coco(values: ArrayLike, nearest: tuple[tuple[int, ...], ...]) -> NDArray[np.float32]:
    values = np.asarray(values, np.float32)
    return np.array([values[list(joints)].mean() for joints in nearest], np.float32)


def _nearest_coco_joints(skeleton: SkeletonFormat) -> list[frozenset[int]]:
    """COCO joints at which each joint of the format lies, through the joints of the motion data."""
    near = []
    for sources, weights in zip(*conversion_table(MOCAP34, skeleton), strict=True):
        names = [MOCAP34.joint_names[i] for i, w in zip(sources, weights, strict=True) if w != 0]
        near.append(frozenset(COCO17.index(coco) for name in names
                              for coco in _NEAREST.get(name, (name,))))
    return near


def _trainable() -> str:
    return ', '.join(name for name, skeleton in FORMATS.items()
                     if set(_REQUIRED) <= set(skeleton.joint_names)
                     and defined_joints(MOCAP34, skeleton).all())


COCO17_LAYOUT = keypoint_layout(COCO17)
