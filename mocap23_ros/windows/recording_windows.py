# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""All windows of a whole recording, for lifting offline and for training data."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.windows.keypoint_windows import KeypointWindows
from mocap23_ros.windows.resampling import MAX_GAP, resample_keypoints, resample_poses


def recording_windows(stamps: NDArray[np.float64], keypoints: NDArray[np.float32],
                      world_T_camera: NDArray[np.float64], focal_length: float, length: int,
                      rate: float, end_stamps: ArrayLike | None = None,
                      stature: ArrayLike | None = None) -> Iterator[KeypointWindows]:
    """Yield the windows of ``length`` samples at ``rate`` per second that end at ``end_stamps``.

    The whole recording is resampled in one go, so a window costs a tenth of a
    KeypointHistory's; samples after a frame are used, up to the next frame within MAX_GAP.

    stamps: [F] seconds, increasing. keypoints: [P,F,J,3] undistorted normalised x, y and
    confidence, 0 = unobserved. world_T_camera: [4,4] or [F,4,4]. end_stamps: one window each, by
    default one per frame. stature: [P] metres, NaN = unknown.
    Person ids are 1 to P and everybody is in every window, unseen as NaN. Raises InputError for
    stamps that do not increase.
    """
    stamps = np.asarray(stamps, np.float64)
    if not np.isfinite(stamps).all() or (np.diff(stamps) <= 0).any():
        raise InputError('stamps must be finite and increase from frame to frame')
    if length < 1 or not rate > 0:
        raise InputError(f'windows need length >= 1 and rate > 0, not {length} and {rate}')
    people, frames = keypoints.shape[:2]
    ends = stamps if end_stamps is None else np.asarray(end_stamps, np.float64).ravel()
    poses = np.broadcast_to(np.asarray(world_T_camera, np.float64), (frames, 4, 4))
    heights = (np.full(people, np.nan, np.float32) if stature is None
               else np.asarray(stature, np.float32))
    offsets = np.arange(length - 1, -1, -1) / rate
    block = max(1, 4096 // length)  # windows at a time: bounds memory for hours of recording
    for first in range(0, len(ends), block):
        query = ends[first:first + block, None] - offsets
        span = slice(*np.searchsorted(stamps, (query.min() - MAX_GAP, query.max() + MAX_GAP)))
        samples = resample_keypoints(stamps[span], keypoints[:, span], query.ravel())
        samples = samples.reshape(people, len(query), length, *samples.shape[2:])
        camera = resample_poses(stamps, poses, query.ravel()).reshape(-1, length, 4, 4)
        for index, window_stamps in enumerate(query):
            yield KeypointWindows(
                stamps=window_stamps, keypoints=samples[:, index], world_T_camera=camera[index],
                focal_length=focal_length, person_ids=np.arange(1, people + 1), stature=heights)
