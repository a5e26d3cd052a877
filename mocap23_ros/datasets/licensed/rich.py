# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RICH as evaluation videos: SMPL-X fits of the test split, seen by its calibrated cameras."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.licensed.body_model import SMPLX_KINDS, BodyModel, model_file
from mocap23_ros.datasets.licensed.body_model_sets import rich_joints, rich_world
from mocap23_ros.datasets.licensed.motion_conversion import require_folder
from mocap23_ros.datasets.licensed.protocols import Video, video_of
from mocap23_ros.errors import InputError

FPS = 30.0
LONGEST, SHORTEST = 180, 60  # frames of a window
_LARGEST_XML = 2**20  # bytes
_LANDSCAPE = (4112, 3008)  # px of the cameras, which some are turned


def windows_with_given_2d(root: Path, body_models: Path | None) -> list[Callable[[], Video]]:
    """Every listed sequence and camera in windows of 6 s, the rest of 2 s and more; projected 2D.
    """
    videos = []
    for sequence, camera, gender in _listed(root):
        numbers = sorted(int(path.name) for path in _bodies(root, sequence).iterdir())
        first = numbers[0] if numbers else 0
        for part in range((numbers[-1] - first) // LONGEST + 1 if numbers else 0):
            low = first + part * LONGEST
            inside = [n for n in numbers if low <= n < low + LONGEST]
            if len(inside) >= SHORTEST:
                videos.append(_video(root, body_models, sequence, camera, gender, tuple(inside),
                                     f'_{low:05d}', False))
    return videos


def whole_videos(root: Path, body_models: Path | None) -> list[Callable[[], Video]]:
    """Every listed sequence and camera as a whole; 2D from ``images/test``."""
    require_folder(root, 'RICH', 'images/test')
    return [_video(root, body_models, sequence, camera, gender, tuple(sorted(
        int(path.name) for path in _bodies(root, sequence).iterdir())), '', True)
        for sequence, camera, gender in _listed(root)]


def _listed(root: Path) -> list[tuple[str, int, str]]:
    """Sequence, camera, gender of ``test.txt``; only those of ``videos.txt`` where that exists.

    Sequences of two people are left out.
    """
    require_folder(root, 'RICH', 'bodies/test', 'scan_calibration', 'multicam2world')
    lines = [line.split() for line in (root / 'test.txt').read_text().splitlines() if line.strip()]
    heads = lines[0]
    if not {'sequence_name', 'gender', 'view_id'} <= set(heads):
        raise InputError(f'{root}/test.txt: not the table of the test split')
    place = {name: heads.index(name) for name in ('sequence_name', 'gender', 'view_id')}
    only = root / 'videos.txt'
    wanted = set(only.read_text().split()) if only.is_file() else None
    found = []
    for row in lines[1:]:
        sequence = row[place['sequence_name']]
        if len(sequence.split('_')) != 3:
            continue
        for view in row[place['view_id']].split(','):
            if wanted is None or f'test/{sequence}/cam_{int(view):02d}' in wanted:
                found.append((sequence, int(view), row[place['gender']]))
    if not found:
        raise InputError(f'{root}: test.txt and videos.txt name no video')
    return found


def _bodies(root: Path, sequence: str) -> Path:
    return require_folder(root / 'bodies' / 'test' / sequence, 'RICH')


def _video(root: Path, body_models: Path | None, sequence: str, camera: int, gender: str,
           numbers: tuple[int, ...], suffix: str, with_images: bool) -> Callable[[], Video]:
    def load() -> Video:
        assert body_models is not None
        joints, stature = _joints(root, sequence, numbers, str(model_file(
            body_models, f'smplx/SMPLX_{gender.upper()}.npz')))
        pose, K = _camera(root, sequence.split('_')[0], camera)
        size = _LANDSCAPE if K[0, 2] > K[1, 2] else _LANDSCAPE[::-1]
        images = tuple(_image(root, sequence, camera, n) for n in numbers) if with_images else ()
        return video_of(f'{sequence}_{camera}{suffix}', 'RICH', joints.copy(),
                        np.array(numbers) / FPS, np.tile(pose, (len(joints), 1, 1)), K, size,
                        stature, images)
    return load


@lru_cache(maxsize=1)
def _joints(root: Path, sequence: str, numbers: tuple[int, ...], model: str
            ) -> tuple[NDArray[np.float64], float]:
    """Joints [F,34,3] in the world of the scan, and stature, of the subject of the sequence."""
    subject = sequence.split('_')[1]
    return rich_joints([_bodies(root, sequence) / f'{n:05d}' / f'{subject}.pkl' for n in numbers],
                       BodyModel.load(Path(model), SMPLX_KINDS), rich_world(root, sequence))


def _camera(root: Path, scene: str, number: int
            ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """world_T_camera [4,4] in the world of the scan, and K. Distortion does not count."""
    path = root / 'scan_calibration' / scene / 'calibration' / f'{number:03d}.xml'
    try:
        if path.stat().st_size > _LARGEST_XML:
            raise ValueError('too large')
        tree = ElementTree.parse(path)
        outer, inner = (np.array((tree.findtext(f'./{name}/data') or '').split(), np.float64)
                        .reshape(shape) for name, shape in
                        (('CameraMatrix', (3, 4)), ('Intrinsics', (3, 3))))
    except (OSError, ValueError, ElementTree.ParseError) as error:
        raise InputError(f'{path}: not a calibration of RICH ({error})') from None
    scale, rotation, place = rich_world(root, scene)
    pose = np.eye(4)
    pose[:3, :3] = rotation.T @ outer[:, :3].T
    pose[:3, 3] = scale * (-outer[:, :3].T @ outer[:, 3]) @ rotation + place
    return pose, inner


def _image(root: Path, sequence: str, camera: int, number: int) -> Path:
    folder = root / 'images' / 'test' / sequence / f'cam_{camera:02d}'
    found = next(folder.glob(f'{number:05d}_{camera:02d}.*'), None)
    if found is None:
        raise InputError(f'{folder}: no image {number:05d}_{camera:02d}')
    return found
