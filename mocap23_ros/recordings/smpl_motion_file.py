# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion as SMPL parameters: one npz file per person, named as in AMASS, and meshes."""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.atomic_files import saving, write_npz
from mocap23_ros.body_models.smpl_fit import SmplFit, fit_smpl
from mocap23_ros.body_models.smpl_model import SmplModel
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.kinematic_tree import SEGMENTS
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.writable_places import check_writable

_SINGLE_FRAME_RATE = 30.0  # Hz, for a recording of one frame


def smpl_path(target: Path, person: int, people: int) -> Path:
    """Path of a person's parameters: beside OUT.npz; with several people the id is in the name."""
    who = f'_person{person}' if people > 1 else ''
    return target.with_name(f'{target.stem}{who}_smpl.npz')


def mesh_path(parameters: Path, frame: int) -> Path:
    """Path of the mesh of a frame: beside the person's parameters."""
    return parameters.with_name(f'{parameters.stem}_frame{frame}.ply')


def check_smpl_places(target: Path, persons: Iterable[int], people: int,
                      mesh_frame: int | None = None) -> None:
    """Raise InputError where a file of these persons, of ``people``, could not be written."""
    for person in persons:
        path = smpl_path(target, person, people)
        check_writable(path)
        if mesh_frame is not None:
            check_writable(mesh_path(path, mesh_frame))


def check_smpl_names(targets: Iterable[Path], others: Iterable[Path]) -> None:
    """Raise InputError where a result beside a target would take the name of another file."""
    targets = [target.resolve() for target in targets]
    stems = {(target.parent, target.stem) for target in targets}
    for other in (*targets, *(path.resolve() for path in others)):
        parts = re.fullmatch(r'(.+?)(_person\d+)?_smpl', other.stem)
        if other.suffix == '.npz' and parts is not None and (
                {(other.parent, parts[1]), (other.parent, parts[1] + (parts[2] or ''))} & stems):
            raise InputError(f'SMPL parameters would be written over {other}; rename it, or give '
                             '--out another place')


def save_smpl(target: Path, motion: RecordedMotion, model: SmplModel, mesh_frame: int | None = None,
              report: Progress = silent) -> list[Path]:
    """Fit the model to everybody and write the files; returns the paths of the npz files.

    target: the result file that they lie beside. motion: joints as lifted, and body for the
    rotations to start from (fitted here where it is None). mesh_frame: also write everybody's mesh
    in this frame as PLY, in world axes. report: called with people done and their number. People
    without an estimate get no file. Raises InputError where a file cannot be written.
    """
    body = motion.body or motion.with_body().body
    assert body is not None
    people, paths = len(motion.person_ids), []
    for number, person in enumerate(motion.person_ids.tolist()):
        report(number, people)
        fit = fit_smpl(model, motion.joints[:, number], motion.covariance[:, number],
                       motion.stamps, _matrices(body.world_q_segment[number]))
        if np.isnan(fit.betas).any():
            continue
        path = smpl_path(target, person, people)
        write_npz(path, _arrays(fit, motion.stamps, model))
        paths.append(path)
        if mesh_frame is not None and np.isfinite(fit.trans[mesh_frame]).all():
            frame = slice(mesh_frame, mesh_frame + 1)
            save_ply(mesh_path(path, mesh_frame),
                     model.vertices(fit.betas, fit.poses[frame], fit.trans[frame])[0], model.faces)
    report(people, people)
    return paths


def _matrices(quaternions: NDArray) -> NDArray[np.float64]:
    """[F,11,3,3] from [F,11,4], NaN where these are."""
    known = np.isfinite(quaternions).all(axis=(1, 2))
    result = np.full((len(quaternions), len(SEGMENTS), 3, 3), np.nan)
    if known.any():
        result[known] = Rotation.from_quat(quaternions[known].reshape(-1, 4)).as_matrix().reshape(
            -1, len(SEGMENTS), 3, 3)
    return result


def _arrays(fit: SmplFit, stamps: NDArray, model: SmplModel) -> dict[str, NDArray]:
    rate = 1 / np.median(np.diff(stamps)) if len(stamps) > 1 else _SINGLE_FRAME_RATE
    arrays: dict[str, NDArray] = {
        'poses': fit.poses.reshape(len(stamps), -1).astype(np.float32),
        'trans': fit.trans.astype(np.float32), 'betas': fit.betas.astype(np.float32),
        'stamps': np.asarray(stamps, np.float64), 'mocap_framerate': np.array(rate, np.float64),
        'surface_model_type': np.array(model.kind), 'model_file': np.array(model.name)}
    if model.gender is not None:
        arrays['gender'] = np.array(model.gender)
    return arrays


def save_ply(path: Path | str, vertices: NDArray, faces: NDArray) -> None:
    """Write vertices [V,3] (metres, in whatever frame they are) and faces [F,3] (vertex numbers).

    Raises InputError where the file cannot be written.
    """
    rows = np.empty(len(faces), [('count', 'u1'), ('numbers', '<i4', 3)])
    rows['count'], rows['numbers'] = 3, faces
    header = ['ply', 'format binary_little_endian 1.0', f'element vertex {len(vertices)}',
              *(f'property float {axis}' for axis in 'xyz'), f'element face {len(faces)}',
              'property list uchar int vertex_indices', 'end_header', '']
    with saving(path) as temporary:
        temporary.write_bytes('\n'.join(header).encode('ascii')
                              + np.asarray(vertices, '<f4').tobytes() + rows.tobytes())
