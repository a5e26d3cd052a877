# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Compares keypoint files with a truth, in 3D or in the image: the errors of a detector."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.detected_clips import DetectedClip
from mocap23_ros.detection.matched_people import in_order_of_truth
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.evaluation.motion_files import files_with_truth
from mocap23_ros.evaluation.truth_sources import load_truth
from mocap23_ros.geometry.poses import invert_transform, transform_points
from mocap23_ros.npz_files import open_npz
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.skeletons.coco17 import COCO_JOINTS

_LONGEST_STEP = 0.1  # seconds of the truth, over which it is interpolated
_PAUSE = 1.6  # median steps, from which another clip begins
_ANYWHERE = 0.1  # OKS: badly detected people count, too


def recorded_clips(keypoints: Path, truth: Path) -> list[DetectedClip]:
    """Clips of a keypoint file or of all files of a folder, with truths of the same names.

    A truth is motion in the world as ``evaluate`` takes it (joints, stamps), or 2D keypoints in
    the raw image (keypoints [F,P,17,2 or more], stamps). InputError.
    """
    return [clip for file, own in files_with_truth(keypoints, truth)
            for clip in _clips_of(file, own)]


def _clips_of(path: Path, truth_path: Path) -> Iterator[DetectedClip]:
    in_image = _is_in_image(truth_path)
    recording = load_recording(path, pose_needed=not in_image)
    if recording.frames < 2:
        raise InputError(f'{path}: one frame tells nothing of how errors go on; give more')
    truth = _truth_at(recording, truth_path, in_image)
    found = in_order_of_truth(truth, recording.keypoints, _ANYWHERE)
    steps = np.diff(recording.stamps)
    period = float(np.median(steps))
    bounds = [0, *(np.flatnonzero(steps > _PAUSE * period) + 1).tolist(), recording.frames]
    for first, last in zip(bounds, bounds[1:], strict=False):
        for person in range(truth.shape[1]):
            yield DetectedClip(truth[first:last, person], found[first:last, person], 1 / period)


def _is_in_image(path: Path) -> bool:
    with errors_of(path), open_npz(path) as archive:
        return 'keypoints' in archive.names and 'joints' not in archive.names


def _truth_at(recording: KeypointRecording, path: Path, in_image: bool) -> NDArray[np.float64]:
    """True keypoints [F,P,17,2] px at the stamps of a recording, NaN where not known."""
    if in_image:
        points, stamps = _read_image_truth(path)
        return _checked(_interpolated(stamps, points, recording.stamps), path)
    motion = load_truth(path)
    joints = _interpolated(motion['stamps'], motion['joints'][:, :, COCO_JOINTS], recording.stamps)
    pixels = np.full((*joints.shape[:3], 2), np.nan)
    for frame in range(recording.frames):
        camera_T_world = invert_transform(recording.world_T_camera[frame])
        with np.errstate(invalid='ignore'):
            pixels[frame] = recording.camera(frame).project(
                transform_points(camera_T_world, joints[frame]))
    return _checked(pixels, path)


def _checked(pixels: NDArray, path: Path) -> NDArray[np.float64]:
    if not np.isfinite(pixels).any():
        raise InputError(f'{path}: nothing of the truth is in view at the time of the keypoints; '
                         'stamps, world_T_camera and the truth must be of one clock and one world')
    return pixels


def _read_image_truth(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with errors_of(path):
        with open_npz(path) as archive:
            points, stamps = archive.read('keypoints'), archive.read('stamps')
        if points.dtype.kind not in 'fiu' or points.ndim != 4 or points.shape[2] != 17 \
                or points.shape[3] < 2 or stamps.shape != points.shape[:1]:
            raise InputError(f'keypoints must be [frames, people, 17, 2] with one stamp per frame, '
                             f'got {points.shape} and {stamps.shape}')
        if stamps.dtype.kind not in 'fiu' or not len(stamps) \
                or not (np.isfinite(stamps).all() and (np.diff(stamps) > 0).all()):
            raise InputError('stamps must increase and there must be at least one frame')
    points = points[..., :2].astype(np.float64)
    points[~np.isfinite(points).all(axis=-1)] = np.nan
    return points, stamps.astype(np.float64)


def _interpolated(stamps: NDArray, values: NDArray, wanted: NDArray) -> NDArray[np.float64]:
    """Values [F,...] at wanted times, linearly; NaN outside and in gaps."""
    after = np.clip(np.searchsorted(stamps, wanted), 0, len(stamps) - 1)
    exact = stamps[after] == wanted
    before = np.where(exact, after, np.maximum(after - 1, 0))
    step = stamps[after] - stamps[before]
    part = np.where(step > 0, (wanted - stamps[before]) / np.where(step > 0, step, 1), 0.0)
    usable = exact | ((wanted >= stamps[before]) & (wanted <= stamps[after])
                      & (step > 0) & (step <= _LONGEST_STEP))
    part = part.reshape(-1, *(1,) * (values.ndim - 1))
    # An exact sample must not be lost to a neighbour that is not known.
    mixed = np.where(part > 0, (1 - part) * values[before] + part * values[after], values[before])
    return np.where(usable.reshape(part.shape), mixed, np.nan)
