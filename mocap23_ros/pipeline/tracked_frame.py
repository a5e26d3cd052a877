# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the tracker says about a frame, kept until the frame is estimated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mocap23_ros.tracking.track import Track, TrackState
from mocap23_ros.windows.resampling import MAX_GAP


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
