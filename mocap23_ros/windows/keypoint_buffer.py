# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Memory of a bounded number of frames and people, in arrays that grow."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.unobserved import UNOBSERVED

FIRST_CAPACITY = 256  # frames; grows to what is kept at the camera's rate
_FIRST_PEOPLE = 4
MAXIMUM_FRAMES = 8192  # kept at most, whatever the rate: 34 s at 240 Hz
MAXIMUM_PEOPLE = 256


class KeypointBuffer:
    """Stamp, camera pose and keypoints [J,3] of everybody, frame by frame, oldest first.

    At most MAXIMUM_FRAMES stay, and MAXIMUM_PEOPLE; people whom no kept frame saw are dropped.
    joints: J. last_seen: stamp of the newest frame that saw a person, by id.
    """

    def __init__(self, joints: int) -> None:
        self._joints = joints
        # Frames [_begin, _end) are alive; they move to the front when the arrays are full, so that
        # every window is one plain slice.
        self._begin = self._end = 0
        self._stamps = np.empty(FIRST_CAPACITY)
        self._poses = np.empty((FIRST_CAPACITY, 4, 4))
        self._keypoints = self._empty(_FIRST_PEOPLE, FIRST_CAPACITY)
        self._rows: dict[int, int] = {}  # person id -> row of _keypoints; rows are gapless
        self.last_seen: dict[int, float] = {}

    def __len__(self) -> int:
        """Number of frames kept."""
        return self._end - self._begin

    @property
    def stamps(self) -> NDArray[np.float64]:
        """Of the frames kept [F], s."""
        return self._stamps[self._begin:self._end]

    @property
    def poses(self) -> NDArray[np.float64]:
        """Of the camera in the frames kept [F,4,4]."""
        return self._poses[self._begin:self._end]

    @property
    def person_ids(self) -> list[int]:
        """Everybody whom a kept frame saw, longest known first."""
        return sorted(self._rows, key=self._rows.__getitem__)

    def of(self, person_id: int) -> NDArray[np.float32]:
        """Keypoints [F,J,3] of a person, to be changed in place; [0,J,3] where not known."""
        row = self._rows.get(int(person_id))
        if row is None:
            return self._keypoints[0, :0]
        return self._keypoints[row, self._begin:self._end]

    def keypoints(self, person_ids: list[int], span: slice) -> NDArray[np.float32]:
        """Keypoints [P,K,J,3] of people in a span of the frames kept; not to be changed."""
        rows = [self._rows.get(i, -1) for i in person_ids]
        span = slice(self._begin + span.start, self._begin + span.stop)
        if rows == list(range(len(rows))):
            return self._keypoints[:len(rows), span]
        selected = self._keypoints[rows, span]
        selected[[row < 0 for row in rows]] = UNOBSERVED
        return selected

    def put_frame(self, stamp: float, pose: NDArray[np.float64], oldest: float) -> None:
        """Begin a frame in which nobody is seen, and drop the frames before a stamp.

        It replaces the newest one where that has its stamp, and must not be older.
        """
        if not len(self) or stamp > self.stamps[-1]:
            self._append(stamp, oldest)
        self._keypoints[:len(self._rows), self._end - 1] = UNOBSERVED
        self._poses[self._end - 1] = pose

    def put_person(self, person_id: int, keypoints: NDArray[np.float32]) -> None:
        """Put what the newest frame saw of a person, [J,3]."""
        row = self._row(person_id)  # may replace the arrays
        self._keypoints[row, self._end - 1] = keypoints
        self.last_seen[person_id] = float(self._stamps[self._end - 1])

    def drop(self, person_id: int) -> None:
        """Remove a person; those after it move up so that rows stay gapless and in order."""
        self.last_seen.pop(person_id, None)
        row = self._rows.pop(person_id, None)
        if row is None:
            return
        count = len(self._rows)
        self._keypoints[row:count, self._begin:self._end] = (
            self._keypoints[row + 1:count + 1, self._begin:self._end])
        for other, other_row in self._rows.items():
            if other_row > row:
                self._rows[other] = other_row - 1

    def _empty(self, people: int, frames: int) -> NDArray[np.float32]:
        buffer = np.empty((people, frames, self._joints, 3), np.float32)
        buffer[...] = UNOBSERVED
        return buffer

    def _append(self, stamp: float, oldest: float) -> None:
        """Make room for a frame with this stamp and drop what is too old."""
        self._begin += max(int(np.searchsorted(self.stamps, oldest)),
                           len(self) + 1 - MAXIMUM_FRAMES)
        for person_id, seen in list(self.last_seen.items()):
            if seen < oldest:
                self.drop(person_id)
        if self._end == len(self._stamps):
            self._compact()
        self._stamps[self._end] = stamp
        self._end += 1

    def _compact(self) -> None:
        """Move what is alive to the front, into larger arrays where they are over half full."""
        count, capacity = len(self), len(self._stamps)
        if 2 * count > capacity:
            capacity = 2 * capacity
        stamps, poses = np.empty(capacity), np.empty((capacity, 4, 4))
        keypoints = self._empty(len(self._keypoints), capacity)
        stamps[:count], poses[:count] = self.stamps, self.poses
        keypoints[:, :count] = self._keypoints[:, self._begin:self._end]
        self._stamps, self._poses, self._keypoints = stamps, poses, keypoints
        self._begin, self._end = 0, count

    def _row(self, person_id: int) -> int:
        """The person's row; a new, empty one where needed."""
        row = self._rows.get(person_id)
        if row is not None:
            return row
        row = len(self._rows)
        if row >= MAXIMUM_PEOPLE:
            self.drop(min(self.last_seen, key=self.last_seen.__getitem__))
            row = len(self._rows)
        if row == len(self._keypoints):
            larger = self._empty(2 * row, len(self._stamps))
            larger[:row] = self._keypoints
            self._keypoints = larger
        self._keypoints[row] = UNOBSERVED
        self._rows[person_id] = row
        return row
