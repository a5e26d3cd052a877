# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""HumanML3D and Human3.6M, positions of joints, as motion clips; layouts in docs/DATA.md."""

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from mocap23_ros.datasets.licensed.motion_conversion import complete, require_folder
from mocap23_ros.datasets.licensed.motion_packing import SourceMotion, pack_motions
from mocap23_ros.datasets.mocap34 import JOINT_NAMES
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.splits import cmu_subject, may_be_used
from mocap23_ros.errors import InputError
from mocap23_ros.optional_packages import optional_module

_SMPL22 = JOINT_NAMES[:22]


def load_humanml3d(root: Path | str) -> MotionClips:
    """HumanML3D: ``root/new_joints/*.npy``, [F,22,3] metres, y up, 20 fps; no mirrored files.

    ``index.csv``, in root or beside it, says whose motion each file is: that of the CMU subjects of
    splits.HELD_OUT is left out. Raises InputError where it is absent.
    """
    root = require_folder(root, 'HumanML3D', 'new_joints')
    subjects = _humanml3d_subjects(root)

    def sources() -> Iterator[SourceMotion]:
        for path in sorted((root / 'new_joints').glob('*.npy')):
            if path.stem.startswith('M') or not may_be_used(subjects.get(path.stem, '')):
                continue
            if path.stem not in subjects:
                raise InputError(f'{path} is not in index.csv, so nobody knows whose motion it is')
            try:
                joints = np.load(path, allow_pickle=False)
            except (ValueError, OSError, EOFError) as error:
                raise InputError(f'{path}: not a readable npy file ({error})') from error
            if joints.ndim != 3 or joints.shape[1:] != (22, 3):
                raise InputError(f'{path}: joints must be [frames, 22, 3], got {joints.shape}')
            x, y, z = np.moveaxis(joints.astype(np.float64), -1, 0)
            upright = np.stack([x, -z, y], axis=-1)
            yield SourceMotion(path.stem, subjects[path.stem], complete(
                {name: upright[:, k] for k, name in enumerate(_SMPL22)}), 20.0, None)

    return pack_motions(sources(), 'HumanML3D', root)


def _humanml3d_subjects(root: Path) -> dict[str, str]:
    """Subjects, such as CMU/80, by the number of the motion."""
    path = next((file for file in (root / 'index.csv', root.absolute().parent / 'index.csv')
                 if file.is_file()), None)
    if path is None:
        raise InputError(f'{root} has no index.csv, which tells the CMU subjects that must not '
                         f'train; copy it there from the HumanML3D repository')
    subjects = {}
    try:
        with path.open(newline='', encoding='utf-8') as stream:
            for row in csv.DictReader(stream):
                parts = PurePosixPath(row['source_path'].removeprefix('./pose_data/')).parts
                subjects[PurePosixPath(row['new_name']).stem] = (
                    cmu_subject(parts) or '/'.join(parts[:-1]) or parts[-1])
    except (KeyError, AttributeError, IndexError, UnicodeDecodeError, csv.Error, OSError):
        raise InputError(f'{path}: not the index of HumanML3D (source_path, new_name)') from None
    return subjects


# Names of this project -> joints of the 32-joint Human3.6M skeleton.
H36M_JOINTS = {
    'pelvis': 0, 'r_hip': 1, 'r_knee': 2, 'r_ankle': 3, 'r_foot': 4, 'l_hip': 6, 'l_knee': 7,
    'l_ankle': 8, 'l_foot': 9, 'spine2': 12, 'neck': 13, 'l_shoulder': 17, 'l_elbow': 18,
    'l_wrist': 19, 'r_shoulder': 25, 'r_elbow': 26, 'r_wrist': 27}
_H36M_NOSE = 14


def load_human36m(root: Path | str) -> MotionClips:
    """Human3.6M: ``root/S*/MyPoseFeatures/D3_Positions/*.cdf`` (32 joints, mm, 50 fps).

    Needs the package cdflib. Training subjects of the data set only are the caller's choice.
    """
    root = require_folder(root, 'Human3.6M')
    cdflib = optional_module('cdflib', 'cdflib', 'reading Human3.6M needs the package')

    def sources() -> Iterator[SourceMotion]:
        for path in sorted(root.glob('S*/MyPoseFeatures/D3_Positions/*.cdf')):
            try:
                values = np.asarray(cdflib.CDF(str(path)).varget('Pose'), np.float64)
            except Exception as error:                      # cdflib raises many kinds
                raise InputError(f'{path}: not a readable CDF file with Pose ({error})') from error
            joints = values.reshape(-1, 32, 3) / 1000
            named = {name: joints[:, k] for name, k in H36M_JOINTS.items()}
            # Lengths along the trunk and head that this skeleton lacks.
            named['spine1'] = (named['pelvis'] + named['spine2']) / 2
            named['spine3'] = (named['neck'] + named['spine2']) / 2
            named['head'] = 0.45 * named['neck'] + 0.55 * joints[:, _H36M_NOSE]
            for s in 'lr':
                named[f'{s}_collar'] = (named['neck'] + named[f'{s}_shoulder']) / 2
            subject = path.relative_to(root).parts[0]
            yield SourceMotion(f'{subject}_{path.stem}', subject, complete(named), 50.0, None)

    return pack_motions(sources(), 'Human3.6M', root)
