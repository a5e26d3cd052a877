# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The least-squares problem that fits SMPL bodies to keypoints, linearised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.body_models.smpl_keypoints import SmplKeypoints
from mocap23_ros.body_models.smpl_linearisation import UNKNOWNS, linearise
from mocap23_ros.body_models.smpl_model import SmplModel
from mocap23_ros.body_models.smpl_priors import FREE, pose_prior
from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS

TRUNK = [joint for pair in zip(SHOULDERS, HIPS, strict=True) for joint in pair]
_STEP_LIMIT = 0.7  # radians that a joint turns at once


@dataclass(frozen=True)
class Shape:
    """betas [S] and keypoint offsets [M] of one person."""

    betas: NDArray[np.float64]
    offsets: NDArray[np.float64]


@dataclass(frozen=True)
class Poses:
    """N frames: root [N,3] p_world of the pelvis joint, parent_R_joint [N,16,3,3] of FREE."""

    root: NDArray[np.float64]
    rotations: NDArray[np.float64]

    def __getitem__(self, rows: NDArray | slice) -> 'Poses':
        return Poses(self.root[rows], self.rotations[rows])

    def moved(self, step: NDArray) -> 'Poses':
        """Poses after a step [N,51]: places, then turns on the right."""
        turns = step[:, 3:].reshape(-1, 3)
        size = np.linalg.norm(turns, axis=1, keepdims=True)
        turns = turns * np.minimum(1.0, _STEP_LIMIT / np.maximum(size, 1e-12))
        turned = Rotation.from_rotvec(turns).as_matrix().reshape(self.rotations.shape)
        return Poses(self.root + step[:, :3], self.rotations @ turned)

    def where(self, chosen: NDArray, other: 'Poses') -> 'Poses':
        """These poses in the chosen frames (bool [N]), the others' elsewhere."""
        return Poses(np.where(chosen[:, None], self.root, other.root),
                     np.where(chosen[:, None, None, None], self.rotations, other.rotations))


@dataclass(frozen=True)
class Equations:
    """Normal equations of N frames, everything in standard deviations.

    cost: [N] sums of squares, with the pose prior. normal: [N,51,51]; gradient: [N,51]; both with
    the pose prior. jacobian: [N,51,51], residual: [N,51] of the keypoints alone; by_shape:
    [N,51,S+M] where asked for.
    """

    cost: NDArray[np.float64]
    normal: NDArray[np.float64]
    gradient: NDArray[np.float64]
    jacobian: NDArray[np.float64]
    residual: NDArray[np.float64]
    by_shape: NDArray[np.float64] | None

    def __getitem__(self, rows: NDArray) -> 'Equations':
        return Equations(self.cost[rows], self.normal[rows], self.gradient[rows],
                         self.jacobian[rows], self.residual[rows], None)

    def where(self, chosen: NDArray, other: 'Equations') -> 'Equations':
        """These equations in the chosen frames (bool [N]), the others' elsewhere."""
        def merged(new: NDArray, old: NDArray) -> NDArray:
            return np.where(chosen.reshape(-1, *[1] * (new.ndim - 1)), new, old)
        return Equations(merged(self.cost, other.cost), merged(self.normal, other.normal),
                         merged(self.gradient, other.gradient),
                         merged(self.jacobian, other.jacobian),
                         merged(self.residual, other.residual), None)


class Problem:
    """Observed keypoints of N frames of one person, on a model."""

    def __init__(self, model: SmplModel, keypoints: SmplKeypoints, observed: NDArray,
                 whitening: NDArray) -> None:
        """Take [N,17,3] p_world and the matrices [N,17,3,3] that make errors unit ones (0: NaN)."""
        self.model, self.keypoints = model, keypoints
        self._observed, self._whitening = observed, whitening

    def __len__(self) -> int:
        return len(self._observed)

    def __getitem__(self, rows: NDArray | slice) -> 'Problem':
        return Problem(self.model, self.keypoints, self._observed[rows], self._whitening[rows])

    def with_root(self, rotations: NDArray, shape: Shape) -> Poses:
        """Poses whose trunk is in the middle of where it was seen."""
        points = linearise(self.model, self.keypoints, np.zeros((len(self), 3)), rotations,
                           shape.betas, shape.offsets).points
        return Poses((self._observed - points)[:, TRUNK].mean(axis=1), rotations)

    def equations(self, poses: Poses, shape: Shape, with_shape: bool = False,
                  prior_weight: float = 1.0) -> Equations:
        """Linearise at these poses and this shape."""
        here = linearise(self.model, self.keypoints, poses.root, poses.rotations, shape.betas,
                         shape.offsets, with_shape)
        count = len(self)
        jacobian = (self._whitening @ here.by_pose).reshape(count, -1, UNKNOWNS)
        residual = (self._whitening @ (self._observed - here.points)[..., None]
                    ).reshape(count, -1)
        normal = np.swapaxes(jacobian, 1, 2) @ jacobian
        gradient = np.einsum('nrp,nr->np', jacobian, residual)
        prior, slope = (prior_weight**0.5 * part for part in pose_prior(poses.rotations))
        block = np.swapaxes(slope, -1, -2) @ slope
        for number in range(len(FREE)):
            part = slice(3 + 3 * number, 6 + 3 * number)
            normal[:, part, part] += block[:, number]
            gradient[:, part] -= np.einsum('nij,ni->nj', slope[:, number], prior[:, number])
        cost = (residual**2).sum(axis=1) + (prior**2).sum(axis=(1, 2))
        by_shape = None if here.by_shape is None else (
            self._whitening @ here.by_shape).reshape(count, residual.shape[1], -1)
        return Equations(cost, normal, gradient, jacobian, residual, by_shape)
