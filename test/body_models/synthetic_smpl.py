# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A body in the layout of an SMPL file, made of rings around its joints, and motion for it."""

import numpy as np
from scipy.spatial.transform import Rotation

from mocap23_ros.skeletons.formats import SMPL24

# A T-pose in SMPL's axes: x to the left, y up, z forward; the pelvis is not at the origin.
PELVIS = np.array([0, -.22, .03])
REST = PELVIS + np.array([
    [0, 0, 0], [.07, -.09, 0], [-.07, -.09, 0], [0, .11, -.02], [.09, -.48, 0], [-.09, -.48, 0],
    [0, .25, 0], [.09, -.89, -.02], [-.09, -.89, -.02], [0, .31, 0], [.11, -.95, .11],
    [-.11, -.95, .11], [0, .5, -.02], [.08, .42, -.01], [-.08, .42, -.01], [0, .59, .02],
    [.18, .44, -.02], [-.18, .44, -.02], [.45, .44, -.03], [-.45, .44, -.03], [.7, .44, -.02],
    [-.7, .44, -.02], [.79, .44, -.02], [-.79, .44, -.02]])
_RING = 8


def _shapes(points, centres):
    """Ten ways [N,3,10] in which bodies differ; the first seven move the joints that are seen."""
    x, y, _ = (points - PELVIS).T
    result = np.zeros((len(points), 3, 10))
    result[:, 1, 0] = 0.06 * np.minimum(y + .09, 0) + 0.02
    result[:, 0, 1] = 0.08 * np.sign(x) * np.maximum(np.abs(x) - .18, 0)
    result[:, 1, 2] = 0.06 * np.maximum(y, 0)
    result[:, 0, 3] = 0.2 * x * np.exp(-((y + .1) / .15) ** 2)
    result[:, 0, 4] = 0.1 * x * np.exp(-((y - .43) / .1) ** 2)
    result[:, 1, 5] = 0.05 * np.minimum(y + .48, 0)
    result[:, 0, 6] = 0.08 * np.sign(x) * np.maximum(np.abs(x) - .45, 0)
    result[..., 7] = 0.2 * (points - centres)
    result[..., 8] = 0.1 * (points - centres) * (y > .5)[:, None]
    result[:, 2, 9] = 0.05 * np.maximum(points[:, 2] - PELVIS[2] - .05, 0)
    return result


def model_arrays(joints=24, **changes):
    """The arrays of a valid file, with changes; None removes a key. joints: 24, 52 or 55."""
    rest = np.concatenate([REST[:22], REST[20:21] + np.linspace(.01, .1, joints - 22)[:, None]
                           * (1, 0, 0)]) if joints > 24 else REST
    parents = np.array([*SMPL24.parents[:22], *[20] * (joints - 22)])
    if joints == 24:
        parents = np.array(SMPL24.parents)
    angle = np.arange(_RING) * 2 * np.pi / _RING
    points, centres, weights = [], [], []

    def ring(centre, along, owner):
        along = along / np.linalg.norm(along)
        side = np.cross(along, (0.6, 0.3, 0.74))
        side /= np.linalg.norm(side)
        for turn in angle:
            centres.append(centre)
            points.append(centre + .05 * (np.cos(turn) * side
                                          + np.sin(turn) * np.cross(along, side)))
            weights.append(owner)

    unit = np.eye(joints)
    for joint in range(joints):  # ring number j is centred on joint j
        parent = max(parents[joint], 0)
        ring(rest[joint], rest[joint] - rest[parent] if joint else np.array([0, 1.0, 0]),
             0.5 * (unit[joint] + unit[parent]))
    for joint in range(1, joints):
        bone = rest[joint] - rest[parents[joint]]
        ring(rest[parents[joint]] + 0.5 * bone, bone, unit[parents[joint]])
    for point, owner in (((0, .8, .03), 15), ((.1, -.97, 0), 7), ((-.1, -.97, 0), 8)):
        points.append(PELVIS + point)
        centres.append(PELVIS + point)
        weights.append(unit[owner])
    points, centres = np.array(points), np.array(centres)
    regressor = np.zeros((joints, len(points)))
    for joint in range(joints):
        regressor[joint, joint * _RING:(joint + 1) * _RING] = 1 / _RING
    first = np.arange(len(points) - 2)
    arrays = {
        'v_template': points, 'shapedirs': _shapes(points, centres),
        'posedirs': np.random.default_rng(0).normal(0, 2e-3, (len(points), 3, 9 * (joints - 1))),
        'J_regressor': regressor, 'weights': np.array(weights),
        'kintree_table': np.stack([np.where(parents < 0, 2**32 - 1, parents),
                                   np.arange(joints)]).astype(np.uint32),
        'f': np.stack([first, first + 1, first + 2], axis=1).astype(np.uint32), **changes}
    return {key: value for key, value in arrays.items() if value is not None}


def write_model(path, joints=24, **changes):
    """Write such a file; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **model_arrays(joints, **changes))
    return path


def walking_poses(stamps, heading=0.7):
    """Poses [F,24,3] and trans [F,3] of somebody who walks, upright in a world with z up.

    What joints cannot show is at rest: twists of forearms and shanks, hands, feet.
    """
    swing = np.sin(2 * np.pi * 0.9 * stamps)
    poses = np.zeros((len(stamps), 24, 3))
    upright = Rotation.from_matrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]])  # the body faces +x
    turn = Rotation.from_rotvec(np.outer(heading + 0.3 * swing, (0, 0, 1)))
    poses[:, 0] = (turn * upright).as_rotvec()

    def put(name, axis, angle):
        poses[:, SMPL24.index(name), axis] = angle

    for side, sign in (('left', 1), ('right', -1)):
        put(f'{side}_hip', 0, -0.4 + sign * 0.35 * swing)
        put(f'{side}_knee', 0, 0.7 - sign * 0.4 * swing)
        put(f'{side}_elbow', 1, -sign * (0.9 + 0.4 * swing))
        arm = (Rotation.from_rotvec(np.outer(0.35 * sign * swing, (-1, 0, 0)))
               * Rotation.from_rotvec([0, 0, -sign * 1.1]))
        poses[:, SMPL24.index(f'{side}_shoulder')] = arm.as_rotvec()
    put('neck', 1, 0.1 * swing)
    put('head', 1, 0.1 * swing)
    trans = np.stack([stamps * np.cos(heading), stamps * np.sin(heading),
                      1.17 + 0.02 * np.cos(4 * np.pi * 0.9 * stamps)], axis=1)
    return poses, trans


def keypoints_of(model, keypoints, betas, offsets, poses, trans):
    """COCO-17 [F,17,3] of posed bodies, by the full kinematics."""
    rotations, places = model.world_transforms(betas, poses, trans)
    carriers = list(keypoints.segments)
    local = keypoints.on_segments(model, betas, offsets)
    return places[:, carriers] + np.einsum('fkab,kb->fka', rotations[:, carriers], local)


def degrees_between(first, second):
    """Angles between rotation vectors [...,3]."""
    turns = (Rotation.from_rotvec(first.reshape(-1, 3)).inv()
             * Rotation.from_rotvec(second.reshape(-1, 3)))
    return np.degrees(turns.magnitude()).reshape(first.shape[:-1])
