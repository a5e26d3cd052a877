# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The protocol of every lifter, learned or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.windows.keypoint_windows import KeypointWindows


@dataclass(frozen=True)
class LiftedMotion:
    """Metric motion of P people over the T samples of a window.

    stamps: float64 [T] seconds, those of the window.
    joints: float32 [P,T,J,3] metres in the z-up world, floor z = 0; NaN = no estimate.
    covariance: float32 [P,T,J,3,3] m^2, world axes; NaN where joints are.
    confidence: float32 [P,T,J] 0..1.
    contact: float32 [P,T,2] probability that the left, right foot stands on the floor.
    stature: float32 [P] body height in metres; stature_sd: its standard deviation.
    """

    stamps: NDArray[np.float64]
    joints: NDArray[np.float32]
    covariance: NDArray[np.float32]
    confidence: NDArray[np.float32]
    contact: NDArray[np.float32]
    stature: NDArray[np.float32]
    stature_sd: NDArray[np.float32]

    def take(self, people: slice) -> 'LiftedMotion':
        """The motion of some of the people."""
        return LiftedMotion(self.stamps, self.joints[people], self.covariance[people],
                            self.confidence[people], self.contact[people],
                            self.stature[people], self.stature_sd[people])


class Lifter(Protocol):
    """Turns keypoint windows into metric motion; may keep state per person id between calls.

    input_format: keypoints that it expects (coco17 for the shipped ones).
    output_format: joints that it returns, OUTPUT19; what input_format does not tell is NaN.
    window_length: T; rate: samples per second of its windows.
    """

    input_format: SkeletonFormat
    output_format: SkeletonFormat
    window_length: int
    rate: float

    def lift(self, windows: KeypointWindows) -> LiftedMotion:
        """Lift all people of the windows at once."""

    def restart(self, person_ids: Iterable[int]) -> None:
        """Begin the next motion of these people from their keypoints alone, not from the last."""

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop the state of these people; of everybody when None (reset, clock jump)."""

    def close(self) -> None:
        """Free what was loaded; the lifter cannot be used afterwards."""
