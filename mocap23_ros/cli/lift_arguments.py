# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What ``mocap23 lift`` refuses before it loads a model, and which files it works on."""

import argparse
import os
from pathlib import Path

from mocap23_ros.errors import InputError
from mocap23_ros.pipeline.refinement import RefinementSteps


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together and places that cannot be written; InputError."""
    if arguments.video and not arguments.camera:
        raise InputError('--video needs --camera CAMERA.yaml with the calibration and the pose')
    if arguments.camera and not arguments.video:
        raise InputError('--camera goes with --video; keypoint files hold their own camera')
    if arguments.save_keypoints:
        _check_save_keypoints(arguments)
    if arguments.mode == 'offline' and arguments.lag:
        raise InputError('--lag goes with --mode streaming; offline uses all frames anyway')
    if arguments.steps is not None and not 1 <= arguments.steps <= 1000:
        raise InputError('--steps must be between 1 and 1000')
    RefinementSteps.without(arguments.without)
    if arguments.smpl_mesh is not None and not arguments.smpl_model:
        raise InputError('--smpl-mesh needs --smpl-model FILE.npz')
    if arguments.smpl_mesh is not None and arguments.smpl_mesh < 0:
        raise InputError('--smpl-mesh counts frames from 0')
    if arguments.bvh:
        _check_bvh(arguments)


def _check_save_keypoints(arguments: argparse.Namespace) -> None:
    target: Path = arguments.save_keypoints
    if not arguments.video:
        raise InputError('--save-keypoints goes with --video; --keypoints are in a file already')
    if target.suffix != '.npz' or target.is_dir():
        raise InputError(f'--save-keypoints {target} must be a file whose name ends in .npz')
    if target.absolute() == _result(arguments.out, arguments.video).absolute():
        raise InputError('--save-keypoints is --out too; give another name')
    _check_writable(target)


def _check_writable(target: Path) -> None:
    parent = next(folder for folder in target.absolute().parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f'cannot write {target}: {parent} is not a folder that may be written to')


def _result(target: Path, source: Path) -> Path:
    """--out, or the file in it where it is a folder."""
    return target / f'{source.stem}.npz' if target.is_dir() else target


def _check_bvh(arguments: argparse.Namespace) -> None:
    target: Path = arguments.bvh
    is_file = target.suffix.lower() == '.bvh'
    if is_file and arguments.keypoints and arguments.keypoints.is_dir():
        raise InputError('--bvh must be a folder when --keypoints is one')
    if target.exists() and target.is_dir() == is_file:
        raise InputError(f'--bvh {target} is a {"folder" if is_file else "file"}; give a folder, '
                         'or a file whose name ends in .bvh')
    # Of a folder that exists it is the folder itself that has to be writable.
    _check_writable(target / 'person.bvh' if target.is_dir() else target)


def find_jobs(arguments: argparse.Namespace) -> list[tuple[Path, Path]]:
    """(source, target) pairs, checked before any model is loaded; InputError."""
    source: Path = arguments.video or arguments.keypoints
    target: Path = arguments.out
    _check_writable(target)
    if arguments.keypoints and source.is_dir():
        files = sorted(p for p in source.glob('*.npz') if p.is_file())
        if not files:
            raise InputError(f'{source} has no *.npz files')
        if target.exists() and not target.is_dir():
            raise InputError(f'--out {target} is a file; it must be a folder when --keypoints is')
        if target.exists() and target.samefile(source):
            raise InputError('--out is the folder of the input; give another one, results have '
                             'the names of the inputs')
        return [(file, target / file.name) for file in files]
    if not source.exists():
        raise InputError(f'{source}: no such file or folder')
    target = _result(target, source)
    if target.exists() and target.samefile(source):
        raise InputError('--out is the input file; give another name')
    return [(source, target)]
