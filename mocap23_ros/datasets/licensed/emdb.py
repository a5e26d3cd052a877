# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""EMDB as evaluation videos: SMPL fits before a hand-held camera whose poses are given."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mocap23_ros.datasets.licensed.body_model import BodyModel, model_file
from mocap23_ros.datasets.licensed.motion_conversion import read_arrays
from mocap23_ros.datasets.licensed.protocols import Video, video_of
from mocap23_ros.errors import InputError

FPS = 30.0


def emdb_videos(part: str, root: Path, body_models: Path | None) -> list[Callable[[], Video]]:
    """The sequences of EMDB 1 or 2; part: ``emdb1`` or ``emdb2``. 2D from ``images``."""
    found = [path for path in sorted(root.glob('P*/*/*_data.pkl'))
             if bool(_table(path).get(part))]
    if not found:
        raise InputError(f'{root}: no sequence is part of {part}')
    return [partial(_video, path, body_models) for path in found]


def _table(path: Path) -> dict[str, Any]:
    table = read_arrays(path)
    missing = {'emdb1', 'emdb2', 'good_frames_mask', 'camera', 'smpl', 'gender'} - set(table)
    if missing:
        raise InputError(f'{path}: has no {sorted(missing)[0]}')
    return table


def _video(path: Path, body_models: Path | None) -> Video:
    assert body_models is not None
    table = _table(path)
    smpl, camera = table['smpl'], table['camera']
    body = BodyModel.load(model_file(
        body_models, f'smpl/SMPL_{str(table["gender"]).upper()}.npz'), (24,))
    try:
        pose = np.concatenate([smpl['poses_root'], smpl['poses_body']], axis=1).astype(np.float64)
        betas, place = np.ravel(smpl['betas']), np.asarray(smpl['trans'], np.float64)
        good = np.asarray(table['good_frames_mask'], bool)
        camera_T_world = np.asarray(camera['extrinsics'], np.float64).reshape(len(good), 4, 4)
        joints = body.joints(pose, betas, place)
        joints[~good] = np.nan
        size = int(camera['width']), int(camera['height'])
        K = np.asarray(camera['intrinsics'], np.float64).reshape(3, 3)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise InputError(f'{path}: not a sequence of EMDB ({error})') from None
    images = tuple(path.parent / 'images' / f'{frame:05d}.jpg' for frame in range(len(good)))
    return video_of(path.stem.removesuffix('_data'), 'EMDB', joints, np.arange(len(good)) / FPS,
                    np.asarray(np.linalg.inv(camera_T_world), np.float64), K, size,
                    body.stature(betas), images)
