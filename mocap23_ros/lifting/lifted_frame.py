# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One instant of lifted motion of several people."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.skeletons.coco17 import PELVIS


@dataclass(frozen=True)
class LiftedFrame:
    """P people at one stamp; arrays as in LiftedMotion without the time axis.

    person_ids: int64 [P]; joints: float64 [P,J,3]; covariance: float64 [P,J,3,3];
    confidence: float32 [P,J]; contact: float32 [P,2]; stature, stature_sd: float32 [P].
    """

    stamp: float
    person_ids: NDArray[np.int64]
    joints: NDArray[np.float64]
    covariance: NDArray[np.float64]
    confidence: NDArray[np.float32]
    contact: NDArray[np.float32]
    stature: NDArray[np.float32]
    stature_sd: NDArray[np.float32]

    @property
    def people(self) -> int:
        """P, the number of people."""
        return len(self.person_ids)


def frame_at(motion: LiftedMotion, person_ids: NDArray, stamp: float) -> LiftedFrame:
    """The motion at a stamp inside the window, linear between samples.

    Joints without an estimate at either neighbour take the other one's; people without an
    estimate of the pelvis are left out.
    """
    stamps = motion.stamps
    length = len(stamps)
    position = np.interp(stamp, stamps, np.arange(length))
    low = min(int(position), length - 1)
    high = min(low + 1, length - 1)
    fraction = position - low

    def between(values: NDArray) -> NDArray:
        if fraction < 1e-6:
            return values[:, low]
        first, second = values[:, low], values[:, high]
        mixed = (1 - fraction) * first + fraction * second
        return np.where(np.isfinite(mixed), mixed, np.where(np.isfinite(first), first, second))

    joints = between(motion.joints).astype(np.float64)
    covariance = between(motion.covariance).astype(np.float64)
    there = (np.isfinite(joints[:, PELVIS]).all(axis=-1)
             & np.isfinite(covariance[:, PELVIS]).all(axis=(-2, -1)))
    return LiftedFrame(
        stamp, np.asarray(person_ids)[there], joints[there], covariance[there],
        between(motion.confidence)[there], between(motion.contact)[there],
        motion.stature[there], motion.stature_sd[there])


def joints_at(motion: LiftedMotion, rows: NDArray, stamps: NDArray) -> NDArray[np.float64]:
    """Joints [N,J,3] of people ``rows`` [N] of the motion, each at a stamp of its own [N].

    Linear between samples; NaN at stamps outside the window.
    """
    length = len(motion.stamps)
    inside = (stamps >= motion.stamps[0]) & (stamps <= motion.stamps[-1])
    position = np.interp(stamps, motion.stamps, np.arange(length))
    low = np.minimum(position.astype(int), length - 1)
    high = np.minimum(low + 1, length - 1)
    fraction = (position - low)[:, None, None]
    first, second = (motion.joints[rows, index].astype(np.float64) for index in (low, high))
    mixed = np.where(fraction < 1e-6, first, (1 - fraction) * first + fraction * second)
    mixed[~inside] = np.nan
    return mixed
