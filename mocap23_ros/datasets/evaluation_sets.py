# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation sets at fixed cameras: E1 to E3 of held-out subjects, and sets of users' motion.

Everything is drawn from fixed seeds, so a set is the same on every machine. The cameras are those
of a table that training does not draw from; three of them have lens distortion.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.augmentation import NO_NOISE, NO_OCCLUSION, Augmentation
from mocap23_ros.datasets.cameras import Cameras
from mocap23_ros.datasets.clip_resampling import rotate_about_vertical
from mocap23_ros.datasets.cmu import data_root, load_cmu
from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.datasets.keypoint_noise import KeypointNoise
from mocap23_ros.datasets.licensed.cmu_subjects import is_cmu
from mocap23_ros.datasets.licensed.data_sets import LICENSED_SETS, LicensedMotion
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.datasets.motion_clips import MotionClips, load_packed
from mocap23_ros.datasets.moving_camera import (
    CameraMotion,
    CameraPath,
    PoseError,
    believed_path,
    draw_camera_path,
)
from mocap23_ros.datasets.observation import observe
from mocap23_ros.datasets.occlusion import Occlusion
from mocap23_ros.detection.detector_noise_file import find_detector_noise, load_detector_noise
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS

FPS = 30.0
_LONGEST, _SHORTEST = 180, 60    # frames
# Focal length / longer side, image size, height (m), distance (m), plumb_bob coefficients.
_FIXED_CAMERAS: tuple[tuple[float, tuple[int, int], float, float, tuple[float, ...]], ...] = (
    (0.95, (1280, 720), 1.45, 3.1, ()),
    (0.70, (1920, 1080), 2.30, 4.4, (-0.21, 0.06, 0.0006, -0.0004, -0.01)),
    (0.60, (640, 480), 1.10, 2.6, ()),
    (1.15, (1920, 1080), 2.85, 7.3, ()),
    (0.82, (1280, 960), 1.80, 5.6, (-0.12, 0.03, 0.0, 0.0, 0.0)),
    (1.25, (1280, 720), 3.20, 10.4, ()),
    (0.75, (1080, 1920), 1.60, 3.8, ()),
    (1.00, (848, 480), 2.05, 8.2, (0.09, -0.15, 0.0003, 0.0005, 0.04)),
)
_ROBOT_HEIGHTS = (0.45, 0.75, 1.05, 1.35)

_NOISY = KeypointNoise(exact_share=0.0, spread=(0.12, 0.30), offset=0.008, focal=0.0,
                       principal_point=0.0)
_SOME_OCCLUSION = Occlusion(limb=0.25, box=0.1, late=0.0)
_MUCH_OCCLUSION = Occlusion(limb=0.9, box=0.4, late=0.2, duration=(0.5, 3.0))
_E2_POSE_ERROR = PoseError(scale=(1.0, 1.0), yaw_drift_deg=0.0, position_drift=0.0)
# What detectors do at their worst: errors of a COCO sigma that no confidence tells, sides that stay
# exchanged, limbs that lie elsewhere, legs that are never seen, and mounts that are a little off.
_WIDE = KeypointNoise(
    exact_share=0.0, spread=(0.2, 0.9), bias=0.7, swap=0.5, swap_time=(0.1, 3.0), grab=0.1,
    grab_time=(0.07, 1.0), wrong_limb=0.3, blind=0.4)
_WIDE_OCCLUSION = Occlusion(limb=0.4, box=0.2, late=0.0, lower_body=0.15)
_E3_POSE_ERROR = PoseError(pitch_deg=0.3, roll_deg=0.3, height=0.015, scale=(1.0, 1.0),
                           yaw_drift_deg=0.0, position_drift=0.0)


@dataclass(frozen=True)
class EvaluationSet:
    """What a set consists of; ``source`` is a split of CMU, hdm05 or a LICENSED_SETS name.

    pose_error: of the believed camera poses, or None. remark: for its users. detector: one whose
    noise ships, whose errors take the place of ``noise``.
    """

    source: str
    noise: KeypointNoise
    occlusion: Occlusion
    moving: bool = False
    stature_given: bool = False
    pose_error: PoseError | None = None
    remark: str = ''
    detector: str = ''


EVALUATION_SETS = {
    'e1_clean': EvaluationSet('validation', NO_NOISE, NO_OCCLUSION),
    'e1_noisy': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION),
    'e1_occluded': EvaluationSet('validation', _NOISY, _MUCH_OCCLUSION),
    'e1_blazepose': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION, detector='blazepose'),
    'e1_noisy_stature': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION, stature_given=True),
    'e2_moving': EvaluationSet('validation', _NOISY, _SOME_OCCLUSION, moving=True,
                               pose_error=_E2_POSE_ERROR),
    'e3_wide': EvaluationSet('validation', _WIDE, _WIDE_OCCLUSION, pose_error=_E3_POSE_ERROR),
    'e3_moving': EvaluationSet('validation', _WIDE, _WIDE_OCCLUSION, moving=True,
                               pose_error=_E3_POSE_ERROR),
    'hdm05_clean': EvaluationSet('hdm05', NO_NOISE, NO_OCCLUSION),
    'hdm05_noisy': EvaluationSet('hdm05', _NOISY, _SOME_OCCLUSION),
    'calibration': EvaluationSet('calibration', _NOISY, _SOME_OCCLUSION,
                                 remark='sets the uncertainty; not for figures'),
    'calibration_wide': EvaluationSet('calibration', _WIDE, _WIDE_OCCLUSION,
                                      remark='sets the uncertainty; not for figures'),
}
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


