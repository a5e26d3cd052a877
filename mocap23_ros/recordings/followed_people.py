# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Detections of a whole recording, put into one column for each person."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.skeletons.unobserved import clear_unobserved, unobserved_keypoints
from mocap23_ros.tracking.floor_places import CameraView
from mocap23_ros.tracking.track import TrackState
from mocap23_ros.tracking.tracker import Tracker


class FollowedPeople:
    """Collects what a tracker makes of the detections of one frame after the other."""

    def __init__(self) -> None:
        self._tracker = Tracker()
        self._people: dict[int, dict[int, NDArray[np.float32]]] = {}
        self._confirmed: set[int] = set()
        self.frames = 0

    def add(self, detections: Sequence[Detection], stamp: float, view: CameraView | None) -> None:
        """Take in a frame; stamps must increase. view: see Tracker.update."""
        for track in self._tracker.update(detections, stamp, view):
            if np.isfinite(track.keypoints[:, 0]).any():
                feet = track.feet if track.feet is not None else track.keypoints[:0]
                self._people.setdefault(track.person_id, {})[self.frames] = np.concatenate(
                    [track.keypoints, feet])
            if track.state == TrackState.TRACKED:
                self._confirmed.add(track.person_id)
        self.frames += 1

    def keypoints(self, joints: int) -> NDArray[np.float32]:
        """Keypoints [F,P,J,3] of everybody who was confirmed, in that order; from the first
        detection on. joints: J of the detector's format, or of COCO21 for COCO-17 with feet.
        """
        ids = sorted(self._confirmed)
        keypoints = unobserved_keypoints(self.frames, len(ids), joints)
        for column, person_id in enumerate(ids):
            for row, values in self._people[person_id].items():
                keypoints[row, column, :len(values)] = values[:joints]
        clear_unobserved(keypoints)
        return keypoints
