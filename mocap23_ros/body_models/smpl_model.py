# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The SMPL body model: shape, kinematics and skinning of many frames at once.

Written from "SMPL: A Skinned Multi-Person Linear Model" (Loper et al. 2015), equations 2 to 10. No
model comes with this project; smpl_file.py reads the user's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.skeletons.formats import SMPL22

BODY = len(SMPL22)  # joints that SMPL, SMPL-H and SMPL-X have in common, the first of each
KINDS = {24: 'smpl', 52: 'smplh', 55: 'smplx'}
_BLOCK = 32  # frames skinned at once, for the sake of memory


@dataclass(frozen=True)
class SmplModel:
    """A model with J joints (24, 52 or 55), V vertices and S shape directions.

    Axes of the rest pose: x to the body's left, y up, z forward; metres. parents: J, -1 for the
    root. template: [V,3]; shape_directions: [V,3,S]; pose_directions: [V,3,9(J-1)];
    joint_template, joint_directions: [J,3], [J,3,S], the regressed joints of template and shape
    directions; weights: [V,J]; faces: int [F,3]. name: of the file; gender: where its path tells.
    """

    parents: tuple[int, ...]
    template: NDArray[np.float64]
    shape_directions: NDArray[np.float64]
    pose_directions: NDArray[np.float64]
    joint_template: NDArray[np.float64]
    joint_directions: NDArray[np.float64]
    weights: NDArray[np.float64]
    faces: NDArray[np.int64]
    name: str = ''
    gender: str | None = None

    @property
    def kind(self) -> str:
        """'smpl', 'smplh' or 'smplx'."""
        return KINDS[len(self.parents)]

    @property
    def stature(self) -> float:
        """Height of the template, metres."""
        return float(np.ptp(self.template[:, 1]))

    def rest_joints(self, betas: NDArray) -> NDArray[np.float64]:
        """Joints [J,3] of the shaped rest pose; betas: [S]. Equation 10, regressed beforehand."""
        return self.joint_template + self.joint_directions @ betas

    def world_transforms(self, betas: NDArray, poses: NDArray, trans: NDArray
                         ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rotations world_R_joint [F,J,3,3] and positions p_world [F,J,3] of the joints.

        betas: [S]; poses: [F,K,3] axis-angle of the first K joints against their parents, radians,
        the others at rest; trans: [F,3] metres. The root turns about its own joint, so its place
        is its rest place plus trans. Equation 4.
        """
        rest = self.rest_joints(betas)
        return chained(self.parents, rest, joint_rotations(poses, len(rest)), rest[0] + trans)

    def joints(self, betas: NDArray, poses: NDArray, trans: NDArray) -> NDArray[np.float64]:
        """Joints [F,J,3]; arguments as in world_transforms."""
        return self.world_transforms(betas, poses, trans)[1]

    def vertices(self, betas: NDArray, poses: NDArray, trans: NDArray) -> NDArray[np.float64]:
        """Skinned vertices [F,V,3]; arguments as in world_transforms. Equations 2, 3 and 5 to 9."""
        rest = self.rest_joints(betas)
        shaped = self.template + self.shape_directions @ betas
        result = np.empty((len(poses), *shaped.shape))
        for start in range(0, len(poses), _BLOCK):
            block = slice(start, start + _BLOCK)
            rotations, places = self.world_transforms(betas, poses[block], trans[block])
            bends = (joint_rotations(poses[block], len(rest))[:, 1:] - np.eye(3)
                     ).reshape(len(places), -1)
            posed = shaped + np.einsum('vcp,fp->fvc', self.pose_directions, bends, optimize=True)
            # A vertex turns about each joint's rest place: R (v - rest) + place.
            shifts = places - np.einsum('fjab,jb->fja', rotations, rest)
            blended = np.tensordot(rotations, self.weights, axes=(1, 1))  # F,3,3,V
            result[block] = (np.einsum('fabv,fvb->fva', blended, posed)
                             + np.einsum('vj,fja->fva', self.weights, shifts))
        return result


def joint_rotations(poses: NDArray, joints: int) -> NDArray[np.float64]:
    """parent_R_joint [F,joints,3,3] of axis-angle [F,K,3] of the first K; the others rest."""
    frames, given = poses.shape[:2]
    rotations = np.broadcast_to(np.eye(3), (frames, joints, 3, 3)).copy()
    if frames:
        rotations[:, :given] = Rotation.from_rotvec(
            np.reshape(poses, (-1, 3))).as_matrix().reshape(frames, given, 3, 3)
    return rotations


def chained(parents: Sequence[int], rest: NDArray, rotations: NDArray, root: NDArray
            ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotations world_R_joint [F,J,3,3] and positions p_world [F,J,3] of a tree of joints.

    rest: [J,3]; rotations: parent_R_joint [F,J,3,3]; root: [F,3], the place of the first joint.
    """
    turned, places = np.empty_like(rotations), np.empty((len(rotations), len(rest), 3))
    turned[:, 0], places[:, 0] = rotations[:, 0], root
    for joint, parent in enumerate(parents[1:], 1):
        turned[:, joint] = turned[:, parent] @ rotations[:, joint]
        places[:, joint] = places[:, parent] + turned[:, parent] @ (rest[joint] - rest[parent])
    return turned, places
