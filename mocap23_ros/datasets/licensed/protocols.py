# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation protocols of other papers, for users who hold the data; tables in docs/DATA.md."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.datasets.licensed.motion_conversion import floor_height, up_axis_to_z
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import invert_transform, transform_points

_EXACT_PX = 0.05  # noise of keypoints that have none


@dataclass(frozen=True)
class Video:
    """A sequence whose 2D is the projected truth, or is to be found in images.

    images: of each frame; empty where the given 2D counts. projected: [F,17,2] px, NaN where the
    truth is not known or not in front of the camera.
    """

    sequence: EvaluationSequence
    projected: NDArray[np.float64]
    images: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """title; files, body_models: as of LicensedSet. find: (folder, body models) -> videos to load.
    """

    title: str
    find: Callable[[Path, Path | None], list[Callable[[], Video]]]
    files: str
    body_models: tuple[str, ...] = ()


def video_of(name: str, data_set: str, joints: NDArray[np.float64], stamps: NDArray[np.float64],
             world_T_camera: NDArray[np.float64], K: NDArray[np.float64],
             image_size: tuple[int, int], stature: float, images: tuple[Path, ...] = ()) -> Video:
    """Bring a motion [F,34,3] and its camera [F,4,4] to a world with z up and the floor at 0.

    Up is the axis of the data's world that is nearest to the upper edge of the images; the floor
    is where the feet stand. joints: NaN: not valid. Without distortion.
    """
    rotation = up_axis_to_z(-world_T_camera[:, :3, 1].mean(axis=0))
    joints = joints @ rotation.T
    valid = np.isfinite(joints).all(axis=(1, 2))
    if not valid.any():
        raise InputError(f'{name}: no frame is valid')
    fps = 1 / float(np.median(np.diff(stamps))) if len(stamps) > 1 else 30.0
    floor = floor_height(joints[valid], fps)
    joints[..., 2] -= floor
    poses = np.tile(np.eye(4), (len(joints), 1, 1))
    poses[:, :3, :3] = rotation @ world_T_camera[:, :3, :3]
    poses[:, :3, 3] = world_T_camera[:, :3, 3] @ rotation.T - (0, 0, floor)
    coco = joints[:, COCO17_JOINTS]
    camera = CameraModel.from_calibration(K, (), 'plumb_bob', image_size)
    with np.errstate(invalid='ignore'):
        projected = np.stack([camera.project(transform_points(invert_transform(pose), frame))
                              for pose, frame in zip(poses, coco, strict=True)])
    inside = ((projected > -0.5) & (projected < np.array(image_size) - 0.5)).all(axis=-1)
    keypoints = np.full((*projected.shape[:2], 3), np.nan, np.float32)
    keypoints[..., 2] = 0
    keypoints[inside, :2], keypoints[inside, 2] = projected[inside], 1
    return Video(EvaluationSequence(
        name, data_set, {
            'keypoints': keypoints[:, None], 'stamps': stamps, 'K': np.asarray(K, np.float64),
            'distortion': np.zeros(0), 'distortion_model': np.array('plumb_bob'),
            'image_size': np.array(image_size), 'world_T_camera': poses,
            'stature': np.array([np.nan], np.float32)},
        coco.astype(np.float32), np.full((len(coco), 2), np.nan, np.float32), stature, False,
        poses[:, :3, 3].copy(), _EXACT_PX), projected, images)


def with_keypoints(video: Video, keypoints: NDArray[np.floating], detector: str
                   ) -> EvaluationSequence:
    """The sequence with what a detector found, [F,17,3] px."""
    error = keypoints[..., :2] - video.projected
    known = np.isfinite(error).all(axis=-1)
    if not known.any():
        raise InputError(f'{video.sequence.name}: the person was found in no image')
    lift_input = video.sequence.lift_input | {
        'keypoints': keypoints[:, None].astype(np.float32), 'detector': np.array(detector)}
    return replace(video.sequence, lift_input=lift_input,
                   sigma_px=1.4826 * float(np.median(np.abs(error[known]))))
