# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Changes the keypoints of tracks: their confidence, their format."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.track import Track

Calibration = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def calibrated(tracks: Sequence[Track], calibrate: Calibration | None) -> Sequence[Track]:
    """Give the tracks the confidence that lifters know; None leaves it as it is."""
    if calibrate is None or not tracks:
        return tracks
    keypoints = calibrate(np.stack([track.keypoints for track in tracks]))
    return [replace(track, keypoints=own) for track, own in zip(tracks, keypoints, strict=True)]


def converted(tracks: Sequence[Track], source: SkeletonFormat, target: SkeletonFormat
              ) -> Sequence[Track]:
    """Convert the tracks; joints that ``source`` does not tell are unobserved."""
    if source == target:
        return tracks
    return [replace(track, keypoints=convert_keypoints(track.keypoints, source, target))
            for track in tracks]
