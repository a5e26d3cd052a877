# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the user's own SMPL, SMPL-H or SMPL-X model file (.npz).

The official .pkl is a pickle: loading it would run whatever code it holds, so it is refused; the
message and docs/LIFT.md say how to convert it.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mocap23_ros.body_models.smpl_model import BODY, KINDS, SmplModel
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.npz_files import open_npz
from mocap23_ros.skeletons.formats import SMPL22

MAXIMUM_BYTES = 1024**3  # of all arrays that are read; those of SMPL-X have 0.24 GB
BETAS = 10  # shape directions that are used, the most important ones
_NEEDED = ('v_template', 'shapedirs', 'posedirs', 'kintree_table', 'weights', 'f')
_SPARSE = ('data', 'indices', 'indptr', 'shape')
_HEIGHTS = (0.3, 3.0)  # metres, of a template
_CONVERT = ('convert it once to .npz with the lines in docs/LIFT.md, in an environment where the '
            'file is trusted')


def load_smpl_model(path: Path | str) -> SmplModel:
    """Read a model file.

    Keys: v_template [V,3], shapedirs [V,3,10 or more], posedirs [V,3,9(J-1)] (or [9(J-1),3V], or
    [3V,9(J-1)]), J_regressor [J,V] (or its sparse parts as J_regressor_data, _indices, _indptr,
    _shape or without that prefix), kintree_table [2,J], weights [V,J], f [F,3]; J is 24, 52 or 55.
    Other keys are not read. Raises InputError, naming the file and the key, for anything else.
    """
    path = Path(path)
    with errors_of(path):
        return _model(_read_arrays(path), path)


def _read_arrays(path: Path) -> dict[str, NDArray]:
    if not path.exists():
        raise InputError('no such file; obtain the model under its licence')
    if path.suffix.lower() in ('.pkl', '.pickle') or _begins_as_pickle(path):
        raise InputError(f'a pickle can run any code and is not loaded; {_CONVERT}')
    with open_npz(path, MAXIMUM_BYTES, instead_of_objects=_CONVERT) as archive:
        return {key: _finite(archive.read(key), key)
                for key in (*_NEEDED, *_regressor_keys(archive.names))}


def _begins_as_pickle(path: Path) -> bool:
    try:
        with path.open('rb') as stream:
            return stream.read(1) == b'\x80'
    except OSError as error:
        raise InputError(f'cannot be read ({error.strerror or error})') from None


def _regressor_keys(files: tuple[str, ...]) -> tuple[str, ...]:
    if 'J_regressor' in files:
        return ('J_regressor',)
    for prefix in ('J_regressor_', ''):
        keys = tuple(prefix + part for part in _SPARSE)
        if any(key in files for key in keys):
            return keys
    return ('J_regressor',)


def _finite(values: NDArray, key: str) -> NDArray:
    if values.dtype.kind not in 'fiu' or not np.isfinite(values).all():
        raise InputError(f'{key} must be finite numbers')
    return values


def _model(arrays: dict[str, NDArray], path: Path) -> SmplModel:
    template = arrays['v_template'].astype(np.float64)
    _check(arrays['v_template'], 'v_template', (None, 3), 'vertices, 3')
    vertices = len(template)
    if not _HEIGHTS[0] <= np.ptp(template[:, 1]) <= _HEIGHTS[1]:
        raise InputError(f'v_template is {np.ptp(template[:, 1]):.3g} high in y; it must be an '
                         'upright body, y up, in metres')
    shapes = arrays['shapedirs']
    _check(shapes, 'shapedirs', (vertices, 3, None), f'{vertices}, 3, {BETAS} or more')
    if shapes.shape[2] < BETAS:
        raise InputError(f'shapedirs has {shapes.shape[2]} shape directions; {BETAS} are needed')
    shapes = shapes[..., :BETAS].astype(np.float64)
    parents = _parents(arrays['kintree_table'])
    joints = len(parents)
    weights = arrays['weights'].astype(np.float64)
    _check(weights, 'weights', (vertices, joints), f'{vertices}, {joints}')
    if (weights < -1e-3).any() or np.abs(weights.sum(axis=1) - 1).max() > 1e-2:
        raise InputError('weights must not be negative and must sum to 1 for every vertex')
    faces = arrays['f']
    _check(faces, 'f', (None, 3), 'faces, 3')
    if (faces < 0).any() or (faces >= vertices).any() or (faces != np.floor(faces)).any():
        raise InputError(f'f must hold vertex numbers from 0 to {vertices - 1}')
    regressor = _regressor(arrays, joints, vertices)
    return SmplModel(
        parents, template, shapes, _pose_directions(arrays['posedirs'], vertices, joints),
        regressor @ template,
        (regressor @ shapes.reshape(vertices, -1)).reshape(joints, 3, BETAS), weights,
        faces.astype(np.int64), path.name, _gender(path))


