# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One sequence of an evaluation set: a subject before a camera, and what a detector sees of him.

The cameras are those of a table that training does not draw from; three of them have lens
distortion.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.augmentation import NO_NOISE, NO_OCCLUSION, Augmentation
from mocap23_ros.datasets.cameras import Cameras
from mocap23_ros.datasets.clip_resampling import rotate_about_vertical
from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.datasets.keypoint_noise import KeypointNoise
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.datasets.motion_clips import MotionClips
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
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS

FPS = 30.0
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


@dataclass(frozen=True)
class EvaluationSet:
    """What a set consists of; ``source`` is a split of CMU, hdm05 or a LICENSED_SETS name.

    pose_error: of the believed camera poses, or None. remark: for its users. detector: one whose
    noise ships, whose errors take the place of ``noise``. body_height: m, to which bodies are
    scaled, proportions and all; None leaves them as they are. adults: scaled to heights as adults
    have them, in turn.
    """

    source: str
    noise: KeypointNoise
    occlusion: Occlusion
    moving: bool = False
    stature_given: bool = False
    pose_error: PoseError | None = None
    remark: str = ''
    detector: str = ''
    body_height: float | None = None
    adults: bool = False


def _intrinsics(index: int) -> tuple[CameraModel, float, float]:
    ratio, size, height, distance, coefficients = _FIXED_CAMERAS[index % len(_FIXED_CAMERAS)]
    f = ratio * max(size)
    k = np.array([[f, 0, size[0] / 2 + 4.5], [0, f * 1.002, size[1] / 2 - 3], [0, 0, 1]])
    return CameraModel.from_calibration(k, coefficients, 'plumb_bob', size), height, distance


def make_sequence(clips: MotionClips, which: tuple[int, int, int], index: int,
                  definition: EvaluationSet) -> EvaluationSequence:
    """Draw the camera, errors and occlusions of a sequence; the same for the same index.

    which: (clip, first frame, frames). index: of the sequence in its set; it chooses the camera.
    """
    # The scene is drawn apart from the errors, so that clean, noisy and occluded show the same.
    scene, errors = np.random.default_rng([1871, index]), np.random.default_rng([977, index])
    clip, first, frames = which
    scale = 1.0 if definition.body_height is None \
        else definition.body_height / float(clips.stature[clip])
    body = scale * clips.positions(clip)[first:first + frames]
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
    pitch_sd = height_sd = latency = 0.0
    if definition.pose_error is not None:
        path = believed_path(path, definition.pose_error, FPS, errors)
        pitch_sd, height_sd = definition.pose_error.pitch_deg, definition.pose_error.height
        latency = definition.pose_error.latency / np.sqrt(3)  # of a uniform distribution
    keypoints = seen.keypoints[0].copy()
    keypoints[..., :2] = camera.distort(keypoints[..., :2])
    keypoints[seen.kind[0] >= 2, :2] = np.nan
    believed = path.world_T_camera()[0].astype(np.float64)
    stature = scale * float(clips.stature[clip])
    lift_input = {
        'keypoints': keypoints[:, None], 'stamps': 100.0 + np.arange(frames) / FPS,
        'K': camera.K.copy(), 'distortion': camera.distortion.copy(),
        'distortion_model': np.array('plumb_bob'), 'image_size': np.array(camera.image_size),
        'world_T_camera': _orthonormal(believed if definition.moving else believed[0]),
        'stature': np.array([stature * (1 + 0.01 * errors.standard_normal())
                             if definition.stature_given else np.nan], np.float32),
        'camera_sd': np.array([np.radians(pitch_sd), height_sd, latency]),
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
