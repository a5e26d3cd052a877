# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps people's identities across images."""

import math
from collections.abc import Sequence

import numpy as np

from mocap23_ros.detection.detector import Detection
from mocap23_ros.errors import InputError
from mocap23_ros.tracking.association import assign, association_cost, moved_keypoints
from mocap23_ros.tracking.box_filter import BoxFilter, MotionModel
from mocap23_ros.tracking.track import Track, TrackState


class _Person:
    def __init__(self, person_id: int, detection: Detection, stamp: float) -> None:
        self.person_id = person_id
        self.filter = BoxFilter(detection.bounding_box)
        self.first_seen = stamp
        self.confirmed = False
        self.hits = 0
        self.see(detection, stamp, update=False)

    def see(self, detection: Detection, stamp: float, update: bool = True) -> None:
        if update:
            self.filter.update(detection.bounding_box)
        self.hits += 1
        self.last_seen = stamp
        self.keypoints = detection.keypoints
        self.seen_box = np.asarray(detection.bounding_box, np.float64)

    def track(self, state: TrackState, stamp: float) -> Track:
        seen = self.last_seen == stamp
        keypoints = self.keypoints
        if not seen:
            keypoints = np.full_like(self.keypoints, np.nan)
        box = self.seen_box if seen else self.filter.bounding_box
        return Track(self.person_id, state, keypoints, box.astype(np.float32),
                     stamp - self.first_seen, stamp - self.last_seen)


class Tracker:
    """Follows people: a Kalman filter each, Hungarian assignment of detections to them.

    confirm_after: detections until a new person counts (state INIT before); one that is missed
    earlier is given up at once. keep_for: seconds that a confirmed person is predicted without
    being seen before being LOST. Every id that was ever reported is reported LOST exactly once,
    except by ``reset``. max_people: most people followed; the clearest new ones get the places.
    """

    def __init__(self, confirm_after: int = 3, keep_for: float = 1.2, max_people: int = 64
                 ) -> None:
        if confirm_after < 1 or keep_for < 0 or max_people < 1:
            raise InputError('confirm_after and max_people must be at least 1, keep_for at least '
                             f'0 s; got {confirm_after}, {max_people}, {keep_for}')
        self._confirm_after = confirm_after
        self._keep_for = keep_for
        self._max_people = max_people
        self._next_id = 1
        self.reset()

    def reset(self, restart_ids: bool = False) -> None:
        """Forget everybody, and the clock; ids go on counting, or begin at 1 again."""
        if restart_ids:
            self._next_id = 1
        self._people: list[_Person] = []
        self._stamp = -math.inf

    def update(self, detections: Sequence[Detection], stamp: float) -> list[Track]:
        """Take in the detections of an image at ``stamp`` seconds; return everybody's track.

        Tracks are in the order of their ids. Raises InputError for a stamp that is not after the
        last one (nothing changes then) or detections of different formats.
        """
        stamp = float(stamp)
        self._check(detections, stamp)
        step = stamp - self._stamp
        self._stamp = stamp
        # After a gap nobody can be recognised: they are lost even if somebody is there again.
        gone = [p for p in self._people if stamp - p.last_seen > self._keep_for]
        self._people = [p for p in self._people if stamp - p.last_seen <= self._keep_for]
        if self._people:
            model = MotionModel(step)
            for person in self._people:
                person.filter.predict(model)
        free = set(range(len(detections)))
        # Confirmed people choose first, so that a double detection cannot take an id over.
        for confirmed in (True, False):
            people = [p for p in self._people if p.confirmed == confirmed]
            for person, index in self._match(people, detections, sorted(free)):
                person.see(detections[index], stamp)
                person.confirmed |= person.hits >= self._confirm_after
                free.remove(index)
        gone += [p for p in self._people if not p.confirmed and p.last_seen < stamp]
        self._people = [p for p in self._people if p.confirmed or p.last_seen == stamp]
        self._welcome([detections[index] for index in free], stamp)
        tracks = [p.track(TrackState.LOST, stamp) for p in gone]
        tracks += [p.track(self._state(p), stamp) for p in self._people]
        return sorted(tracks, key=lambda track: track.person_id)

    def _check(self, detections: Sequence[Detection], stamp: float) -> None:
        if not math.isfinite(stamp):
            raise InputError(f'the stamp of the image is {stamp}; it must be a number of seconds')
        if stamp <= self._stamp:
            raise InputError(f'the stamp {stamp:.6f} s is not after the last one, '
                             f'{self._stamp:.6f} s; call reset() after a jump of the clock')
        shapes = {np.shape(d.keypoints) for d in detections}
        shapes |= {np.shape(p.keypoints) for p in self._people}
        if len(shapes) > 1 or any(len(s) != 2 or s[1] != 3 for s in shapes):
            raise InputError(f'detections have keypoints of the shapes {sorted(shapes)}; all must '
                             'have the same [J,3]; call reset() to change the format')
        if any(np.shape(d.bounding_box) != (4,) for d in detections):
            raise InputError('a detection has a bounding box of another shape than [4]')
        if detections:
            boxes = np.stack([d.bounding_box for d in detections])
            bad = ~np.isfinite(boxes).all(axis=1) | (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
            if bad.any():
                raise InputError(f'a detection has the bounding box {boxes[bad][0].tolist()}; it '
                                 'must be x_min, y_min, x_max, y_max')

    def _match(
        self, people: list[_Person], detections: Sequence[Detection], indices: list[int]
    ) -> list[tuple[_Person, int]]:
        if not people or not indices:
            return []
        boxes = np.stack([p.filter.bounding_box for p in people])
        cost = association_cost(
            boxes,
            moved_keypoints(np.stack([p.keypoints for p in people]),
                            np.stack([p.seen_box for p in people]), boxes),
            np.array([p.filter.centre_deviation for p in people]),
            np.stack([detections[i].bounding_box for i in indices]).astype(np.float64),
            np.stack([detections[i].keypoints for i in indices]))
        return [(people[row], indices[column]) for row, column in assign(cost)]

    def _welcome(self, detections: list[Detection], stamp: float) -> None:
        places = self._max_people - len(self._people)
        for detection in sorted(detections, key=lambda d: -d.score)[:max(places, 0)]:
            person = _Person(self._next_id, detection, stamp)
            person.confirmed = self._confirm_after == 1
            self._people.append(person)
            self._next_id += 1

    def _state(self, person: _Person) -> TrackState:
        if not person.confirmed:
            return TrackState.INIT
        return TrackState.TRACKED if person.last_seen == self._stamp else TrackState.PREDICTED
