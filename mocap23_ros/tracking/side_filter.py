# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Decides where a detector exchanged left and right, person by person and image by image.

A hidden Markov model: the state says which of face, arms and legs are exchanged (side_model.py).
The evidence is continuity: the offset from a left joint to its right partner moves as bodies move,
so an exchange, which turns the offset round within one image, is told from a turn of the body and
from legs that cross. Every state carries its own Kalman filter of the offsets along its most
probable past (Viterbi), so that an image costs the same however long the recording, and a later
image can change what was decided about the ones before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.side_evidence import (
    evidence_of_bearing,
    evidence_of_motion,
    measure_offsets,
)
from mocap23_ros.tracking.side_leaps import Leaps
from mocap23_ros.tracking.side_model import (
    ARMS,
    AS_DETECTED,
    BITS,
    GROUPS,
    LEGS,
    LOG_SHARE,
    SIGN,
    STATES,
    log_transition,
    pair_table,
)
from mocap23_ros.tracking.side_motion import OffsetFilters, grown

MEMORY = 128  # images
_GAP = 0.5  # s unseen after which earlier images are no evidence
_FORGOTTEN = 5.0  # s unseen after which a person starts afresh
_SIZE_MEMORY = 3.0  # s in which the filter forgets an apparent height
BODY = ARMS | LEGS


@dataclass(frozen=True)
class SideChange:
    """States of a person's last K images that are now thought to be others.

    exchange: bool [K,J], oldest first: joints that must trade places with their partners.
    """

    person_id: int
    exchange: NDArray[np.bool_]


@dataclass(frozen=True)
class SideAlternative:
    """The second most probable sides of a person, where these are not sure.

    probability: of the alternative, given that it is this or the one decided for, 0..0.9.
    exchange: bool [K,J] as in SideChange, from the decision to the alternative.
    """

    person_id: int
    probability: float
    exchange: NDArray[np.bool_]


