# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""AIST++: dance, as evaluation sequences of its real multi-view detections and as motion clips.

Its COCO-17 detections come with real noise, their truth is triangulated from nine views; its motion
are SMPL fits. The floor is not in the data: it is estimated from the feet.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.datasets.licensed.body_model import SMPLH_KINDS, BodyModel, model_file
from mocap23_ros.datasets.licensed.motion_conversion import read_arrays, require_folder
from mocap23_ros.datasets.licensed.motion_packing import SourceMotion, pack_motions
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.body_proportions import ANKLE_HEIGHT, LEG, MEAN_STATURE
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES
from mocap23_ros.skeletons.unobserved import clear_unobserved

_FPS = 60.0
_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])   # y up -> z up


def _cameras(root: Path, sequence: str) -> list[dict[str, Any]]:
    mapping = dict(line.split() for line in (root / 'cameras' / 'mapping.txt').read_text()
                   .splitlines() if line.strip())
    if sequence not in mapping:
        raise InputError(f'{root}/cameras/mapping.txt: no camera setting for {sequence}')
    return json.loads((root / 'cameras' / f'{mapping[sequence]}.json').read_text())


def load_aistpp(root: Path | str, sequence: str, view: int = 0) -> EvaluationSequence:
    """One sequence seen by one of its nine cameras.

    root: folder with ``keypoints2d``, ``keypoints3d`` and ``cameras``; sequence: its name, with
    ``cAll``; view: 0 to 8. Raises InputError where something is absent or of another shape.
    """
    root = require_folder(root, 'AIST++', 'keypoints2d', 'keypoints3d', 'cameras')
    flat = read_arrays(root / 'keypoints2d' / f'{sequence}.pkl')
    solid = read_arrays(root / 'keypoints3d' / f'{sequence}.pkl')
    for table, key in ((flat, 'keypoints2d'), (solid, 'keypoints3d_optim')):
        if key not in table:
            raise InputError(f'{root}: {sequence} has no {key}')
    seen, joints = np.asarray(flat['keypoints2d']), np.asarray(solid['keypoints3d_optim'])
    if seen.ndim != 4 or seen.shape[2:] != (17, 3) or joints.shape[1:] != (17, 3) \
            or len(joints) != seen.shape[1] or not 0 <= view < len(seen):
        raise InputError(f'{root}: {sequence} view {view} does not fit arrays {seen.shape} and '
                         f'{joints.shape}')
    camera = _cameras(root, sequence)[view]
    rotation = Rotation.from_rotvec(np.ravel(camera['rotation'])).as_matrix()
    centre = -rotation.T @ np.ravel(camera['translation']) / 100
    joints = joints @ _UP.T / 100
    floor = float(np.nanpercentile(joints[:, ANKLES, 2], 5)) - ANKLE_HEIGHT * MEAN_STATURE
    joints[..., 2] -= floor
    pose: NDArray[np.float64] = np.eye(4)
    pose[:3, :3] = _UP @ rotation.T
    pose[:3, 3] = _UP @ centre - (0, 0, floor)
    keypoints = seen[view].astype(np.float32)
    clear_unobserved(keypoints)
    keypoints[..., 2] = np.clip(keypoints[..., 2], 0, 1)
    legs = sum(np.linalg.norm(joints[:, a] - joints[:, b], axis=-1).sum(axis=-1) for a, b in
               ((HIPS, KNEES), (KNEES, ANKLES))) / 2
    return EvaluationSequence(
        f'{sequence}_{view}', 'AIST++', {
            'keypoints': keypoints[:, None], 'stamps': np.arange(len(joints)) / _FPS,
            'K': np.array(camera['matrix'], np.float64),
            'distortion': np.ravel(camera.get('distortions', [])).astype(np.float64),
            'distortion_model': np.array('plumb_bob'),
            'image_size': np.array(camera.get('size', (1920, 1080)), int),
            'world_T_camera': pose, 'stature': np.array([np.nan], np.float32)},
        joints.astype(np.float32), np.full((len(joints), 2), np.nan, np.float32),
        float(np.nanmedian(legs)) / LEG, False,
        np.broadcast_to(pose[:3, 3], (len(joints), 3)).copy(), sigma_px=4.0)


def listed(path: Path) -> set[str] | None:
    """The sequences that a file lists; None where it is absent."""
    return set(path.read_text().split()) if path.is_file() else None


def load_aistpp_motion(root: Path | str, body_models: Path | str) -> MotionClips:
    """The SMPL fits ``root/motions/*.pkl``: smpl_poses [F,72], smpl_trans [F,3] cm, smpl_scaling.

    body_models: folder with ``smpl/SMPL_MALE.npz``, which the fits were made with, or that file.
    Sequences in ``root/ignore_list.txt`` are left out. Raises InputError.
    """
    root = require_folder(root, 'AIST++', 'motions')
    model = BodyModel.load(model_file(body_models, 'smpl/SMPL_MALE.npz'), SMPLH_KINDS)
    bad = listed(root / 'ignore_list.txt') or set()

    def sources() -> Iterator[SourceMotion]:
        for path in sorted((root / 'motions').glob('*.pkl')):
            if path.stem in bad:
                continue
            fit = read_arrays(path)
            try:
                poses, place, scaling = (np.asarray(fit[f'smpl_{key}'], np.float64) for key in
                                         ('poses', 'trans', 'scaling'))
                poses = poses.reshape(len(place), 72)
                metres = float(np.ravel(scaling)[0]) / 100    # per unit of the model
            except (KeyError, ValueError, TypeError, IndexError) as error:
                raise InputError(f'{path}: not an SMPL fit of AIST++ ({error})') from None
            shape = np.zeros(1)
            joints = metres * model.joints(poses, shape, place / (100 * metres))
            dancer = next((word for word in path.stem.split('_') if word[:1] == 'd'), path.stem)
            yield SourceMotion(path.stem, dancer, joints, _FPS, metres * model.stature(shape))

    return pack_motions(sources(), 'AIST++', root)
