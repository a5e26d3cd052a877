# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Refines lifted joints before they are published: filter, constant bones, planted feet."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.body_fit import BodyFit
from mocap23_ros.lifting.contact_correction import ContactCorrection
from mocap23_ros.lifting.lifted_frame import LiftedFrame, joints_at
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.pipeline.joint_filter import JointFilter
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE


class RigidSkeleton:
    """Fits the rigid body to every frame; bone lengths are learned over each person's track.

    A lifter that is in doubt about a depth says the mean, which lies between the possible ones: its
    limbs come out too short where they point at the camera or away. Lengths that were measured
    while a bone was seen across the view put such limbs right (docs/RESULTS.md).
    """

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


@dataclass(frozen=True)
class RefinementSteps:
    """The steps to take: all of them, but for comparisons.

    smoothing: JointFilter. bones: RigidSkeleton. contact: ContactCorrection.
    """

    smoothing: bool = True
    bones: bool = True
    contact: bool = True

    @classmethod
    def without(cls, names: Iterable[str]) -> 'RefinementSteps':
        """All steps but those named; InputError for an unknown name."""
        left_out = dict.fromkeys(names, False)
        unknown = [name for name in left_out if name not in cls.__dataclass_fields__]
        if unknown:
            raise InputError(f'there is no step {unknown[0]!r} to leave out; choose from '
                             f'{", ".join(cls.__dataclass_fields__)}')
        return cls(**left_out)


ALL_STEPS = RefinementSteps()


class MotionRefiner:
    """The chosen steps in their order, each with its memory per person id."""

    def __init__(self, steps: RefinementSteps) -> None:
        self._joint_filter = JointFilter() if steps.smoothing else None
        self._rigid_skeleton = RigidSkeleton() if steps.bones else None
        self._contact_correction = ContactCorrection() if steps.contact else None

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people; everybody when None."""
        ids = None if person_ids is None else list(person_ids)
        for step in (self._joint_filter, self._rigid_skeleton, self._contact_correction):
            if step is not None:
                step.forget(ids)

    def apply(self, frame: LiftedFrame, motion: LiftedMotion, rows: NDArray, p_camera: NDArray
              ) -> LiftedFrame:
        """Refine one frame of all people.

        motion: the windows that ``frame`` was taken from; rows: [P] its people in them.
        p_camera: [3] camera centre in the world at the stamp of ``frame``.
        """
        if self._joint_filter is not None:
            stamps = self._joint_filter.previous_stamps(frame.person_ids)
            frame = self._joint_filter.apply(frame, joints_at(motion, rows, stamps))
        if self._rigid_skeleton is not None:
            frame = self._rigid_skeleton.apply(frame)
        if self._contact_correction is not None:
            frame = self._contact_correction.apply(frame, p_camera)
        return frame
