# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Refines lifted joints before they are published: filter, constant bones, planted feet."""

from collections.abc import Iterable
from dataclasses import dataclass

from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.contact_correction import ContactCorrection
from mocap23_ros.lifting.lifted_frame import LiftedFrame, joints_at
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.pipeline.joint_filter import JointFilter
from mocap23_ros.pipeline.rigid_skeleton import RigidSkeleton


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
