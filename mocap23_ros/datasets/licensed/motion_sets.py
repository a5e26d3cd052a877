# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""AMASS, HumanML3D, BEDLAM, Human3.6M and RICH as motion clips; layouts in docs/DATA.md."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.licensed.body_model import BodyModel
from mocap23_ros.datasets.licensed.conversion import (
    FPS,
    complete,
    floor_height,
    read_arrays,
    require_folder,
    resample,
    rough_stature,
    to_z_up,
)
from mocap23_ros.datasets.mocap34 import JOINT_NAMES
from mocap23_ros.datasets.motion_clips import MotionClips, pack
from mocap23_ros.errors import InputError

# (name, subject, joints [F,34,3] in any axes, source fps, stature or None)
Source = tuple[str, str, NDArray[np.float64], float, float | None]
_RANGE = 16.0     # metres that packed motion may reach from its origin


def _pack(sources: Iterator[Source], data_set: str, where: Path) -> MotionClips:
    motions: list[NDArray[np.float32]] = []
    subjects, names, statures = [], [], []
    for name, subject, joints, fps, stature in sources:
        joints = resample(to_z_up(np.asarray(joints, np.float64)), fps)
        if len(joints) < 10 or not np.isfinite(joints).all():
            continue
        joints = joints - (*joints[0, 0, :2], floor_height(joints, FPS))
        if np.abs(joints).max() > _RANGE:
            continue
        motions.append(joints.astype(np.float32))
        subjects.append(subject)
        names.append(name)
        statures.append(rough_stature(joints) if stature is None else stature)
    if not motions:
        raise InputError(f'{where}: no usable motion of {data_set} there; see docs/DATA.md for '
                         f'its layout')
    return pack(motions, FPS, np.array(statures, np.float32), np.ones(len(motions), bool),
                subjects, names, [data_set] * len(motions))


def _npz(path: Path, *keys: str) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as data:
            return {key: data[key] for key in keys if key in data}
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f'{path}: not a readable npz file of arrays ({error})') from error


