# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What is done to lifted joints before they are published: filter, constant bones, planted feet."""

from collections.abc import Iterable
from dataclasses import dataclass

from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.contact_correction import ContactCorrection
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.lifting.motion_sample import MotionSample, joints_at
from mocap23_ros.pipeline.motion_filter import MotionFilter
from mocap23_ros.pipeline.rigid_skeleton import RigidSkeleton


@dataclass(frozen=True)
class RefinementSteps:
    """Which steps are taken; all but for comparisons.

    smoothing: MotionFilter. bones: RigidSkeleton. contact: ContactCorrection.
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
            raise InputError(f'there is no step {unknown[0]!r} to leave out; choose of '
                             f'{", ".join(cls.__dataclass_fields__)}')
        return cls(**left_out)


ALL_STEPS = RefinementSteps()


class MotionRefiner:
    """The chosen steps in their order, each with its memory per person id."""

    def __init__(self, steps: RefinementSteps) -> None:
        self._motion_filter = MotionFilter() if steps.smoothing else None
        self._rigid_skeleton = RigidSkeleton() if steps.bones else None
        self._contact_correction = ContactCorrection() if steps.contact else None

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people; everybody when None."""
        ids = None if person_ids is None else list(person_ids)
        for step in (self._motion_filter, self._rigid_skeleton, self._contact_correction):
            if step is not None:
                step.forget(ids)

    def apply(self, sample: MotionSample, motion: LiftedMotion, rows: NDArray, p_camera: NDArray
              ) -> MotionSample:
        """Refine one frame of all people.

        motion: the windows that ``sample`` was taken from; rows: [P] its people in them.
        p_camera: [3] camera centre in the world at the stamp of ``sample``.
        """
        if self._motion_filter is not None:
            stamps = self._motion_filter.previous_stamps(sample.person_ids)
            sample = self._motion_filter.apply(sample, joints_at(motion, rows, stamps))
        if self._rigid_skeleton is not None:
            sample = self._rigid_skeleton.apply(sample)
        if self._contact_correction is not None:
            sample = self._contact_correction.apply(sample, p_camera)
        return sample
