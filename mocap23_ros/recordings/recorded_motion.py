# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion of a whole recording, and its npz file."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.lifting.body_fit import BodyFit, FittedBody
from mocap23_ros.lifting.body_proportions import MEAN_STATURE
from mocap23_ros.lifting.kinematic_tree import LENGTHS, SEGMENT_PARENTS, SEGMENTS


@dataclass(frozen=True)
class RecordedMotion:
    """F frames of P people, J joints; NaN = no estimate.

    joints: float32 [F,P,J,3] world, metres. covariance: float32 [F,P,J,3,3] m^2.
    stamps: float64 [F]. contact: float32 [F,P,2] left, right. stature: float32 [F,P] metres.
    person_ids: int64 [P]. joint_names: J names. body: rigid bodies [P,F,...] where fitted.
    """

    joints: NDArray[np.float32]
    covariance: NDArray[np.float32]
    stamps: NDArray[np.float64]
    contact: NDArray[np.float32]
    stature: NDArray[np.float32]
    person_ids: NDArray[np.int64]
    joint_names: tuple[str, ...]
    body: FittedBody | None = None

    @classmethod
    def empty(cls, stamps: NDArray[np.float64], person_ids: NDArray[np.int64],
              joint_names: tuple[str, ...]) -> 'RecordedMotion':
        """No estimate for anybody yet; the arrays are to be filled in."""
        shape, joints = (len(stamps), len(person_ids)), len(joint_names)
        return cls(np.full((*shape, joints, 3), np.nan, np.float32),
                   np.full((*shape, joints, 3, 3), np.nan, np.float32),
                   np.asarray(stamps, np.float64), np.full((*shape, 2), np.nan, np.float32),
                   np.full(shape, np.nan, np.float32), np.asarray(person_ids, np.int64),
                   joint_names)

    def with_body(self) -> 'RecordedMotion':
        """Fit rigid bodies to everybody and put their joints in place of the lifted ones.

        Uses the whole recording: bone lengths are medians over all of it.
        """
        stature = np.full(len(self.person_ids), MEAN_STATURE)
        known = np.isfinite(self.stature)
        for person in np.flatnonzero(known.any(axis=0)):
            stature[person] = np.median(self.stature[known[:, person], person])
        body = BodyFit().fit(self.person_ids, np.swapaxes(self.joints, 0, 1),
                             np.swapaxes(self.covariance, 0, 1), stature)
        fitted = np.swapaxes(body.joints, 0, 1).astype(np.float32)
        return replace(self, body=body,
                       joints=np.where(np.isfinite(fitted), fitted, self.joints))

    def _arrays(self) -> dict[str, NDArray]:
        arrays: dict[str, NDArray] = {
            'joints': self.joints, 'joint_names': np.array(self.joint_names),
            'covariance': self.covariance, 'stamps': self.stamps, 'contact': self.contact,
            'stature': self.stature, 'person_ids': self.person_ids}
        if self.body is None:
            return arrays
        return {
            **arrays, 'bone_lengths': self.body.bone_lengths.astype(np.float32),
            'bone_length_names': np.array(LENGTHS), 'segment_names': np.array(SEGMENTS),
            'segment_parents': np.array(SEGMENT_PARENTS),
            'segment_rotations': np.swapaxes(self.body.world_q_segment, 0, 1).astype(np.float32),
            'joint_angles': np.swapaxes(self.body.parent_q_segment, 0, 1).astype(np.float32)}

    def save(self, path: Path) -> None:
        """Write the npz file, whole or not at all; InputError where that is not possible."""
        write_npz(path, self._arrays())
