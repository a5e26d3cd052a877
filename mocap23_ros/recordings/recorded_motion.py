# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion of a whole recording, and its npz file."""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.lifting.body_fit import BodyFit, FittedBody
from mocap23_ros.lifting.kinematic_tree import SEGMENT_PARENTS, SEGMENTS
from mocap23_ros.npz_files import open_npz
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.body_proportions import LENGTHS, MEAN_STATURE
from mocap23_ros.skeletons.coco17 import ANKLES
from mocap23_ros.skeletons.formats import OUTPUT19, OUTPUT23


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

    @classmethod
    def load(cls, path: Path) -> 'RecordedMotion':
        """Read the npz file that ``save`` writes, without its bodies; InputError for another."""
        keys = [item.name for item in fields(cls) if item.name != 'body']
        with errors_of(path, '; give what mocap23 lift wrote'):
            with open_npz(Path(path)) as archive:
                arrays = {key: archive.read(key) for key in keys}
            joints = arrays['joints']
            shape = joints.shape
            wanted = {'covariance': (*shape, 3), 'stamps': shape[:1], 'contact': (*shape[:2], 2),
                      'stature': shape[:2], 'person_ids': shape[1:2], 'joint_names': shape[2:3]}
            if joints.ndim != 4 or shape[3] != 3 or any(
                    arrays[key].shape != size for key, size in wanted.items()):
                raise InputError('its arrays do not fit each other')
            names = tuple(arrays['joint_names'].tolist())
            if names not in (OUTPUT19.joint_names, OUTPUT23.joint_names):
                raise InputError('its joints are not the 19 of mocap23 lift, nor those with feet')
            if not (len(arrays['stamps']) and np.isfinite(arrays['stamps']).all()
                    and (np.diff(arrays['stamps']) > 0).all()):
                raise InputError('its stamps do not increase')
        return cls(arrays['joints'], arrays['covariance'], arrays['stamps'], arrays['contact'],
                   arrays['stature'], arrays['person_ids'], names)

    def put(self, frame: int, column: int, estimate: SkeletonEstimate) -> None:
        """Write the estimate of a person into the arrays."""
        for name in ('joints', 'covariance', 'contact', 'stature'):
            getattr(self, name)[frame, column] = getattr(estimate, name)

    def people(self, chosen: NDArray[np.bool_]) -> 'RecordedMotion':
        """Only the people where ``chosen`` [P] is true, without their bodies."""
        return replace(self, joints=self.joints[:, chosen], covariance=self.covariance[:, chosen],
                       contact=self.contact[:, chosen], stature=self.stature[:, chosen],
                       person_ids=self.person_ids[chosen], body=None)

    def raised(self, height: float) -> 'RecordedMotion':
        """The motion that far up, metres, without its bodies."""
        return replace(self, joints=self.joints + np.array([0, 0, height], np.float32), body=None)

    def with_body(self) -> 'RecordedMotion':
        """Fit rigid bodies to everybody and put their joints in place of the lifted ones.

        Uses the whole recording: bone lengths are medians over all of it.
        """
        stature = np.full(len(self.person_ids), MEAN_STATURE)
        known = np.isfinite(self.stature)
        for person in np.flatnonzero(known.any(axis=0)):
            stature[person] = np.median(self.stature[known[:, person], person])
        count = len(OUTPUT19)
        body = BodyFit().fit(self.person_ids, np.swapaxes(self.joints[:, :, :count], 0, 1),
                             np.swapaxes(self.covariance[:, :, :count], 0, 1), stature)
        moved = np.swapaxes(body.joints, 0, 1).astype(np.float32) - self.joints[:, :, :count]
        if self.joints.shape[2] > count:  # feet go with their ankles
            moved = np.concatenate([moved, moved[:, :, [*ANKLES, *ANKLES]]], axis=2)
        return replace(self, body=body, joints=self.joints + np.nan_to_num(moved))

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