def _intrinsics(index: int) -> tuple[CameraModel, float, float]:
    ratio, size, height, distance, coefficients = _FIXED_CAMERAS[index % len(_FIXED_CAMERAS)]
    f = ratio * max(size)
    k = np.array([[f, 0, size[0] / 2 + 4.5], [0, f * 1.002, size[1] / 2 - 3], [0, 0, 1]])
    return CameraModel.from_calibration(k, coefficients, 'plumb_bob', size), height, distance


def _make(clips: MotionClips, which: tuple[int, int, int], index: int,
          definition: EvaluationSet) -> EvaluationSequence:
    # The scene is drawn apart from the errors, so that clean, noisy and occluded show the same.
    scene, errors = np.random.default_rng([1871, index]), np.random.default_rng([977, index])
    clip, first, frames = which
    body = clips.positions(clip)[first:first + frames]
    start = int(clips.start[clip]) + first
    joints = rotate_about_vertical(body[None], scene.uniform(-np.pi, np.pi, 1).astype(np.float32))
    joints = joints[:, :, COCO17_JOINTS]
    camera, height, distance = _intrinsics(index)
    root = joints[0][:, HIPS].mean(axis=1)
    centre = (root.min(axis=0) + root.max(axis=0)) / 2
    chest = (joints[:, :, SHOULDERS].mean(axis=2) + joints[:, :, HIPS].mean(axis=2)) / 2
    off = np.clip(scene.standard_normal((1, 2)) * 0.06, -0.12, 0.12)
    roll = scene.standard_normal(1) * np.radians(1.0)
    shift = np.array([distance, 0, 0], np.float32) - centre * np.array([1, 1, 0], np.float32)
    joints, chest = joints + shift, chest + shift
    if definition.moving:
        motion = CameraMotion(moving_share=1.0, follow_share=1.0)
        robot = np.array([_ROBOT_HEIGHTS[index % len(_ROBOT_HEIGHTS)]])
        path = draw_camera_path(chest, robot, off, roll, motion, FPS, scene)
    else:
        target = np.broadcast_to(centre + shift, chest.shape)
        still = CameraMotion(moving_share=0.0)
        path = draw_camera_path(target.astype(np.float32), np.array([height]), off, roll, still,
                                FPS, scene)
    # Anywhere on the floor, under any heading: nothing may depend on the world's origin.
    turn = scene.uniform(-np.pi, np.pi, 1).astype(np.float32)
    place = np.append(scene.uniform(-8, 8, 2), 0).astype(np.float32)
    joints = rotate_about_vertical(joints, turn) + place
    position = rotate_about_vertical(path.position, turn) + place
    angles = path.angles + np.array([1, 0, 0], np.float32) * turn
    path = CameraPath(angles, position, path.moving)
    lens = Cameras(np.array([camera.focal_length], np.float32),
                   np.array([camera.image_size], np.float32), path)
    augmentation = replace(Augmentation(), noise=definition.noise, occlusion=definition.occlusion)
    if definition.detector:
        augmentation = replace(augmentation, detector_share=1.0, detector=load_detector_noise(
            find_detector_noise(definition.detector)))
    pose = path.world_T_camera()
    exact = replace(augmentation, detector=None, noise=NO_NOISE, occlusion=NO_OCCLUSION)
    truth_2d = observe(joints, lens, pose, FPS, exact, np.random.default_rng(0))
    seen = observe(joints, lens, pose, FPS, augmentation, errors)
    both = (seen.kind == 0) & (truth_2d.kind == 0)
    difference = (seen.keypoints - truth_2d.keypoints)[..., :2][both] * camera.focal_length
    # Robust sd per coordinate: peaks and swaps must not make the limit lenient.
    sigma = 1.4826 * float(np.median(np.abs(difference))) if len(difference) else 0.0
    pitch_sd = height_sd = 0.0
    if definition.pose_error is not None:
        path = believed_path(path, definition.pose_error, FPS, errors)
        pitch_sd, height_sd = definition.pose_error.pitch_deg, definition.pose_error.height
    keypoints = seen.keypoints[0].copy()
    keypoints[..., :2] = camera.distort(keypoints[..., :2])
    keypoints[seen.kind[0] >= 2, :2] = np.nan
    believed = path.world_T_camera()[0].astype(np.float64)
    stature = float(clips.stature[clip])
    lift_input = {
        'keypoints': keypoints[:, None], 'stamps': 100.0 + np.arange(frames) / FPS,
        'K': camera.K.copy(), 'distortion': camera.distortion.copy(),
        'distortion_model': np.array('plumb_bob'), 'image_size': np.array(camera.image_size),
        'world_T_camera': _orthonormal(believed if definition.moving else believed[0]),
        'stature': np.array([stature * (1 + 0.01 * errors.standard_normal())
                             if definition.stature_given else np.nan], np.float32),
    }
    return EvaluationSequence(
        f'{index:02d}_{clips.name[clip]}', str(clips.description[clip]), lift_input,
        joints[0], clips.contact[start:start + frames].astype(np.float32), stature,
        bool(clips.flat[clip]), position[0].astype(np.float64), sigma, pitch_sd, height_sd)


def _orthonormal(pose: NDArray[np.float64]) -> NDArray[np.float64]:
    """Remove the float32 rounding of rotations."""
    u, _, vt = np.linalg.svd(pose[..., :3, :3])
    pose[..., :3, :3] = u @ vt
    return pose


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
    return [_make(clips, chosen[i], int(i), definition) for i in chosen_index]


def _unseen(motion: LicensedMotion) -> MotionClips:
    """Its clips but CMU's, which trained the weights that ship."""
    clips = motion.load()
    clips = clips.select(np.array([not is_cmu(subject) for subject in clips.subject.tolist()]))
    if not len(clips):
        raise InputError(f'{motion.folder} has only motion of CMU, which trained the weights; '
                         f'evaluate on other subjects, or on the set e1_noisy')
    return clips
