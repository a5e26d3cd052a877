# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks of a frame: keypoints as lifters expect them, and what is kept until the estimate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.ankle_places import lowered
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17, COCO21
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.track import Track, TrackState
from mocap23_ros.windows.resampling import MAX_GAP

Calibration = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class TrackedFrame:
    """States of the tracks of a frame by person id, and who was seen in it. stamp: seconds."""

    stamp: float
    states: dict[int, TrackState]
    seen: frozenset[int]

    @classmethod
    def of(cls, stamp: float, tracks: Sequence[Track]) -> 'TrackedFrame':
        """Keep of the tracks what estimates need; a track without a keypoint was not seen."""
        return cls(stamp, {t.person_id: t.state for t in tracks}, frozenset(
            t.person_id for t in tracks if np.isfinite(t.keypoints[:, 0]).any()))


def window_end(frames: Sequence[TrackedFrame], longest: float) -> float:
    """Stamp [s] where windows for the first frame end: at most ``longest`` seconds after it.

    frames: at least one, oldest first. Keypoints are interpolated between frames that are close
    enough. Where the next frame is not, the window ends at the frame before the gap, or it would
    see nothing of it.
    """
    first = newest = frames[0].stamp
    for frame in frames:
        if frame.stamp - newest > MAX_GAP or frame.stamp > first + longest:
            break
        newest = frame.stamp
    return newest


def calibrated(tracks: Sequence[Track], calibrate: Calibration | None) -> Sequence[Track]:
    """Give the tracks the confidence that lifters expect; None leaves it as it is."""
    if calibrate is None or not tracks:
        return tracks
    keypoints = calibrate(np.stack([track.keypoints for track in tracks]))
    return [replace(track, keypoints=own) for track, own in zip(tracks, keypoints, strict=True)]


def with_low_ankles(tracks: Sequence[Track], share: float) -> Sequence[Track]:
    """The tracks with the ankles that lifters expect; share: see skeletons/ankle_places.py."""
    if not share:
        return tracks
    return [replace(track, keypoints=lowered(track.keypoints, share)) for track in tracks]


def converted(tracks: Sequence[Track], source: SkeletonFormat, target: SkeletonFormat
              ) -> Sequence[Track]:
    """Convert the tracks; joints that ``source`` does not tell are unobserved.

    Heels and toes that a track has beside its keypoints go into COCO21.
    """
    if source == target:
        return tracks
    return [replace(track, keypoints=_converted(track, source, target)) for track in tracks]


def _converted(track: Track, source: SkeletonFormat, target: SkeletonFormat
               ) -> NDArray[np.float32]:
    keypoints = convert_keypoints(track.keypoints, source, target)
    if target == COCO21 and track.feet is not None:
        keypoints[len(COCO17):] = track.feet
    return keypoints
