# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""AMASS, BEDLAM and RICH, poses of SMPL-H and SMPL-X, as clips; layouts in docs/DATA.md."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.licensed.body_model import SMPLH_KINDS, SMPLX_KINDS, BodyModel, model_file
from mocap23_ros.datasets.licensed.motion_conversion import read_arrays, require_folder
from mocap23_ros.datasets.licensed.motion_packing import SourceMotion, pack_motions
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.splits import cmu_subject, may_be_used
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.npz_files import open_npz


def _npz(path: Path, *keys: str) -> dict[str, Any]:
    with errors_of(path), open_npz(path) as archive:
        return {key: archive.read(key) for key in keys if key in archive.names}


def load_amass(root: Path | str, body_models: Path | str) -> MotionClips:
    """AMASS: ``root/<subset>/<subject>/*.npz`` with poses, trans, betas, gender, frame rate.

    body_models: folder with ``smplh/<gender>/model.npz``, and ``smplx/SMPLX_<GENDER>.npz`` for the
    SMPL-X release; or one file for every gender. The CMU subjects of splits.HELD_OUT are left out.
    Raises InputError where motion or model is absent.
    """
    root = require_folder(root, 'AMASS')
    models: dict[Path, BodyModel] = {}

    def sources() -> Iterator[SourceMotion]:
        for path in sorted(root.rglob('*.npz')):
            subject = _amass_subject(root, path)
            if not may_be_used(subject):
                continue
            data = _npz(path, 'poses', 'trans', 'betas', 'gender', 'mocap_framerate',
                        'mocap_frame_rate', 'surface_model_type')
            if not {'poses', 'trans', 'betas'} <= set(data):
                continue                                    # shape.npz and the like
            gender = str(np.ravel(data.get('gender', np.array('neutral')))[0])
            gender = gender.strip("b'").lower()
            poses = data['poses']
            if poses.ndim != 2 or data['trans'].shape != (len(poses), 3) \
                    or gender not in ('female', 'male', 'neutral'):
                raise InputError(f'{path}: poses {poses.shape}, trans {data["trans"].shape} and '
                                 f'gender {gender!r} are not those of AMASS')
            wide = poses.shape[1] == 165
            file = model_file(body_models, f'smplx/SMPLX_{gender.upper()}.npz' if wide else
                              f'smplh/{gender}/model.npz')
            if file not in models:
                models[file] = BodyModel.load(file, SMPLX_KINDS if wide else SMPLH_KINDS)
            model = models[file]
            fps = float(data.get('mocap_framerate', data.get('mocap_frame_rate', 120.0)))
            betas = np.ravel(data['betas']).astype(np.float64)
            step = max(1, int(fps // 60))                   # nothing is gained above 60 Hz
            joints = model.joints(poses[::step].astype(np.float64), betas,
                                  data['trans'][::step].astype(np.float64))
            yield SourceMotion(path.stem, subject, joints, fps / step, model.stature(betas))

    return pack_motions(sources(), 'AMASS', root)


def _amass_subject(root: Path, path: Path) -> str:
    inside = path.relative_to(root).parts
    # ROOT itself may be the folder of CMU, or of one of its subjects.
    return (cmu_subject((*root.absolute().parts[-2:], *inside)) or '/'.join(inside[:-1])
            or path.stem)


def load_bedlam(root: Path | str, body_models: Path | str) -> MotionClips:
    """BEDLAM: ``root/processed_labels/*.npz`` with imgname, sub, pose_world, trans_world, shape.

    One clip per sequence folder and person; body_models holds ``smplx/SMPLX_NEUTRAL.npz``, or is
    that file.
    """
    root = require_folder(root, 'BEDLAM', 'processed_labels')
    model = BodyModel.load(model_file(body_models, 'smplx/SMPLX_NEUTRAL.npz'), SMPLX_KINDS)

    def sources() -> Iterator[SourceMotion]:
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
                yield SourceMotion(f'{path.stem}_{folder.replace("/", "_")}_{who}', who, joints,
                       30.0 / max(step, 1), model.stature(betas))

    return pack_motions(sources(), 'BEDLAM', root)


def load_rich(root: Path | str, body_models: Path | str) -> MotionClips:
    """RICH: ``root/bodies/train/<sequence>/<frame>/<subject>.pkl`` and ``root/multicam2world``.

    SMPL-X parameters per frame at 30 fps, in the world of ``rich_world``. body_models holds
    ``smplx/SMPLX_NEUTRAL.npz``, or is that file. Gaps of the fits split a clip.
    """
    root = require_folder(root, 'RICH', 'bodies/train', 'multicam2world')
    model = BodyModel.load(model_file(body_models, 'smplx/SMPLX_NEUTRAL.npz'), SMPLX_KINDS)

    def sources() -> Iterator[SourceMotion]:
        for sequence in sorted(p for p in (root / 'bodies' / 'train').iterdir() if p.is_dir()):
            world = rich_world(root, sequence.name)
            files: dict[str, list[tuple[int, Path]]] = {}
            for path in sequence.glob('*/*.pkl'):
                files.setdefault(path.stem, []).append((int(path.parent.name), path))
            for subject, found in sorted(files.items()):
                found.sort()
                numbers = np.array([number for number, _ in found])
                gaps = np.flatnonzero(np.diff(numbers) > 1) + 1
                for part in np.split(np.arange(len(found)), gaps):
                    joints, stature = rich_joints([found[k][1] for k in part], model, world)
                    yield SourceMotion(f'{sequence.name}_{subject}_{numbers[part[0]]}', subject,
                                       joints, 30.0, stature)

    return pack_motions(sources(), 'RICH', root)


RichWorld: TypeAlias = tuple[float, NDArray[np.float64], NDArray[np.float64]]
"""Scale c, rotation R and translation t: p of the fits is c * p R + t in the scene's world."""


def rich_world(root: Path, sequence: str) -> RichWorld:
    """The world that the json of the sequence's scene gives; InputError without one."""
    scene = sequence.split('_')[0]
    files = sorted((root / 'multicam2world').glob(f'{scene}*_multicam2world.json'))
    if not files:
        raise InputError(f'{root}/multicam2world: no file for the scene {scene}')
    table = json.loads(files[0].read_text())
    return float(table['c']), np.array(table['R'], np.float64), np.ravel(table['t'])


def rich_joints(paths: Sequence[Path], model: BodyModel, world: RichWorld
                ) -> tuple[NDArray[np.float64], float]:
    """Joints [F,34,3] of the fits of one person, in the scene's world, and stature, metres."""
    fits = [read_arrays(path) for path in paths]
    pose = np.stack([np.concatenate([np.ravel(fit['global_orient']), np.ravel(fit['body_pose'])])
                     for fit in fits])
    betas = np.mean([np.ravel(fit['betas']) for fit in fits], axis=0)
    joints = model.joints(pose, betas, np.stack([np.ravel(fit['transl']) for fit in fits]))
    scale, rotation, place = world
    return scale * joints @ rotation + place, scale * model.stature(betas)
