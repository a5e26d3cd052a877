# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""COCO keypoints as points of the SMPL body.

SMPL's joints were learnt so that its skin deforms well; COCO's keypoints are what people mark in
images, and lifters give them where motion capture skeletons have their joints. They differ:

* Hips: SMPL's lie near the crotch, close together; COCO's are further out and a little higher.
* Shoulders: SMPL's lie higher, at the top of the arm; COCO's a little lower.
* Elbows, wrists, knees, ankles: the same joints, to about a centimetre.
* Nose, eyes, ears: SMPL has no such joints. They are points of the skin that move with the head as
  a whole (vertices where the mesh is SMPL's or SMPL-X's, else an average face); what the face
  does is not seen.

So every keypoint is a point fixed to a segment, at its joint or vertex plus an offset that is the
same in all frames and mirrored between left and right. Offsets are estimated with the shape. The
expected ones of hips and shoulders are the difference between the average body of this project's
lifters and the model's template; the others are expected to be zero.

Pelvis and neck of OUTPUT19 are means of hips and shoulders: they say nothing new and are not used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.body_models.smpl_model import SmplModel
from mocap23_ros.body_models.surface_points import NAMES, VERTICES
from mocap23_ros.skeletons.body_proportions import (
    ANKLE_HEIGHT,
    FACE_FRACTIONS,
    HIP_WIDTH,
    SHANK,
    SHOULDER_WIDTH,
    THIGH,
    TRUNK,
)
from mocap23_ros.skeletons.formats import COCO17, SMPL22

_FACE = 5  # keypoints 0 to 4
_HEAD = SMPL22.index('head')
# Segment (by the joint that turns it) that each kind of keypoint is fixed to, and the standard
# deviation of its offset in metres.
_SEGMENTS = {'shoulder': ('collar', 0.03), 'elbow': ('shoulder', 0.01), 'wrist': ('elbow', 0.01),
             'hip': ('pelvis', 0.03), 'knee': ('hip', 0.01), 'ankle': ('knee', 0.01)}
_FACE_SD, _AVERAGE_FACE_SD, _NOSE_SIDEWAYS_SD = 0.02, 0.04, 0.005
_LARGEST_EXPECTED = 0.06  # metres
# A model's axes (x left, y up, z forward) from the kinematic tree's (x forward, y left, z up).
_MODEL_R_BODY = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])


@dataclass(frozen=True)
class SmplKeypoints:
    """Where COCO-17 lies on the rest pose: place + directions @ betas + basis @ offsets.

    segments: 17 joints whose rotation carries the keypoints; place: [17,3] metres; directions:
    [17,3,S]; basis: [17,3,N]; expected, sd: [N] of the offset parameters, metres.
    """

    segments: tuple[int, ...]
    place: NDArray[np.float64]
    directions: NDArray[np.float64]
    basis: NDArray[np.float64]
    expected: NDArray[np.float64]
    sd: NDArray[np.float64]

    @classmethod
    def of_lifters(cls, model: SmplModel) -> 'SmplKeypoints':
        """Keypoints as this project's lifters give them."""
        segments, place, directions = _points(model)
        kinds = list(dict.fromkeys(name.split('_')[-1] for name in COCO17.joint_names))
        basis = np.zeros((len(COCO17), 3, 3 * len(kinds)))
        expected, sd = np.zeros(3 * len(kinds)), np.zeros(3 * len(kinds))
        for point, name in enumerate(COCO17.joint_names):
            first = 3 * kinds.index(name.split('_')[-1])
            mirror = (-1.0 if name.startswith('right_') else 1.0, 1.0, 1.0)
            basis[point, range(3), range(first, first + 3)] = mirror
        face_sd = _FACE_SD if len(model.template) in VERTICES else _AVERAGE_FACE_SD
        for number, kind in enumerate(kinds):
            sd[3 * number:3 * number + 3] = _SEGMENTS[kind][1] if kind in _SEGMENTS else face_sd
        sd[3 * kinds.index('nose')] = _NOSE_SIDEWAYS_SD
        for kind, offset in _expected(model, place).items():
            first = 3 * kinds.index(kind)
            expected[first:first + 3] = np.clip(offset, -_LARGEST_EXPECTED, _LARGEST_EXPECTED)
        return cls(segments, place, directions, basis, expected, sd)

    def on_segments(self, model: SmplModel, betas: NDArray, offsets: NDArray
                    ) -> NDArray[np.float64]:
        """Keypoints [17,3] from the joints that carry them, in the rest pose's axes."""
        return (self.place + self.directions @ betas + self.basis @ offsets
                - model.rest_joints(betas)[list(self.segments)])


def _points(model: SmplModel) -> tuple[tuple[int, ...], NDArray, NDArray]:
    """Segments, places and shape directions of the keypoints without offsets."""
    segments, joints = [_HEAD] * _FACE, [_HEAD] * _FACE
    for name in COCO17.joint_names[_FACE:]:
        side, kind = name.split('_')
        carrier = _SEGMENTS[kind][0]
        segments.append(SMPL22.index(carrier if carrier == 'pelvis' else f'{side}_{carrier}'))
        joints.append(SMPL22.index(name))
    place, directions = model.joint_template[joints], model.joint_directions[joints]
    numbers = VERTICES.get(len(model.template))
    if numbers is not None:
        face = [numbers[NAMES.index(name)] for name in COCO17.joint_names[:_FACE]]
        place[:_FACE], directions[:_FACE] = model.template[face], model.shape_directions[face]
    else:
        place[:_FACE] = (model.joint_template[list(SMPL22.pair('shoulder'))].mean(axis=0)
                         + model.stature * FACE_FRACTIONS @ _MODEL_R_BODY.T)
    return tuple(segments), place, directions


def _expected(model: SmplModel, place: NDArray) -> dict[str, NDArray[np.float64]]:
    """Offsets of the left hip and shoulder that make the template the lifters' average body."""
    hip_height = ANKLE_HEIGHT + SHANK + THIGH
    sole = model.template[:, 1].min()
    result = {}
    for kind, width, level in (('hip', HIP_WIDTH, hip_height),
                               ('shoulder', SHOULDER_WIDTH, hip_height + TRUNK)):
        left, right = place[list(COCO17.pair(kind))]
        result[kind] = np.array([0.5 * (model.stature * width - (left[0] - right[0])),
                                 model.stature * level - (0.5 * (left[1] + right[1]) - sole), 0.0])
    return result
