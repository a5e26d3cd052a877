# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Priors on poses: usual rotations, hinges, and smoothness."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.skeletons.formats import SMPL22

# joint: standard deviations in radians about the rest pose's axes (x left, y up, z forward), and
# of the angular acceleration about them in rad/s^2. Limbs lie along x (arms) and y (legs) at rest:
# that axis is the twist, which straight limbs do not show. The elbow is a hinge about y, the knee
# about x.
_TABLE = {
    'pelvis': ((None, None, None), (80, 80, 80)),
    'spine1': ((.2, .2, .2), (60, 60, 60)),
    'spine2': ((.2, .2, .2), (60, 60, 60)),
    'spine3': ((.2, .2, .2), (60, 60, 60)),
    'neck': ((.3, .3, .3), (60, 60, 60)),
    'head': ((.3, .3, .3), (60, 60, 60)),
    'collar': ((.15, .15, .15), (60, 60, 60)),
    'shoulder': ((1, 6, 6), (60, 200, 200)),
    'elbow': ((.1, 6, .1), (60, 300, 60)),
    'hip': ((6, .4, 3), (150, 40, 150)),
    'knee': ((6, .1, .1), (250, 40, 40)),
}
_BACKWARD_SD = 0.1  # radians, of hinges the wrong way
_HINGES = {'left_elbow': (1, -1.0), 'right_elbow': (1, 1.0), 'left_knee': (0, 1.0),
           'right_knee': (0, 1.0)}  # axis and sign of bending
_HANGING = {'left_shoulder': -1.2, 'right_shoulder': 1.2}  # about z: arms that are not seen hang

FREE = tuple(joint for joint, name in enumerate(SMPL22.joint_names)
             if name.split('_')[-1] in _TABLE)
"""Joints that are estimated. Ankles, feet and wrists stay at rest: no keypoint shows them."""

_NAMES = [SMPL22.joint_names[joint] for joint in FREE]
_SD = np.array([[sd or np.inf for sd in _TABLE[name.split('_')[-1]][0]] for name in _NAMES])
_MEAN = Rotation.from_rotvec([[0, 0, _HANGING.get(name, 0.0)] for name in _NAMES])
ACCELERATION_SD: NDArray[np.float64] = np.array(
    [_TABLE[name.split('_')[-1]][1] for name in _NAMES], np.float64)
"""[16,3] rad/s^2 about the axes of FREE joints."""
ACCELERATION_SD.setflags(write=False)


def pose_prior(rotations: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Residuals [F,16,3] and their derivatives [F,16,3,3] by turns on the right, in sd.

    rotations: parent_R_joint [F,16,3,3] of FREE. A turn d changes R into R exp(d).
    """
    mean = _MEAN.as_matrix()
    vectors = Rotation.from_matrix((np.swapaxes(mean, -1, -2) @ rotations).reshape(-1, 3, 3)
                                   ).as_rotvec().reshape(*rotations.shape[:-1])
    weight = np.broadcast_to(1 / _SD, vectors.shape).copy()
    for name, (axis, sign) in _HINGES.items():
        column = _NAMES.index(name)
        backward = sign * vectors[:, column, axis] < 0
        weight[backward, column, axis] = 1 / _BACKWARD_SD
    return weight * vectors, weight[..., None] * _inverse_right_jacobian(vectors)


def rotation_steps(rotations: NDArray) -> NDArray[np.float64]:
    """Turns [F-1,...,3] from each frame to the next, in the axes of the first of the two."""
    turns = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
    return Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_rotvec().reshape(turns.shape[:-1])


def _inverse_right_jacobian(vectors: NDArray) -> NDArray[np.float64]:
    """d log(R exp(d)) / dd at d = 0 for R = exp(vector): [...,3,3]."""
    angle = np.maximum(np.linalg.norm(vectors, axis=-1), 1e-4)
    factor = 1 / angle**2 - 1 / (2 * angle * np.tan(0.5 * angle))
    cross = np.zeros((*vectors.shape, 3))
    for row, column, axis, sign in ((0, 1, 2, -1), (0, 2, 1, 1), (1, 0, 2, 1),
                                    (1, 2, 0, -1), (2, 0, 1, -1), (2, 1, 0, 1)):
        cross[..., row, column] = sign * vectors[..., axis]
    return np.eye(3) + 0.5 * cross + factor[..., None, None] * (cross @ cross)
