# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The people whom a stream follows, from their first sighting until they are lost."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.pipeline.tracked_frame import TrackedFrame
from mocap23_ros.tracking.track import TrackState

_KNOWN_STATURE = 0.03  # relative standard deviation, from which a stature counts as known


class PersonStates:
    """Keeps the first sighting and newest skeleton of each person, and says who is lost.

    first_seen: seconds by person id. newest: skeletons of the last frame in which each person was
    lifted, by person id, in the steady world.
    """

    def __init__(self, fill_time: float, patience: float) -> None:
        """fill_time, patience: seconds until a person is TRACKED; unseen until they are LOST."""
        self._fill_time = fill_time
        self._patience = patience
        self.first_seen: dict[int, float] = {}
        self.newest: dict[int, SkeletonEstimate] = {}

    def see(self, person_ids: Iterable[int], stamp: float) -> None:
        """Take in who was seen at a stamp [s]."""
        for person_id in person_ids:
            self.first_seen.setdefault(person_id, stamp)

    def stated(self, estimates: Mapping[int, SkeletonEstimate], frame: TrackedFrame,
               window_end: float) -> dict[int, SkeletonEstimate]:
        """Give lifted skeletons of a frame the states of their people, and remember them.

        window_end: seconds, of the window that they were lifted from.
        """
        result = {i: replace(estimate, state=self._state(i, frame, window_end))
                  for i, estimate in estimates.items()}
        self.newest.update((i, estimate) for i, estimate in result.items()
                           if estimate.state != TrackState.PREDICTED)
        return result

    def _state(self, person_id: int, frame: TrackedFrame, window_end: float) -> TrackState:
        if person_id not in frame.seen:
            return TrackState.PREDICTED
        state = frame.states.get(person_id, TrackState.TRACKED)
        filling = window_end - self.first_seen.get(person_id, window_end) < self._fill_time
        return TrackState.INIT if filling or state == TrackState.INIT else TrackState.TRACKED

    def lost(self, frame: TrackedFrame) -> list[int]:
        """People with a skeleton whom the tracker gave up or who were unseen for too long."""
        return [i for i, estimate in self.newest.items()
                if frame.states.get(i) == TrackState.LOST
                or (i not in frame.seen and frame.stamp - estimate.stamp > self._patience)]

    def known_statures(self, person_ids: Iterable[int]) -> dict[int, float]:
        """Statures [m] by person id, where they are known well."""
        skeletons = (self.newest[i] for i in person_ids if i in self.newest)
        return {s.person_id: s.stature for s in skeletons
                if s.stature_sd < _KNOWN_STATURE * s.stature}

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people; everybody when None."""
        for known in (self.first_seen, self.newest):
            for person_id in list(known) if person_ids is None else person_ids:
                known.pop(person_id, None)
