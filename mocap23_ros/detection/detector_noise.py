# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How a 2D detector errs, as ``mocap23 detector-noise`` measures it.

Sizes of errors are standard deviations along one image axis in parts of the person's size: the
square root of the person's area, as in COCO_SIGMAS. Of small people all errors grow by
sqrt(1 + (resolution_px / size in px)^2).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import ANKLES, ELBOWS, FACE, HIPS, KNEES, SHOULDERS, WRISTS
from mocap23_ros.skeletons.formats import COCO17

GROUPS: dict[str, tuple[int, ...]] = {
    'face': FACE, 'trunk': (*SHOULDERS.tolist(), *HIPS.tolist()),
    'limbs': (*ELBOWS.tolist(), *WRISTS.tolist(), *KNEES.tolist(), *ANKLES.tolist())}
"""COCO joints that are measured together where each alone says too little."""
GROUP_OF: NDArray[np.intp] = np.array([
    next(number for number, joints in enumerate(GROUPS.values()) if joint in joints)
    for joint in range(len(COCO17))])
"""Which of GROUPS each COCO joint belongs to, [17]."""
EXCHANGES = ('arms', 'legs', 'both')
OUTLIER = 4.0
"""Deviations of a joint's usual error, from which it lies elsewhere."""
ERROR_EDGES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Between the rows of ``Stated``: errors in COCO sigmas."""
QUANTILES = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0)
CONFIDENCE_EDGES = (0.3, 0.5, 0.7, 0.9, 0.97)
SIZE_EDGES = (50.0, 150.0)
"""Between the columns and the rows of ``ErrorTable``; px."""


@dataclass(frozen=True)
class JointNoise:
    """bias: constant for a clip; correlated: over ``time_constant``; white: of every image.

    missing: share of images of a found person. clips: that this was measured on.
    """

    bias: float
    correlated: float
    white: float
    missing: float
    clips: int


@dataclass(frozen=True)
class Episodes:
    """share: of time. seconds: that one lasts in the mean. count: seen."""

    share: float
    seconds: float
    count: int


@dataclass(frozen=True)
class Outliers(Episodes):
    """Stretches in which a joint lies elsewhere: OUTLIER deviations off and more.

    size: mean of how much more.
    """

    size: float


@dataclass(frozen=True)
class Stated:
    """Confidence that is stated with an error: a row of QUANTILES per bin of ERROR_EDGES.

    tracks: joints of clips that each row was measured on.
    """

    quantiles: tuple[tuple[float, ...], ...]
    tracks: tuple[int, ...]


@dataclass(frozen=True)
class ErrorTable:
    """Error in COCO sigmas, a row per bin of SIZE_EDGES, a column per bin of CONFIDENCE_EDGES.

    sd: along one axis, exchanged sides put right. tracks: joints of clips in each cell.
    """

    sd: tuple[tuple[float, ...], ...]
    tracks: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class DetectorNoise:
    """All of it; made: how it was measured. clips, keypoints: that it was measured on.

    joints: by COCO name. outliers, confidence, error: by GROUPS. exchanges: by EXCHANGES (both:
    arms and legs together). dropped: found people who are lost for some images. ankles: share of
    the shank, by which they are above those of motion capture (skeletons/ankle_places.py); told
    by planted feet in several views, not by ``mocap23 detector-noise``.
    """

    detector: str
    made: str
    clips: int
    keypoints: int
    time_constant: float
    resolution_px: float
    dropped: Episodes
    exchanges: Mapping[str, Episodes]
    outliers: Mapping[str, Outliers]
    joints: Mapping[str, JointNoise]
    confidence: Mapping[str, Stated]
    error: Mapping[str, ErrorTable]
    ankles: float = 0.0

    def of_joints(self, field: str) -> NDArray[np.float32]:
        """One field of ``joints``, in COCO order, [17]."""
        return np.array([getattr(self.joints[name], field) for name in COCO17.joint_names],
                        np.float32)

    @property
    def usual(self) -> NDArray[np.float32]:
        """Deviation of each joint's error that is no outlier, in COCO order, [17]."""
        return np.sqrt(sum(self.of_joints(field) ** 2
                           for field in ('bias', 'correlated', 'white')), dtype=np.float32)

    def of_groups(self, field: str) -> NDArray[np.float32]:
        """One field of ``outliers`` of each joint's group, in COCO order, [17]."""
        values = [getattr(self.outliers[group], field) for group in GROUPS]
        return np.array(values, np.float32)[GROUP_OF]

    def growth(self, size: NDArray) -> NDArray:
        """Factor on all errors of people of this size in px."""
        return growth(self.resolution_px, size)


def growth(resolution_px: float, size: NDArray) -> NDArray:
    """Factor on all errors of people of this size in px, under this resolution."""
    return np.sqrt(1 + (resolution_px / np.maximum(size, 1.0)) ** 2)
