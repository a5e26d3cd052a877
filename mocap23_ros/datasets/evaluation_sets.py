# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation sets at fixed cameras: E1 to E3 of held-out subjects, and sets of users' motion.

Everything is drawn from fixed seeds, so a set is the same on every machine.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mocap23_ros.datasets.augmentation import NO_NOISE, NO_OCCLUSION
from mocap23_ros.datasets.cmu import data_root, load_cmu
from mocap23_ros.datasets.evaluation_scene import FPS, EvaluationSet, make_sequence
from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.datasets.keypoint_noise import KeypointNoise
from mocap23_ros.datasets.licensed.data_sets import LICENSED_SETS, LicensedMotion
from mocap23_ros.datasets.motion_clips import MotionClips, load_packed
from mocap23_ros.datasets.moving_camera import PoseError
from mocap23_ros.datasets.occlusion import Occlusion
from mocap23_ros.datasets.splits import is_cmu
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, STATURE_SD

_LONGEST, _SHORTEST = 180, 60    # frames

_NOISY = KeypointNoise(exact_share=0.0, spread=(0.12, 0.30), offset=0.008, focal=0.0,
                       principal_point=0.0)
_SOME_OCCLUSION = Occlusion(limb=0.25, box=0.1, late=0.0)
_MUCH_OCCLUSION = Occlusion(limb=0.9, box=0.4, late=0.2, duration=(0.5, 3.0))
_E2_POSE_ERROR = PoseError(scale=(1.0, 1.0), yaw_drift_deg=0.0, position_drift=0.0)
# Detectors at their worst: errors of a COCO sigma at high confidence, sides that stay exchanged,
# limbs that lie elsewhere, legs that are never seen, and mounts that are slightly off.
_WIDE = KeypointNoise(
    exact_share=0.0, spread=(0.2, 0.9), bias=0.7, swap=0.5, swap_time=(0.1, 3.0), grab=0.1,
    grab_time=(0.07, 1.0), wrong_limb=0.3, blind=0.4)
_WIDE_OCCLUSION = Occlusion(limb=0.4, box=0.2, late=0.0, lower_body=0.15)
_E3_POSE_ERROR = PoseError(pitch_deg=0.3, roll_deg=0.3, height=0.015, scale=(1.0, 1.0),
                           yaw_drift_deg=0.0, position_drift=0.0)


EVALUATION_SETS = {
    'e1_clean': EvaluationSet('validation', NO_NOISE, NO_OCCLUSION),
    'e1_noisy': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION),
    'e1_occluded': EvaluationSet('validation', _NOISY, _MUCH_OCCLUSION),
    'e1_blazepose': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION, detector='blazepose'),
    'e1_noisy_stature': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION, stature_given=True),
    'e1_toddlers': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION, body_height=0.8),
    'e2_moving': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION, moving=True,
                               pose_error=_E2_POSE_ERROR),
    'e3_wide': EvaluationSet('validation', _WIDE, _WIDE_OCCLUSION, pose_error=_E3_POSE_ERROR),
    'e3_moving': EvaluationSet('validation', _WIDE, _WIDE_OCCLUSION, moving=True,
                               pose_error=_E3_POSE_ERROR),
    'hdm05_clean': EvaluationSet('hdm05', NO_NOISE, NO_OCCLUSION),
    'hdm05_noisy': EvaluationSet('hdm05', _NOISY, _SOME_OCCLUSION),
    **{name: EvaluationSet('calibration', noise, occlusion, adults=True,
                           remark='sets the uncertainty; not for figures')
       for name, noise, occlusion in (('calibration_clean', NO_NOISE, NO_OCCLUSION),
                                      ('calibration', _NOISY, _SOME_OCCLUSION),
                                      ('calibration_wide', _WIDE, _WIDE_OCCLUSION))},
}
CALIBRATION_SETS = tuple(name for name in EVALUATION_SETS if name.startswith('calibration'))
_LICENSED_SEQUENCES = 40  # as many as E1 has; data sets have hundreds of subjects
SET_NAMES = ', '.join(f'{name} ({definition.remark})' if definition.remark else name
                      for name, definition in EVALUATION_SETS.items())
