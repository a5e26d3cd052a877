# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People in recordings of 2D keypoints, as training data of stage 1."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.windows.resampling import MAX_GAP

_LONGEST_ABSENCE = 1.0  # seconds; after it a new stay begins


@dataclass(frozen=True)
class KeypointTrack:
    """One stay of one person in one recording, from the first to the last frame that saw them.

    recording, person: numbers. stamps: float64 [F] seconds. keypoints: float32 [F,J,3]
    undistorted normalised x, y and confidence; (NaN, NaN, 0) where unobserved.
    world_T_camera: float64 [F,4,4]. focal_length: float64 [F] pixels. stature: m, NaN = unknown.
    """

    recording: int
    person: int
    stamps: NDArray[np.float64]
    keypoints: NDArray[np.float32]
    world_T_camera: NDArray[np.float64]
    focal_length: NDArray[np.float64]
    stature: float

    @property
    def minutes(self) -> float:
        """How long the person was seen; absences of more than MAX_GAP do not count."""
        seen = self.stamps[self.keypoints[..., 2].any(axis=1)]
        gaps = np.diff(seen)
        return float(gaps[gaps <= MAX_GAP].sum() / 60)


def load_keypoint_tracks(path: Path, skeleton: SkeletonFormat) -> list[KeypointTrack]:
    """Read everybody in a keypoint file, or in every ``*.npz`` of a folder (docs/LIFT.md).

    Keypoints are brought into ``skeleton``. Raises InputError, naming the file, for one
    that cannot be used, also for a camera that does not stand above the floor.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(file for file in path.glob('*.npz') if file.is_file())
        if not files:
            raise InputError(f'{path} has no *.npz files; mocap23 lift --video ... '
                             '--save-keypoints writes them')
    else:
        files = [path]
    tracks: list[KeypointTrack] = []
    for number, file in enumerate(files):
        recording = load_recording(file, skeleton)
        if (recording.world_T_camera[:, 2, 3] <= 0).any():
            raise InputError(f'{file}: the camera is not above the floor; world_T_camera must be '
                             'in a world with z up and the floor at z = 0')
        tracks += _tracks(recording, number)
    return tracks


def _tracks(recording: KeypointRecording, number: int) -> list[KeypointTrack]:
    keypoints = recording.undistorted()
    focal = np.array([camera.focal_length for camera in recording.cameras])
    focal = np.broadcast_to(focal, recording.frames)
    tracks = []
    for person in range(recording.people):
        seen = np.flatnonzero(keypoints[:, person, :, 2].any(axis=1))
        breaks = np.flatnonzero(np.diff(recording.stamps[seen]) > _LONGEST_ABSENCE) + 1
        for stay in np.split(seen, breaks) if len(seen) else ():
            span = slice(stay[0], stay[-1] + 1)
            tracks.append(KeypointTrack(
                number, person, recording.stamps[span], keypoints[span, person].copy(),
                recording.world_T_camera[span], focal[span], float(recording.stature[person])))
    return tracks
