# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fits a rigid body to lifted joints: constant bone lengths, rotations of every segment.

Starts from the analytic rotations and refines them by a few Gauss-Newton steps on all frames and
people at once. The covariance weighs each joint. Bones shared with its neighbours fix the depth
that a single joint leaves open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.lifting.bone_lengths import BoneLengths
from mocap23_ros.lifting.face_points import FacePoints
from mocap23_ros.lifting.kinematic_tree import (
    SEGMENTS,
    forward_kinematics,
    local_rotations,
    offsets,
)
from mocap23_ros.lifting.segment_rotations import segment_rotations
from mocap23_ros.skeletons.coco17 import PELVIS

_MODEL_SD = 0.02  # metres by which joints of a real body leave the rigid one
_ROTATION_SD = 0.3  # radians per step, of a rotation that no joint constrains (twist)
_STEPS = 3


@dataclass(frozen=True)
class FittedBody:
    """Rigid bodies of P people over T frames.

    joints: float64 [P,T,19,3] p_world; NaN where the trunk of the input was incomplete.
    bone_lengths: float64 [P,7] metres, in the order of body_proportions.LENGTHS.
    world_R_segment: float64 [P,T,11,3,3] of kinematic_tree.SEGMENTS; NaN as joints. Twist about a
        straight limb is not observed, see segment_rotations.
    """

    joints: NDArray[np.float64]
    bone_lengths: NDArray[np.float64]
    world_R_segment: NDArray[np.float64]

    @cached_property
    def world_q_segment(self) -> NDArray[np.float64]:
        """Unit quaternions [P,T,11,4] x, y, z, w of the segments in the world."""
        return _quaternions(self.world_R_segment)

    @cached_property
    def parent_q_segment(self) -> NDArray[np.float64]:
        """The joint angles: as world_q_segment, against the parent segment."""
        return _quaternions(local_rotations(self.world_R_segment))


class BodyFit:
    """Fits bodies; keeps bone lengths and faces of each person id between calls."""

    def __init__(self) -> None:
        self._lengths = BoneLengths()
        self._faces = FacePoints()

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop what is known of these people; of everybody when None."""
        ids = None if person_ids is None else list(person_ids)
        self._lengths.forget(ids)
        self._faces.forget(ids)

    def fit(self, person_ids: NDArray, joints: NDArray, covariance: NDArray, stature: NDArray
            ) -> FittedBody:
        """Fit people.

        joints: [P,T,19,3] OUTPUT19 in the world; covariance: [P,T,19,3,3]; NaN = not known.
        stature: [P] metres, for bones that are not seen yet.
        """
        joints = np.asarray(joints, np.float64)
        covariance = np.asarray(covariance, np.float64)
        lengths = self._lengths.update(person_ids, joints, covariance, stature)
        rotations = segment_rotations(joints)
        there = (np.isfinite(rotations).all(axis=(-3, -2, -1))
                 & np.isfinite(joints[..., PELVIS, 0]))
        table = offsets(lengths, self._faces.update(person_ids, joints, rotations, stature))
        person, _ = np.nonzero(there)
        fitted = np.full(joints.shape, np.nan)
        world = np.full((*joints.shape[:2], len(SEGMENTS), 3, 3), np.nan)
        if len(person):
            root, rotation = _refine(joints[there], covariance[there], rotations[there],
                                     table[person])
            fitted[there] = forward_kinematics(root, rotation, table[person])
            world[there] = rotation
        return FittedBody(fitted, lengths, world)


def _refine(joints: NDArray, covariance: NDArray, rotations: NDArray, table: NDArray
            ) -> tuple[NDArray, NDArray]:
    """Gauss-Newton on roots [N,3] and rotations [N,11,3,3] of N bodies."""
    count, segments = len(joints), len(SEGMENTS)
    usable = np.isfinite(joints).all(axis=-1) & np.isfinite(covariance).all(axis=(-2, -1))
    joints = np.where(usable[..., None], joints, 0.0)
    safe = np.where(usable[..., None, None], covariance, np.eye(3)) + _MODEL_SD**2 * np.eye(3)
    information = np.where(usable[..., None, None], np.linalg.inv(safe), 0.0)
    size = 3 + 3 * segments
    damping = np.zeros(size)
    damping[:3], damping[3:] = 1e-6, 1 / _ROTATION_SD**2
    root = joints[:, PELVIS].copy()
    for _ in range(_STEPS):
        arms = np.einsum('nsik,njsk->njsi', rotations, table)
        residual = joints - root[:, None] - arms.sum(axis=2)
        jacobian = np.zeros((count, joints.shape[1], 3, size))
        jacobian[..., range(3), range(3)] = 1.0
        turns = jacobian[..., 3:].reshape(count, joints.shape[1], 3, segments, 3)
        # A turn w moves the arm a by w x a = -[a]x w.
        for row, column, axis, sign in ((0, 1, 2, 1), (0, 2, 1, -1), (1, 0, 2, -1),
                                        (1, 2, 0, 1), (2, 0, 1, 1), (2, 1, 0, -1)):
            turns[:, :, row, :, column] = sign * arms[..., axis]
        jacobian[..., 3:] = turns.reshape(count, joints.shape[1], 3, 3 * segments)
        weighted = information @ jacobian
        flat = jacobian.reshape(count, -1, size)
        normal = np.swapaxes(flat, 1, 2) @ weighted.reshape(count, -1, size)
        normal[:, range(size), range(size)] += damping
        gradient = np.einsum('njik,nji->nk', weighted, residual)
        step = np.linalg.solve(normal, gradient[..., None])[..., 0]
        root += step[:, :3]
        turn = Rotation.from_rotvec(step[:, 3:].reshape(-1, 3)).as_matrix()
        rotations = turn.reshape(count, segments, 3, 3) @ rotations
    return root, rotations


def _quaternions(rotations: NDArray) -> NDArray[np.float64]:
    flat = rotations.reshape(-1, 3, 3)
    known = np.isfinite(flat).all(axis=(1, 2))
    result = np.full((len(flat), 4), np.nan)
    if known.any():
        result[known] = Rotation.from_matrix(flat[known]).as_quat()
    result *= np.where(result[:, 3:] < 0, -1.0, 1.0)
    return result.reshape(*rotations.shape[:-2], 4)