def _check(values: NDArray, key: str, shape: tuple[int | None, ...], words: str) -> None:
    if values.ndim != len(shape) or 0 in values.shape or any(
            wanted is not None and wanted != size
            for wanted, size in zip(shape, values.shape, strict=True)):
        raise InputError(f'{key} has shape {list(values.shape)}; it must be [{words}]')


def _parents(table: NDArray) -> tuple[int, ...]:
    """Parents from kintree_table; the root's is any number but a joint's, such as 2**32 - 1."""
    known = ', '.join(f'{joints} ({kind})' for joints, kind in KINDS.items())
    if table.ndim != 2 or table.shape[0] != 2:
        raise InputError(f'kintree_table has shape {list(table.shape)}; it must be [2, joints]')
    if table.shape[1] not in KINDS:
        raise InputError(f'a model of {table.shape[1]} joints is not supported; known are {known}')
    parents = (-1, *(int(parent) for parent in table[0, 1:]))
    if (table[1] != np.arange(len(parents))).any() or parents[:BODY] != SMPL22.parents or any(
            not 0 <= parent < joint for joint, parent in enumerate(parents[1:], 1)):
        raise InputError("kintree_table is not SMPL's tree of joints")
    return parents


def _pose_directions(values: NDArray, vertices: int, joints: int) -> NDArray[np.float64]:
    """[V,3,9(J-1)] from any of the layouts in use; all count vertex by vertex, then x, y, z."""
    count = 9 * (joints - 1)
    if values.shape == (count, 3 * vertices):
        values = values.T
    if values.shape not in ((vertices, 3, count), (3 * vertices, count)):
        raise InputError(f'posedirs has shape {list(values.shape)}; it must be [{vertices}, 3, '
                         f'{count}], [{3 * vertices}, {count}] or [{count}, {3 * vertices}]')
    return values.reshape(vertices, 3, count).astype(np.float64)


def _regressor(arrays: dict[str, NDArray], joints: int, vertices: int) -> NDArray[np.float64]:
    """J_regressor [J,V], dense."""
    if 'J_regressor' in arrays:
        dense = arrays['J_regressor']
    else:
        data, indices, pointers, shape = (
            arrays[next(key for key in (f'J_regressor_{part}', part) if key in arrays)]
            for part in _SPARSE)
        if shape.tolist() != [joints, vertices]:
            raise InputError(f"J_regressor's shape is {shape.tolist()}; it must be "
                             f'[{joints}, {vertices}]')
        # One pointer per row or per column, and one more: that tells the two layouts apart.
        make = sparse.csr_matrix if len(pointers) == joints + 1 else sparse.csc_matrix
        try:
            matrix = make((data, indices, pointers), shape=(joints, vertices))
            matrix.check_format(full_check=True)
        except (ValueError, TypeError, IndexError) as error:
            raise InputError('the sparse parts of J_regressor do not fit together '
                             f'({error})') from None
        dense = matrix.toarray()
    _check(dense, 'J_regressor', (joints, vertices), f'{joints}, {vertices}')
    return np.asarray(dense, np.float64)


def _gender(path: Path) -> str | None:
    """From names such as SMPL_FEMALE.npz, basicModel_f_lbs_10_207_0_v1.0.0.npz, male/model.npz."""
    for name in (path.stem, path.absolute().parent.name):
        words = re.split(r'[^a-z]+', name.lower())
        for gender in ('female', 'male', 'neutral'):
            if gender in words or (words[0] == 'basicmodel' and gender[0] in words):
                return gender
    return None