class SideFilter:
    """The exchange of sides of everybody whom one camera sees.

    memory: number of images, with the newest one, in which a decision can still be changed.
    """

    def __init__(self, skeleton: SkeletonFormat, memory: int = MEMORY) -> None:
        self._pairs = pair_table(skeleton)
        self._memory = memory
        self.reset()

    def reset(self) -> None:
        """Forget everybody."""
        self._rows: dict[int, int] = {}
        self._free: list[int] = []
        self._stamp = np.nan
        self._image = 0  # number of images taken in
        self._score = np.zeros((0, STATES))
        self._size = np.zeros(0)
        self._before = np.zeros((0, self._memory, STATES), np.uint8)
        self._decided = np.zeros((0, self._memory), np.uint8)
        self._born = np.zeros(0, np.int64)
        self._seen = np.zeros(0)
        self._strange = np.zeros((0, len(self._pairs.left)), bool)
        self._motion = OffsetFilters(STATES, self._pairs)
        self._leaps = Leaps(self._pairs)
        self.leapt: list[int] = []  # in the last image, farther than any body can

    def _more_rows(self) -> None:
        old = len(self._score)
        rows = max(4, 2 * old)
        self._score, self._size, self._before, self._decided = (
            grown(a, rows) for a in (self._score, self._size, self._before, self._decided))
        self._born, self._seen, self._strange = (
            grown(a, rows) for a in (self._born, self._seen, self._strange))
        self._motion.grow(rows)
        self._leaps.grow(rows)
        self._free += range(rows - 1, old - 1, -1)

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people; everybody when None."""
        if person_ids is None:
            self.reset()
            return
        for person_id in person_ids:
            row = self._rows.pop(int(person_id), None)
            if row is not None:
                self._free.append(row)

    def update(self, stamp: float, person_ids: Sequence[int], keypoints: NDArray
               ) -> list[SideChange]:
        """Take in an image; return what must change in it and in the images before.

        stamp: seconds, later than the last one. keypoints: [P,J,3] as detected: undistorted
        normalised x, y and confidence, 0 where unobserved. People who are not among person_ids, or
        without a keypoint, were not seen; nothing before a leap or a long gap is evidence. The
        last one of ``exchange`` is this image.
        """
        step = 0.0 if np.isnan(self._stamp) else max(stamp - self._stamp, 0.0)
        self._stamp = stamp
        self._image += 1
        self.leapt = []
        keypoints = np.asarray(keypoints, np.float64).reshape(-1, len(self._pairs.mirror), 3)
        there = (keypoints[..., 2] > 0).any(axis=1)
        keypoints, person_ids = keypoints[there], np.asarray(person_ids)[there].tolist()
        for person_id in person_ids:
            if int(person_id) not in self._rows:
                self._begin(int(person_id))
        if not self._rows:
            return []
        rows = np.fromiter(self._rows.values(), np.intp, len(self._rows))
        here = np.array([self._rows[int(i)] for i in person_ids], np.intp)
        place = {int(i): number for number, i in enumerate(self._rows)}
        index = np.array([place[int(i)] for i in person_ids], np.intp)
        self._begin_anew(person_ids, here, keypoints, step)
        self._motion.predict(rows, step)
        offset, noise = measure_offsets(self._pairs, keypoints, self._size[here])
        total = self._score[rows][:, :, None] + log_transition(step)
        if len(here):
            total[index] += evidence_of_motion(
                self._pairs, self._motion.log_likelihood(here, offset, noise))
            total[index] += evidence_of_bearing(
                self._pairs, offset, min(step, 0.1))[:, None]
        before = total.argmax(axis=1).astype(np.uint8)
        score = total.max(axis=1)
        self._score[rows] = score - score.max(axis=1, keepdims=True)
        self._motion.follow(rows, before)
        if len(here):
            z = offset[:, None] * SIGN[:, self._pairs.group][..., None]
            impossible = self._motion.update(here, z, noise)
            best = self._score[here].argmax(axis=1)
            self._strange[here] = impossible[np.arange(len(here)), best]
        self._before[rows, self._image % self._memory] = before
        changes = self._decide(rows)
        self._seen[here] = stamp
        self.forget([i for i, row in self._rows.items() if stamp - self._seen[row] > _FORGOTTEN])
        return changes

    def alternatives(self, least: float) -> list[SideAlternative]:
        """People whose second most probable body is at least that probable."""
        found = []
        for person_id, row in self._rows.items():
            best = int(self._decided[row, self._image % self._memory])
            score = self._score[row]
            mass = np.exp(score - score.max())
            other = (np.arange(STATES) & BODY) != (best & BODY)
            share = mass[other].max() / (mass[other].max() + mass[best])
            if share < least:
                continue
            state = int(np.flatnonzero(other)[mass[other].argmax()])
            path = self._path(row, state)
            decided = self._decided[row, (self._image - np.arange(len(path))) % self._memory]
            found.append(SideAlternative(
                person_id, float(share), self._exchange((path ^ decided)[::-1])))
        return found

    def exchange(self, person_id: int) -> NDArray[np.bool_]:
        """What is decided about the newest image, bool [1,J]; nothing about unknown people."""
        row = self._rows.get(person_id)
        state = 0 if row is None else self._decided[row, self._image % self._memory]
        return self._exchange(np.array([state], np.uint8))

    def contradicted(self, person_id: int) -> NDArray[np.bool_]:
        """Joints [J] of the newest image that follow from no motion, whatever the sides.

        Whole groups alone, such as an arm and a shoulder that are another person's: one wrist
        may be that fast.
        """
        row = self._rows.get(person_id)
        strange = np.zeros(len(self._pairs.left), bool) if row is None else self._strange[row]
        count = np.bincount(self._pairs.group[strange], minlength=len(GROUPS))
        return np.any(self._pairs.members & (count >= 2)[:, None], axis=0)

    def _begin(self, person_id: int) -> None:
        if not self._free:
            self._more_rows()
        row = self._free.pop()
        self._rows[person_id] = row
        self._seen[row] = self._stamp
        self._size[row] = 0
        self._leaps.begin(row)
        self._start(row)

    def _start(self, row: int) -> None:
        """Let nothing before this image be evidence."""
        self._score[row] = LOG_SHARE - LOG_SHARE.max()
        self._motion.begin(row)
        self._strange[row] = False
        self._decided[row] = 0
        self._born[row] = self._image

    def _begin_anew(self, person_ids: Sequence[int], rows: NDArray, keypoints: NDArray,
                    step: float) -> None:
        """Measure how tall the people seen are; begin anew with those who leapt or came back."""
        seen = keypoints[..., 2:] > 0
        low = np.where(seen, keypoints[..., :2], np.inf).min(axis=1)
        high = np.where(seen, keypoints[..., :2], -np.inf).max(axis=1)
        extent = (high - low).max(axis=1)
        self._size[rows] = np.maximum(extent, self._size[rows] * np.exp(-step / _SIZE_MEMORY))
        unseen = self._stamp - self._seen[rows]
        leapt = self._leaps.update(rows, keypoints, self._size[rows], unseen)
        self._size[rows[leapt]] = extent[leapt]
        for row in rows[leapt | (unseen > _GAP)].tolist():
            self._start(row)
        self.leapt = [int(i) for i, leaps in zip(person_ids, leapt, strict=True) if leaps]

    def _decide(self, rows: NDArray) -> list[SideChange]:
        slot, last = self._image % self._memory, (self._image - 1) % self._memory
        best = (self._score[rows] + AS_DETECTED).argmax(axis=1).astype(np.uint8)
        previous = self._before[rows, slot, best]
        self._decided[rows, slot] = 0
        wanted = (previous != self._decided[rows, last]) & (self._born[rows] < self._image)
        changes = []
        person_ids = list(self._rows)
        for number in np.flatnonzero(wanted | (best != 0)).tolist():
            row = int(rows[number])
            path = self._path(row, int(best[number]))
            slots = (self._image - np.arange(len(path))) % self._memory
            difference = path ^ self._decided[row, slots]
            self._decided[row, slots] = path
            if difference.any():
                changes.append(SideChange(person_ids[number], self._exchange(difference[::-1])))
        return changes

    def _path(self, row: int, state: int) -> NDArray[np.uint8]:
        """States of the images back to where the decided ones are met, newest first."""
        path = [state]
        longest = min(self._memory, self._image - int(self._born[row]) + 1)
        while len(path) < longest:
            image = self._image - len(path)
            state = int(self._before[row, (image + 1) % self._memory, state])
            if state == self._decided[row, image % self._memory]:
                break
            path.append(state)
        return np.array(path, np.uint8)

    def _exchange(self, states: NDArray) -> NDArray[np.bool_]:
        return (BITS[states].astype(bool)[:, :, None] & self._pairs.members).any(axis=1)
