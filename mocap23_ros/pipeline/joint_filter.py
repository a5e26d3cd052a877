# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Causal filter of all joints over successive windows: no jitter from window to window, no lag.

Every window is lifted anew, so its errors (a detector's jitter, a depth) jump from frame to frame.
The motion of a joint *inside* a window is known much better, because the samples share such
errors. The filter therefore moves the last output by the window's own displacement. It takes over
a share of the remaining difference, and all of it where that is large against the joint's
covariance.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.lifting.person_memory import PersonMemory

_REFERENCE_RATE = 30.0  # Hz at which the shares hold; at other rates they are converted

# Shares per frame at that rate, of the difference to the window that is taken over at least, and of
# the difference between the running and the window's own displacement.
_POSITION, VELOCITY = 0.4, 0.45
_DOUBT = 1.0  # difference, in deviations of the joint, at which the window is taken as it is
_LONGEST_GAP = 0.2  # seconds without an estimate after which a person is started anew


@dataclass(frozen=True)
class _State:
    stamp: float
    joints: NDArray[np.float64]  # [J,3]
    velocity: NDArray[np.float64]  # [J,3] m/s


class JointFilter(PersonMemory[_State]):
    """Keeps the filtered joints and their velocity per person id."""

    def previous_stamps(self, person_ids: NDArray) -> NDArray[np.float64]:
        """Stamp [P] of each person's last output; -inf for people who have none."""
        states = [self._people.get(int(i)) for i in person_ids]
        return np.array([-np.inf if state is None else state.stamp for state in states], float)

    def apply(self, frame: LiftedFrame, before: NDArray) -> LiftedFrame:
        """Filter one frame of all people.

        before: [P,J,3] joints in the same windows at each person's ``previous_stamps``; NaN where
        the window does not reach back as far. Such joints are taken as they are.
        """
        elapsed = frame.stamp - self.previous_stamps(frame.person_ids)
        rows = np.flatnonzero((elapsed > 0) & (elapsed <= _LONGEST_GAP))
        joints, velocity = frame.joints.copy(), np.zeros_like(frame.joints)
        if len(rows):
            states = [self._people[int(i)] for i in frame.person_ids[rows]]
            span = elapsed[rows, None, None]
            joints[rows], velocity[rows] = self._filtered(
                joints[rows], (joints[rows] - before[rows]) / span, frame.covariance[rows], span,
                np.stack([s.joints for s in states]), np.stack([s.velocity for s in states]))
        for row, i in enumerate(frame.person_ids):
            self._people[int(i)] = _State(frame.stamp, joints[row], velocity[row])
        return replace(frame, joints=joints)

    def _filtered(self, window: NDArray, inside: NDArray, covariance: NDArray, elapsed: NDArray,
                  joints: NDArray, velocity: NDArray) -> tuple[NDArray, NDArray]:
        """New joints and velocities, [P,J,3] each; inside: velocity in the window; [P,1,1]."""
        frames = elapsed * _REFERENCE_RATE
        share = 1 - (1 - VELOCITY) ** frames
        velocity = np.where(np.isfinite(velocity), velocity + share * (inside - velocity), inside)
        predicted = joints + elapsed * velocity
        difference = window - predicted
        spread = np.sqrt(np.trace(covariance, axis1=-2, axis2=-1))
        surprise = np.linalg.norm(difference, axis=-1) / (_DOUBT * spread + 1e-9)
        gain = _POSITION + (1 - _POSITION) * np.minimum(surprise, 1.0) ** 2
        gain = 1 - (1 - gain[..., None]) ** frames
        mixed = predicted + gain * difference
        known = np.isfinite(mixed)
        return np.where(known, mixed, window), np.where(known, velocity, 0.0)
