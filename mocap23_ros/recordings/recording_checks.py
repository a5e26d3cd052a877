# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings that are well formed, but from which nobody can be lifted."""

from dataclasses import replace

import numpy as np

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.recordings.recording import KeypointRecording

_LEAST_RATIO = 0.1  # of a ray's slope to that without distortion; of real lenses it is above 0.5


def check_liftable(recording: KeypointRecording) -> list[int]:
    """Persons, counted from 1, who are never seen; the others can be lifted.

    Raises InputError where nobody is ever seen, where the camera is never above the floor, and
    for distortion that no lens has.
    """
    seen = (recording.keypoints[..., 2] > 0).any(axis=(0, 2))
    if not seen.any():
        raise InputError('nobody is ever seen: all keypoints are NaN or have the confidence 0')
    height = recording.world_T_camera[:, 2, 3]
    if (height <= 0).all():
        raise InputError(f'the camera is never above the floor (at most {height.max():.3g} m); '
                         'world_T_camera must map into a world with z up and the floor at z = 0')
    _check_lens(recording)
    return (np.flatnonzero(~seen) + 1).tolist()


def _check_lens(recording: KeypointRecording) -> None:
    """Refuse coefficients that leave no ray to any keypoint, or squeeze all rays into the axis."""
    if not any(camera.distortion.any() for camera in recording.cameras):
        return
    pinhole = replace(recording, cameras=tuple(
        CameraModel.from_calibration(camera.K, (), 'plumb_bob', camera.image_size)
        for camera in recording.cameras)).undistorted()
    rays = recording.undistorted()
    seen = rays[..., 2] > 0
    radius = np.linalg.norm(pinhole[seen][:, :2], axis=-1)
    ratio = np.linalg.norm(rays[seen][:, :2], axis=-1) / np.maximum(radius, 1e-6)
    if not seen.any() or np.median(ratio) < _LEAST_RATIO:
        raise InputError('distortion has coefficients that no lens has; check their order and '
                         'distortion_model, and that K is of the same image size')