"""As users read them, in help and in errors."""
# Sequences per subject: everyday, acrobatic, small walker; actors of HDM05.
_COUNTS = {'13': 18, '49': 14, '08': 8, '02': 16, 'bd': 10, 'bk': 10, 'dg': 10, 'tr': 10}


def _choose(clips: MotionClips, shortest: int) -> list[tuple[int, int, int]]:
    """(clip, first frame, frames) of every sequence, spread over the clips of each subject."""
    rng = np.random.default_rng(20261)
    chosen = []
    for subject in sorted(set(clips.subject.tolist())):
        own = np.flatnonzero((clips.subject == subject) & clips.flat & (clips.length >= shortest))
        order = rng.permutation(own)
        for k in range(_COUNTS.get(subject, 8) if len(order) else 0):
            clip = int(order[k % len(order)])
            frames = min(int(rng.integers(_LONGEST // 2, _LONGEST + 1)), int(clips.length[clip]))
            first = int(rng.integers(0, int(clips.length[clip]) - frames + 1))
            chosen.append((clip, first, frames))
    return chosen


def check_evaluation_set(text: str, body_models: Path | None = None) -> str:
    """The name that a set is reported under: itself, or NAME of NAME=FOLDER.

    Reads no motion; InputError for what is unknown, absent or empty.
    """
    return text if text in EVALUATION_SETS else _users_motion(text, body_models).name


def _users_motion(text: str, body_models: Path | None) -> LicensedMotion:
    if text.partition('=')[0] not in LICENSED_SETS:
        raise InputError(f'no evaluation set {text}; choose from {SET_NAMES}, '
                         f'{", ".join(f"{name}=FOLDER" for name in LICENSED_SETS)}')
    return LicensedMotion.find(text, body_models)


def make_evaluation_set(name: str, data: Path | str | None = None, limit: int | None = None,
                        body_models: Path | None = None) -> list[EvaluationSequence]:
    """Make a set of EVALUATION_SETS, or that of NAME=FOLDER; raises InputError.

    limit: sequences, spread over the set (default: all; 40 of NAME=FOLDER). data: motion data
    folder; body_models: the user's, for NAME=FOLDER.
    """
    definition = EVALUATION_SETS.get(name)
    if definition is None:
        motion = _users_motion(name, body_models)
        definition = replace(EVALUATION_SETS['e1_noisy'], source=motion.name)
        clips, shortest = _unseen(motion), _SHORTEST
        limit = _LICENSED_SEQUENCES if limit is None else limit
    elif definition.source == 'hdm05':
        clips, shortest = load_packed(data_root(data) / 'hdm05' / 'hdm05_train.npz'), 40
    else:
        clips, shortest = load_cmu(definition.source, data), _SHORTEST
    chosen = _choose(clips, shortest)
    if not chosen:
        raise InputError(f'{name}: no motion of {shortest / FPS:g} s or longer to evaluate on')
    if limit is not None:
        # Every k-th, so that a short run still meets every subject and camera.
        chosen_index = np.unique(np.linspace(0, len(chosen) - 1, max(limit, 1)).astype(int))
    else:
        chosen_index = np.arange(len(chosen))
    heights = _adult_heights(len(chosen)) if definition.adults else None
    return [make_sequence(clips, chosen[i], int(i), definition if heights is None else replace(
        definition, body_height=float(heights[i]))) for i in chosen_index]


def _adult_heights(count: int) -> NDArray[np.float64]:
    """Quantiles of the body heights of adults, metres, each camera's far apart."""
    turn = np.arange(count) * 5 % count if count % 5 else np.arange(count)
    return MEAN_STATURE * np.exp(STATURE_SD * ndtri((turn + 0.5) / count))


def _unseen(motion: LicensedMotion) -> MotionClips:
    """The clips of a data set but CMU's, which trained the weights that ship."""
    clips = motion.load()
    clips = clips.select(np.array([not is_cmu(subject) for subject in clips.subject.tolist()]))
    if not len(clips):
        raise InputError(f'{motion.folder} has only motion of CMU, which trained the weights; '
                         f'evaluate on other subjects, or on the set e1_noisy')
    return clips
