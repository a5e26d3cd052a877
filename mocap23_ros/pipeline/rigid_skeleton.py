# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Gives skeletons the person's own, constant bone lengths, frame by frame.

A lifter that is in doubt about a depth says the mean, which lies between the possible ones: its
limbs come out too short where they point at the camera or away. Lengths that were measured while a
bone was seen across the view put such limbs right (docs/RESULTS.md).
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from mocap23_ros.lifting.body_fit import BodyFit
from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE


class RigidSkeleton:
    """Fits the rigid body to every frame; bone lengths are learned over each person's track."""

    def __init__(self) -> None:
        self._fit = BodyFit()

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop the bodies of these people; of everybody when None."""
        self._fit.forget(person_ids)

    def apply(self, frame: LiftedFrame) -> LiftedFrame:
        """The frame with fitted joints; people whose trunk is incomplete stay as they are."""
        if not frame.people:
            return frame
        stature = np.where(np.isfinite(frame.stature), frame.stature, MEAN_STATURE)
        body = self._fit.fit(frame.person_ids, frame.joints[:, None],
                             frame.covariance[:, None], stature)
        fitted = body.joints[:, 0]
        # A joint without an estimate has no covariance: it stays unknown.
        known = np.isfinite(fitted) & np.isfinite(frame.joints)
        return replace(frame, joints=np.where(known, fitted, frame.joints))
