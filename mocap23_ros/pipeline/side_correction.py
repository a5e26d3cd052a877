# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Corrects exchanged sides of keypoints, and adds the doubt that remains to the covariance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.lifted_frame import LiftedFrame, frame_at
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.side_filter import SideAlternative, SideFilter
from mocap23_ros.windows.keypoint_history import KeypointHistory
from mocap23_ros.windows.keypoint_windows import KeypointWindows

LEAST_PROBABILITY = 0.03  # less probable sides are not worth a lift of their own
_CONFIDENCE_SPREAD = 0.5  # metres in which confidence falls to a third


class SideCorrection:
    """Keeps the keypoints of a history on the sides that SideFilter decides for."""

    def __init__(self, history: KeypointHistory, skeleton: SkeletonFormat) -> None:
        self._history = history
        self._filter = SideFilter(skeleton)
        self._stamp = np.nan

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people; everybody when None."""
        if person_ids is None:
            self._stamp = np.nan
        self._filter.forget(person_ids)

    @property
    def leapt(self) -> list[int]:
        """People who are in the newest frame where they cannot have moved."""
        return self._filter.leapt

    def update(self, person_ids: Sequence[int]) -> list[int]:
        """Judge the newest frame of the history, in which these people were seen.

        Returns the people of whom frames before the newest one were changed too.
        """
        stamp = self._history.newest_stamp
        assert stamp is not None
        if stamp == self._stamp:  # the frame replaces the last one, which was judged already
            for person_id in person_ids:
                self._history.exchange(person_id, self._filter.exchange(person_id))
            return []
        self._stamp = stamp
        keypoints = self._history.windows(1, 1.0, stamp, person_ids).keypoints[:, 0]
        reread = []
        for change in self._filter.update(stamp, person_ids, keypoints):
            self._history.exchange(change.person_id, change.exchange)
            if len(change.exchange) > 1:
                reread.append(change.person_id)
        for person_id in person_ids:
            contradicted = self._filter.contradicted(person_id)
            if contradicted.any():
                self._history.hide(person_id, contradicted)
        return reread

    def alternatives(self, frames_ago: int, person_ids: Iterable[int]) -> list[SideAlternative]:
        """People whose sides may be others in the frame that many frames before the newest."""
        wanted = set(person_ids)
        return [a for a in self._filter.alternatives(LEAST_PROBABILITY)
                if a.person_id in wanted and len(a.exchange) > frames_ago
                and a.exchange[-1 - frames_ago].any()]

    def with_alternatives(self, windows: KeypointWindows, alternatives: Sequence[SideAlternative],
                          stature: Mapping[int, float]) -> KeypointWindows:
        """The windows, and behind them those of the alternatives under negated person ids.

        stature: metres, of people whose stature may be taken for known in the alternative.
        """
        if not alternatives:
            return windows
        ids = [a.person_id for a in alternatives]
        for alternative in alternatives:
            self._history.exchange(alternative.person_id, alternative.exchange)
        rate = 1 / (windows.stamps[1] - windows.stamps[0])
        others = self._history.windows(windows.length, rate, float(windows.stamps[-1]), ids)
        for alternative in alternatives:
            self._history.exchange(alternative.person_id, alternative.exchange)
        known = np.array([stature.get(i, np.nan) for i in ids], np.float32)
        known = np.where(np.isfinite(others.stature), others.stature, known)
        return replace(
            windows, keypoints=np.concatenate([windows.keypoints, others.keypoints]),
            person_ids=np.concatenate([windows.person_ids, -others.person_ids]),
            stature=np.concatenate([windows.stature, known]))


def doubt(motion: LiftedMotion, alternatives: Sequence[SideAlternative], person_ids: NDArray,
          frame: LiftedFrame) -> NDArray[np.float64]:
    """Covariance [P,J,3,3] that the alternatives add to that of ``frame``.

    motion: lifted from with_alternatives; person_ids: those of its rows. It is the second moment
    of both bodies, weighed by their probabilities, about the one decided for.
    """
    added = np.zeros_like(frame.covariance)
    if not alternatives:
        return added
    other = frame_at(motion, person_ids, frame.stamp)
    row_of = {int(i): row for row, i in enumerate(other.person_ids)}
    for alternative in alternatives:
        rows = np.flatnonzero(frame.person_ids == alternative.person_id)
        row = row_of.get(-alternative.person_id)
        if row is None or not len(rows):
            continue
        offset = other.joints[row] - frame.joints[rows[0]]
        added[rows[0]] = alternative.probability * (
            other.covariance[row] + offset[:, :, None] * offset[:, None, :])
    return np.nan_to_num(added)


def doubted(frame: LiftedFrame, added: NDArray[np.float64]) -> LiftedFrame:
    """The frame with that much more covariance, and as much less confidence."""
    spread = np.sqrt(np.trace(added, axis1=-2, axis2=-1))
    return replace(
        frame, covariance=frame.covariance + added,
        confidence=(frame.confidence * np.exp(-spread / _CONFIDENCE_SPREAD)).astype(np.float32))