def load_amass(root: Path | str, body_models: Path | str) -> MotionClips:
    """AMASS: ``root/<subset>/<subject>/*.npz`` with poses, trans, betas, gender, frame rate.

    body_models: folder with ``smplh/<gender>/model.npz``, and ``smplx/SMPLX_<GENDER>.npz`` for the
    SMPL-X release. Raises InputError where either is absent.
    """
    root = require_folder(root, 'AMASS')
    models: dict[Path, BodyModel] = {}

    def sources() -> Iterator[Source]:
        for path in sorted(root.rglob('*.npz')):
            data = _npz(path, 'poses', 'trans', 'betas', 'gender', 'mocap_framerate',
                        'mocap_frame_rate', 'surface_model_type')
            if not {'poses', 'trans', 'betas'} <= set(data):
                continue                                    # shape.npz and the like
            gender = str(np.ravel(data.get('gender', np.array('neutral')))[0])
            gender = gender.strip("b'").lower()
            wide = data['poses'].shape[1] == 165
            file = (Path(body_models) / 'smplx' / f'SMPLX_{gender.upper()}.npz' if wide else
                    Path(body_models) / 'smplh' / gender / 'model.npz')
            if file not in models:
                models[file] = BodyModel.load(file)
            model = models[file]
            fps = float(data.get('mocap_framerate', data.get('mocap_frame_rate', 120.0)))
            betas = np.ravel(data['betas']).astype(np.float64)
            step = max(1, int(fps // 60))                   # nothing is gained above 60 Hz
            joints = model.joints(data['poses'][::step].astype(np.float64), betas,
                                  data['trans'][::step].astype(np.float64))
            subject = '/'.join(path.relative_to(root).parts[:-1]) or path.stem
            yield path.stem, subject, joints, fps / step, model.stature(betas)

    return _pack(sources(), 'AMASS', root)


_SMPL22 = JOINT_NAMES[:22]


def load_humanml3d(root: Path | str) -> MotionClips:
    """HumanML3D: ``root/new_joints/*.npy``, [F,22,3] metres, y up, 20 fps; no mirrored files."""
    root = require_folder(root, 'HumanML3D', 'new_joints')

    def sources() -> Iterator[Source]:
        for path in sorted((root / 'new_joints').glob('*.npy')):
            if path.stem.startswith('M'):
                continue
            try:
                joints = np.load(path, allow_pickle=False)
            except (ValueError, OSError, EOFError) as error:
                raise InputError(f'{path}: not a readable npy file ({error})') from error
            if joints.ndim != 3 or joints.shape[1:] != (22, 3):
                raise InputError(f'{path}: joints must be [frames, 22, 3], got {joints.shape}')
            x, y, z = np.moveaxis(joints.astype(np.float64), -1, 0)
            upright = np.stack([x, -z, y], axis=-1)
            yield path.stem, path.stem, complete(
                {name: upright[:, k] for k, name in enumerate(_SMPL22)}), 20.0, None

    return _pack(sources(), 'HumanML3D', root)


def load_bedlam(root: Path | str, body_models: Path | str) -> MotionClips:
    """BEDLAM: ``root/processed_labels/*.npz`` with imgname, sub, pose_world, trans_world, shape.

    One clip per sequence folder and person; body_models holds ``smplx/SMPLX_NEUTRAL.npz``.
    """
    root = require_folder(root, 'BEDLAM', 'processed_labels')
    model = BodyModel.load(Path(body_models) / 'smplx' / 'SMPLX_NEUTRAL.npz')

    def sources() -> Iterator[Source]:
        for path in sorted((root / 'processed_labels').glob('*.npz')):
            keys = ('imgname', 'sub', 'pose_world', 'trans_world', 'shape')
            data = _npz(path, *keys)
            for key in keys:
                if key not in data:
                    raise InputError(f'{path}: has no array {key}; take the labels of the '
                                     f'processed release')
            sequence = np.array([str(name).rpartition('/')[0] for name in data['imgname']])
            frame = np.array([int(str(name).rpartition('_')[2].partition('.')[0])
                              for name in data['imgname']])
            person = data['sub'].astype(str)
            for folder, who in sorted(set(zip(sequence.tolist(), person.tolist(), strict=True))):
                rows = np.flatnonzero((sequence == folder) & (person == who))
                rows = rows[np.argsort(frame[rows])]
                if len(rows) < 4:
                    continue
                betas = data['shape'][rows[0]].astype(np.float64)
                joints = model.joints(data['pose_world'][rows].astype(np.float64), betas,
                                      data['trans_world'][rows].astype(np.float64))
                step = int(np.median(np.diff(frame[rows])))
                yield (f'{path.stem}_{folder.replace("/", "_")}_{who}', who, joints,
                       30.0 / max(step, 1), model.stature(betas))

    return _pack(sources(), 'BEDLAM', root)


# Names of this project -> joints of the 32-joint Human3.6M skeleton.
_H36M = {'pelvis': 0, 'r_hip': 1, 'r_knee': 2, 'r_ankle': 3, 'r_foot': 4, 'l_hip': 6, 'l_knee': 7,
         'l_ankle': 8, 'l_foot': 9, 'spine2': 12, 'neck': 13, 'l_shoulder': 17, 'l_elbow': 18,
         'l_wrist': 19, 'r_shoulder': 25, 'r_elbow': 26, 'r_wrist': 27}


def load_human36m(root: Path | str) -> MotionClips:
    """Human3.6M: ``root/S*/MyPoseFeatures/D3_Positions/*.cdf`` (32 joints, mm, 50 fps).

    Needs the package cdflib. Training subjects of the data set only are the caller's choice.
    """
    root = require_folder(root, 'Human3.6M')
    try:
        import cdflib
    except ImportError as error:
        raise InputError('reading Human3.6M needs the package cdflib: pip install cdflib'
                         ) from error

    def sources() -> Iterator[Source]:
        for path in sorted(root.glob('S*/MyPoseFeatures/D3_Positions/*.cdf')):
            try:
                values = np.asarray(cdflib.CDF(str(path)).varget('Pose'), np.float64)
            except Exception as error:                      # cdflib raises many kinds
                raise InputError(f'{path}: not a readable CDF file with Pose ({error})') from error
            joints = values.reshape(-1, 32, 3) / 1000
            named = {name: joints[:, k] for name, k in _H36M.items()}
            # Lengths along the trunk and head that this skeleton lacks.
            named['spine1'] = (named['pelvis'] + named['spine2']) / 2
            named['spine3'] = (named['neck'] + named['spine2']) / 2
            named['head'] = 0.45 * joints[:, 13] + 0.55 * joints[:, 14]
            for s in 'lr':
                named[f'{s}_collar'] = (named['neck'] + named[f'{s}_shoulder']) / 2
            subject = path.relative_to(root).parts[0]
            yield f'{subject}_{path.stem}', subject, complete(named), 50.0, None

    return _pack(sources(), 'Human3.6M', root)


def load_rich(root: Path | str, body_models: Path | str, split: str = 'train') -> MotionClips:
    """RICH: ``root/bodies/<split>/<sequence>/<frame>/<subject>.pkl`` and ``root/multicam2world``.

    SMPL-X parameters per frame at 30 fps, brought to the world of the scene's json (scale c,
    rotation R, translation t: c * p R + t). body_models holds ``smplx/SMPLX_NEUTRAL.npz``. Gaps of
    the fits split a clip.
    """
    root = require_folder(root, 'RICH', f'bodies/{split}', 'multicam2world')
    model = BodyModel.load(Path(body_models) / 'smplx' / 'SMPLX_NEUTRAL.npz')

    def world(scene: str) -> dict[str, Any]:
        files = sorted((root / 'multicam2world').glob(f'{scene}*_multicam2world.json'))
        if not files:
            raise InputError(f'{root}/multicam2world: no file for the scene {scene}')
        return json.loads(files[0].read_text())

    def sources() -> Iterator[Source]:
        for sequence in sorted(p for p in (root / 'bodies' / split).iterdir() if p.is_dir()):
            to_world = world(sequence.name.split('_')[0])
            rotation = np.array(to_world['R'], np.float64)
            files: dict[str, list[tuple[int, Path]]] = {}
            for path in sequence.glob('*/*.pkl'):
                files.setdefault(path.stem, []).append((int(path.parent.name), path))
            for subject, found in sorted(files.items()):
                found.sort()
                numbers = np.array([number for number, _ in found])
                gaps = np.flatnonzero(np.diff(numbers) > 1) + 1
                for part in np.split(np.arange(len(found)), gaps):
                    fits = [read_arrays(found[k][1]) for k in part]
                    pose = np.stack([np.concatenate([np.ravel(f['global_orient']),
                                                     np.ravel(f['body_pose'])]) for f in fits])
                    place = np.stack([np.ravel(f['transl']) for f in fits])
                    betas = np.mean([np.ravel(f['betas']) for f in fits], axis=0)
                    joints = model.joints(pose, betas, place)
                    joints = float(to_world['c']) * joints @ rotation + np.ravel(to_world['t'])
                    yield (f'{sequence.name}_{subject}_{numbers[part[0]]}', subject, joints, 30.0,
                           model.stature(betas))

    return _pack(sources(), 'RICH', root)
