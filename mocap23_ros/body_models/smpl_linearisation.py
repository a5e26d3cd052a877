# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints on posed SMPL bodies, and how they move with pose and shape.

All keypoints are rigid points of segments (smpl_keypoints.py), so neither the mesh nor the pose
directions are needed: a keypoint depends on the turns of the joints above it, and linearly on
betas and offsets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.body_models.smpl_keypoints import SmplKeypoints
from mocap23_ros.body_models.smpl_model import BODY, SmplModel
from mocap23_ros.body_models.smpl_priors import FREE
from mocap23_ros.skeletons.formats import SMPL22

UNKNOWNS = 3 + 3 * len(FREE)  # of a frame: place of the root, turns of the free joints


def _is_below(joint: int, above: int) -> bool:
    while joint not in (above, -1):
        joint = SMPL22.parents[joint]
    return joint == above


@dataclass(frozen=True)
class Linearisation:
    """Keypoints of N bodies and their derivatives.

    points: [N,17,3] p_world. by_pose: [N,17,3,51], by the root's place and by turns d of the FREE
    joints, which change parent_R_joint R into R exp(d). by_shape: [N,17,3,S+M], by betas and by
    the offsets of SmplKeypoints; None where not asked for.
    """

    points: NDArray[np.float64]
    by_pose: NDArray[np.float64]
    by_shape: NDArray[np.float64] | None


def linearise(model: SmplModel, keypoints: SmplKeypoints, root: NDArray, rotations: NDArray,
              betas: NDArray, offsets: NDArray, shape: bool = False) -> Linearisation:
    """Evaluate N bodies of one person.

    root: [N,3] p_world of the pelvis joint; rotations: parent_R_joint [N,16,3,3] of FREE; betas:
    [S]; offsets: [M]; shape: whether by_shape is wanted.
    """
    count, rest = len(root), model.rest_joints(betas)[:BODY]
    world = np.empty((count, BODY, 3, 3))
    place = np.empty((count, BODY, 3))
    grow = np.zeros((count, BODY, 3, len(betas)))  # derivatives of place by betas
    world[:, 0], place[:, 0] = rotations[:, 0], root
    for joint, parent in enumerate(SMPL22.parents[1:], 1):
        place[:, joint] = place[:, parent] + world[:, parent] @ (rest[joint] - rest[parent])
        if shape:
            grow[:, joint] = grow[:, parent] + world[:, parent] @ (
                model.joint_directions[joint] - model.joint_directions[parent])
        world[:, joint] = world[:, parent]
        if joint in FREE:
            world[:, joint] = world[:, parent] @ rotations[:, FREE.index(joint)]
    carriers = list(keypoints.segments)
    carried = world[:, carriers]
    points = place[:, carriers] + np.einsum(
        'nkab,kb->nka', carried, keypoints.on_segments(model, betas, offsets))
    by_pose = np.zeros((*points.shape, UNKNOWNS))
    by_pose[..., range(3), range(3)] = 1.0
    for number, joint in enumerate(FREE):
        moved = [k for k, carrier in enumerate(carriers) if _is_below(carrier, joint)]
        arms = points[:, moved] - place[:, joint, None]
        # A turn d in the joint's axes moves an arm a by (R d) x a: column i is R_i x a.
        columns = np.cross(np.swapaxes(world[:, joint], 1, 2)[:, None], arms[:, :, None])
        by_pose[:, moved, :, 3 + 3 * number:6 + 3 * number] = np.swapaxes(columns, 2, 3)
    by_shape = None
    if shape:
        local = keypoints.directions - model.joint_directions[carriers]
        by_betas = grow[:, carriers] + np.einsum('nkab,kbs->nkas', carried, local)
        by_shape = np.concatenate([by_betas, np.einsum('nkab,kbm->nkam', carried,
                                                       keypoints.basis)], axis=-1)
    return Linearisation(points, by_pose, by_shape)
