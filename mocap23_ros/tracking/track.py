# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One person followed through the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class TrackState(IntEnum):
    """Life of a track; the values are those of mocap23_msgs/Skeleton.state."""

    INIT = 0  # seen, not yet confirmed
    TRACKED = 1  # confirmed and seen in this frame
    PREDICTED = 2  # confirmed, not seen in this frame
    LOST = 3  # just given up; reported once


@dataclass(frozen=True)
class Track:
    """State of one person at one frame.

    person_id: positive, never used again for somebody else before a reset.
    keypoints: float32 [J,3] as in Detection; all NaN where the person was not seen.
    bounding_box: float32 [4] px, predicted where unobserved.
    age: seconds since first seen.
    feet: float32 [4,3] as in Detection; None where they were not seen.
    """

    person_id: int
    state: TrackState
    keypoints: NDArray[np.float32]
    bounding_box: NDArray[np.float32]
    age: float
    feet: NDArray[np.float32] | None = None


def bounding_boxes(tracks: Sequence[Track]) -> NDArray[np.float64]:
    """Boxes [P,4] of tracks, px; of none where there are none."""
    return np.array([track.bounding_box for track in tracks], np.float64).reshape(-1, 4)
