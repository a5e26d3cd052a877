# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints of the SMPL family of body models, from the user's own licensed model file.

Only the arrays that place joints are read (no pose-dependent shape, no mesh): SMPL, SMPL+H and
SMPL-X ``.npz`` files with v_template, shapedirs, J_regressor, kintree_table and weights.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.body_models.smpl_model import chained, joint_rotations
from mocap23_ros.body_models.surface_points import NAMES, VERTICES
from mocap23_ros.datasets.mocap34 import COUNT, JOINT_NAMES
from mocap23_ros.errors import InputError
from mocap23_ros.npz_files import open_npz

_NEEDED = ('v_template', 'shapedirs', 'J_regressor', 'kintree_table', 'weights')
SMPLH_KINDS, SMPLX_KINDS = (24, 52), (55,)
"""Numbers of joints: models that share SMPL's shapes, and SMPL-X."""
# Joints that stand for l_hand and r_hand, by number of joints of the model.
_HANDS = {24: (22, 23), 52: (25, 40), 55: (28, 43)}
VERTEX_JOINTS = tuple(name.replace('left_', 'l_').replace('right_', 'r_') for name in NAMES)


def model_file(body_models: Path | str, name: str) -> Path:
    """``name`` in the user's folder of models; the file itself where the user gave one."""
    body_models = Path(body_models)
    return body_models / name if body_models.is_dir() else body_models


@dataclass(frozen=True)
class BodyModel:
    """Rest shape and tree of a model with J joints; V kept vertices are the face and foot points.

    joint_template, joint_shapes: [J,3], [J,3,S]; vertex_template, vertex_shapes, weights: [V,3],
    [V,3,S], [V,J]; height_*: the top and bottom points, for the stature.
    """

    parents: tuple[int, ...]
    joint_template: NDArray[np.float64]
    joint_shapes: NDArray[np.float64]
    vertex_template: NDArray[np.float64]
    vertex_shapes: NDArray[np.float64]
    weights: NDArray[np.float64]
    top: int
    bottom: int

    @classmethod
    def load(cls, path: Path, kinds: tuple[int, ...] = SMPLH_KINDS + SMPLX_KINDS) -> 'BodyModel':
        """Read a model; raises InputError for an absent or other kind of file.

        kinds: numbers of joints that it may have.
        """
        path = Path(path)
        if not path.is_file():
            raise InputError(f'{path}: no such body model; obtain it under its licence and put '
                             f'the .npz there')
        try:
            with open_npz(path) as archive:
                arrays = {key: np.asarray(archive.read(key), np.float64) for key in _NEEDED}
        except (InputError, ValueError) as error:
            raise InputError(f'{path}: not a body model .npz with numeric {", ".join(_NEEDED)} '
                             f'({error})') from None
        template, regressor = arrays['v_template'], arrays['J_regressor']
        joints = len(regressor)
        if joints not in _HANDS or len(template) not in VERTICES:
            raise InputError(f'{path}: a model of {joints} joints and {len(template)} vertices is '
                             f'not SMPL, SMPL+H or SMPL-X')
        if joints not in kinds:
            raise InputError(f'{path}: a model of {joints} joints; this motion was fitted with one '
                             f'of {" or ".join(map(str, kinds))}: give that')
        chosen = [*VERTICES[len(template)], int(template[:, 1].argmax()),
                  int(template[:, 1].argmin())]
        parents = (-1, *arrays['kintree_table'][0, 1:].astype(np.int64).tolist())
        return cls(parents, regressor @ template,
                   np.einsum('jv,vcs->jcs', regressor, arrays['shapedirs']), template[chosen],
                   arrays['shapedirs'][chosen], arrays['weights'][chosen],
                   len(chosen) - 2, len(chosen) - 1)

    def stature(self, betas: NDArray[np.float64]) -> float:
        """Height of the rest shape, metres."""
        vertices = self._shaped(self.vertex_template, self.vertex_shapes, betas)
        return float(vertices[self.top, 1] - vertices[self.bottom, 1])

    @staticmethod
    def _shaped(template: NDArray[np.float64], shapes: NDArray[np.float64],
                betas: NDArray[np.float64]) -> NDArray[np.float64]:
        count = min(shapes.shape[-1], len(betas))
        return np.asarray(template + shapes[..., :count] @ betas[:count])

    def joints(self, pose: NDArray[np.float64], betas: NDArray[np.float64],
               translation: NDArray[np.float64]) -> NDArray[np.float64]:
        """The 34 joints of this project.

        pose: [F,3K] axis-angle of the first K joints (the others at rest), radians; betas: [S];
        translation: [F,3] metres. Returns [F,34,3] in the world of the translation.
        """
        total = len(self.parents)
        given = min(pose.shape[1] // 3, total)
        rest = self._shaped(self.joint_template, self.joint_shapes, betas)
        turned, place = chained(
            self.parents, rest,
            joint_rotations(pose[:, :3 * given].reshape(len(pose), given, 3), total), rest[0])
        vertices = self._shaped(self.vertex_template, self.vertex_shapes, betas)
        relative = vertices[:, None] - rest[None]                              # V,J,3
        posed = np.einsum('fjab,vjb->fvja', turned, relative) + place[:, None]
        vertices_posed = np.einsum('vj,fvja->fva', self.weights, posed)
        out = np.empty((len(pose), COUNT, 3))
        out[:, :22] = place[:, :22]
        out[:, 22], out[:, 23] = (place[:, hand] for hand in _HANDS[total])
        out[:, JOINT_NAMES.index('head_top')] = vertices_posed[:, self.top]
        for number, name in enumerate(VERTEX_JOINTS):
            out[:, JOINT_NAMES.index(name)] = vertices_posed[:, number]
        return out + translation[:, None]
