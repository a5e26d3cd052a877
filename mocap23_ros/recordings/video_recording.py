# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of the people in a video file."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from mocap23_ros.detection.detector import Detector
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.tracking.track import TrackState
from mocap23_ros.tracking.tracker import Tracker

MAXIMUM_FRAMES = 200_000


def record_video(video: Path, camera_file: Path, detector: Detector,
                 progress: Callable[[int, int], None] | None = None) -> KeypointRecording:
    """Detect and track everybody in a video of a fixed camera.

    The keypoints stay in the detector's format; stamps are frame number / frame rate. People who
    were never confirmed by the tracker are left out. progress: called with (frames done, frames
    in all, 0 = unknown). Raises InputError for files that cannot be read and a camera file
    without ``world_T_camera``.
    """
    contents = load_camera_file(camera_file)
    pose = contents.floor_T_camera
    if pose is None:
        raise InputError(f'{camera_file} does not say where the camera stands: add '
                         'world_T_camera with translation (x, y, z) and quaternion (x, y, z, w)')
    if not Path(video).is_file():
        raise InputError(f'{video}: no such file')
    capture = cv2.VideoCapture(str(video))
    try:
        rate = capture.get(cv2.CAP_PROP_FPS)
        if not capture.isOpened() or not 0 < rate < 10_000:
            raise InputError(f'{video} is not a video that OpenCV can read')
        total = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        tracker = Tracker()
        people: dict[int, dict[int, np.ndarray]] = {}
        confirmed: set[int] = set()
        camera, frame = None, 0
        while True:
            there, image = capture.read()
            if not there:
                break
            if frame == MAXIMUM_FRAMES:
                raise InputError(f'{video} is longer than {MAXIMUM_FRAMES} frames; cut it')
            if camera is None:
                camera = contents.camera.with_image_size(image.shape[1::-1])
            for track in tracker.update(detector.detect(np.asarray(image, np.uint8)), frame / rate):
                if np.isfinite(track.keypoints[:, 0]).any():
                    people.setdefault(track.person_id, {})[frame] = track.keypoints
                if track.state == TrackState.TRACKED:
                    confirmed.add(track.person_id)
            frame += 1
            if progress is not None:
                progress(frame, total)
    finally:
        capture.release()
    if camera is None:
        raise InputError(f'{video} has no frames that OpenCV can read')
    ids = sorted(confirmed)
    keypoints = np.full((frame, len(ids), len(detector.format), 3), np.nan, np.float32)
    keypoints[..., 2] = 0
    for column, person_id in enumerate(ids):
        for row, values in people[person_id].items():
            keypoints[row, column] = values
    keypoints[~np.isfinite(keypoints).all(axis=-1)] = (np.nan, np.nan, 0)
    return KeypointRecording(keypoints, np.arange(frame) / rate, (camera,),
                             np.broadcast_to(pose, (frame, 4, 4)),
                             np.full(len(ids), np.nan, np.float32), detector.format)
