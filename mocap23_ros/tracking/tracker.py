# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps people's identities across images."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.errors import InputError
from mocap23_ros.tracking.association import (
    FORBIDDEN,
    assign,
    association_cost,
    moved_keypoints,
    with_floor,
)
from mocap23_ros.tracking.box_filter import MotionModel
from mocap23_ros.tracking.duplicates import same_person
from mocap23_ros.tracking.floor_filter import squared_distances
from mocap23_ros.tracking.floor_places import CameraView, FloorPlaces
from mocap23_ros.tracking.person import Person, Sightings, places_of
from mocap23_ros.tracking.track import Track, TrackState

_CONFIRMED = 3  # detections
_TWICE = 0.5  # s in which two tracks share every image before they count as one person
_BACK = 3.5  # squared deviations within which a remembered person is recognised
_BACK_REACH = 2.0  # m
_STATURES_ALIKE = 1.25  # largest ratio of one person's statures
_OTHER_STATURE = 1.35  # ratio from which somebody who was hidden for a moment is not the same


class Tracker:
    """Follows people: Kalman filters in the image and on the floor, Hungarian assignment.

    A new person has state INIT until three detections of somebody who can stand on the floor, where
    the camera is known; one that is missed earlier is given up at once.
    keep_for: seconds that a confirmed person is predicted without being seen before being LOST,
    reported once. remember_for: seconds without being seen in which a person who comes back to
    where he can have gone has his id again; only where the camera is known. An id is never given
    to two people at a time. max_people: most people followed; the clearest new ones get the
    places, and as many are remembered.
    """

    def __init__(self, keep_for: float = 1.2, max_people: int = 64,
                 remember_for: float = 4.0) -> None:
        if keep_for < 0 or max_people < 1 or not remember_for >= 0:
            raise InputError('max_people must be at least 1, keep_for and remember_for at least '
                             f'0 s; got {max_people}, {keep_for}, {remember_for}')
        self._keep_for = keep_for
        self._remember_for = max(remember_for, keep_for)
        self._max_people = max_people
        self._next_id = 1
        self.reset()

    def reset(self, restart_ids: bool = False) -> None:
        """Forget everybody, and the clock; ids go on counting, or begin at 1 again."""
        if restart_ids:
            self._next_id = 1
        self._people: list[Person] = []
        self._remembered: list[Person] = []
        self._stamp = -math.inf

    def update(self, detections: Sequence[Detection], stamp: float,
               view: CameraView | None = None) -> list[Track]:
        """Take in the detections of an image at ``stamp`` seconds; return everybody's track.

        view: the camera that took it, or one of a moment ago; None where it is not known.
        Tracks are in the order of their ids. Detections that show somebody twice are dropped.
        Raises InputError for a stamp that is not after the last one (nothing changes then) or
        detections of different formats.
        """
        stamp = float(stamp)
        self._check(detections, stamp)
        step = stamp - self._stamp
        self._stamp = stamp
        # After so long the image does not tell where people are, but the floor may.
        gone = [p for p in self._people if stamp - p.last_seen > self._keep_for]
        self._people = [p for p in self._people if stamp - p.last_seen <= self._keep_for]
        if self._people:
            model = MotionModel(step)
            for person in self._people:
                person.predict(model, stamp)
        seen = Sightings.of(detections, view)
        free, taken = set(range(len(detections))), list[int]()
        # People seen a moment ago choose first: a second detection of one of them must not become
        # somebody who is hidden, and a newcomer must not take over an id.
        moment = math.inf if view is None else 1.5 * step
        for rank in range(3):
            people = [p for p in self._people if self._rank(p, moment) == rank]
            for person, index in self._match(people, seen, sorted(free)):
                person.see(seen, index, stamp)
                person.confirmed |= person.hits >= _CONFIRMED
                free.remove(index)
                taken.append(index)
            free -= self._doubles(seen, free, taken)
        back = self._recognise(gone, seen, free)
        gone = [p for p in gone if p not in back]
        self._remembered += [p for p in gone if p.confirmed]
        gone += [p for p in self._people if not p.confirmed and p.last_seen < stamp]
        gone += self._doubled()
        self._people = [p for p in self._people if p not in gone] + back
        self._welcome(seen, free)
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

    def _rank(self, person: Person, moment: float) -> int:
        if not person.confirmed:
            return 2
        return int(self._stamp - person.last_seen > moment)

    def _match(self, people: list[Person], seen: Sightings, indices: list[int]
               ) -> list[tuple[Person, int]]:
        if not people or not indices:
            return []
        boxes = np.stack([p.filter.bounding_box for p in people])
        cost = association_cost(
            boxes,
            moved_keypoints(np.stack([p.keypoints for p in people]),
                            np.stack([p.seen_box for p in people]), boxes),
            np.array([p.filter.centre_deviation for p in people]),
            seen.boxes[indices], seen.keypoints[indices])
        unseen = np.array([self._stamp - p.last_seen for p in people])
        cost = with_floor(cost, *self._on_floor(people, seen.places, indices), unseen)
        # A child may appear from behind an adult, and must not inherit id and stature.
        other = self._other_stature(people, seen, indices, _OTHER_STATURE)
        cost[other & (unseen > 0.1)[:, None]] = FORBIDDEN
        return [(people[row], indices[column]) for row, column in assign(cost)]

    def _on_floor(self, people: list[Person], places: FloorPlaces, indices: list[int]
                  ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Squared deviations and metres [P,D] between people and detections."""
        own = places_of(people)
        squared = squared_distances(own.p_world, own.covariance,
                                    places.p_world[indices], places.covariance[indices])
        offset = own.p_world[:, None] - places.p_world[indices]
        return squared, np.hypot(offset[..., 0], offset[..., 1])

    def _recognise(self, gone: list[Person], seen: Sightings, free: set[int]) -> list[Person]:
        """People who come back, in this image's detections, which are no longer free then."""
        self._remembered = [p for p in self._remembered if self._stamp - p.last_seen
                            <= self._remember_for][-self._max_people:]
        people = [p for p in [*gone, *self._remembered] if p.confirmed and p.floor is not None
                  and self._stamp - p.last_seen <= self._remember_for]
        people = people[:max(self._max_people - len(self._people), 0)]
        indices = sorted(free)
        if not people or not indices:
            return []
        for person in people:
            assert person.floor is not None
            person.floor.predict(self._stamp)
        squared, distance = self._on_floor(people, seen.places, indices)
        other = self._other_stature(people, seen, indices, _STATURES_ALIKE)
        with np.errstate(invalid='ignore'):
            allowed = (squared < _BACK) & (distance < _BACK_REACH) & ~other \
                & seen.places.possible[indices]
        back = []
        for row, column in assign(np.where(allowed, squared, FORBIDDEN), _BACK):
            people[row].come_back(seen, indices[column], self._stamp)
            free.remove(indices[column])
            back.append(people[row])
        self._remembered = [p for p in self._remembered if p not in back]
        return back

    @staticmethod
    def _other_stature(people: list[Person], seen: Sightings, indices: list[int], alike: float
                       ) -> NDArray[np.bool_]:
        """Which people and detections [P,D] differ by more than a ratio, where both are known."""
        with np.errstate(invalid='ignore', divide='ignore'):
            ratio = np.array([p.stature for p in people])[:, None] / seen.places.statures[indices]
            return np.asarray(np.maximum(ratio, 1 / ratio) > alike)

    def _doubles(self, seen: Sightings, free: set[int], taken: list[int]) -> set[int]:
        """Free detections of somebody whom a taken or a better free one shows."""
        if not free or len(seen.detections) < 2:
            return set()
        same = seen.same_person
        kept, doubles = list(taken), set()
        for index in sorted(free, key=lambda i: -seen.detections[i].score):
            if same[index, kept].any():
                doubles.add(index)
            else:
                kept.append(index)
        return doubles

    def _doubled(self) -> list[Person]:
        """People who shared every image with an older person for a while."""
        here = [p for p in self._people if p.last_seen == self._stamp]
        if len(here) < 2:
            return []
        places = places_of(here)
        same = same_person(np.stack([p.seen_box for p in here]),
                           np.stack([p.keypoints for p in here]), places)
        doubled = []
        for number, person in enumerate(here):
            older = [n for n, p in enumerate(here) if p.person_id < person.person_id]
            if not same[number, older].any():
                person.alone = self._stamp
            elif self._stamp - person.alone > _TWICE:
                doubled.append(person)
        return doubled

    def _welcome(self, seen: Sightings, free: set[int]) -> None:
        places = self._max_people - len(self._people)
        for index in sorted(free, key=lambda i: -seen.detections[i].score)[:max(places, 0)]:
            person = Person(self._next_id, seen, index, self._stamp)
            person.confirmed = person.hits >= _CONFIRMED
            self._people.append(person)
            self._next_id += 1

    def _state(self, person: Person) -> TrackState:
        if not person.confirmed:
            return TrackState.INIT
        return TrackState.TRACKED if person.last_seen == self._stamp else TrackState.PREDICTED
