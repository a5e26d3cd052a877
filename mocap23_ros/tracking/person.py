# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the tracker remembers of a person from image to image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.tracking.box_filter import BoxFilter, MotionModel
from mocap23_ros.tracking.duplicates import same_person
from mocap23_ros.tracking.floor_filter import FloorFilter
from mocap23_ros.tracking.floor_places import CameraView, FloorPlaces, floor_places
from mocap23_ros.tracking.track import Track, TrackState


@dataclass(frozen=True)
class Sightings:
    """The D detections of an image, and where they stand: boxes [D,4], keypoints [D,J,3] px."""

    detections: Sequence[Detection]
    boxes: NDArray[np.float64]
    keypoints: NDArray[np.float32]
    places: FloorPlaces

    @classmethod
    def of(cls, detections: Sequence[Detection], view: CameraView | None) -> 'Sightings':
        """The detections of an image that this camera took."""
        keypoints = [d.keypoints for d in detections]
        return cls(detections,
                   np.array([d.bounding_box for d in detections], np.float64).reshape(-1, 4),
                   np.stack(keypoints) if keypoints else np.zeros((0, 17, 3), np.float32),
                   floor_places(detections, view))

    @cached_property
    def same_person(self) -> NDArray[np.bool_]:
        """Which pairs [D,D] show one person, see duplicates.py."""
        return same_person(self.boxes, self.keypoints, self.places)


class Person:
    """State of one id: filters in the image and on the floor, and what was last seen."""

    def __init__(self, person_id: int, seen: Sightings, index: int, stamp: float) -> None:
        self.person_id = person_id
        self.first_seen = stamp
        self.confirmed = False
        self.hits = 0
        self.stature = math.nan
        self.alone = stamp  # when the person was last no double of another one
        self.floor: FloorFilter | None = None
        self.come_back(seen, index, stamp)

    def come_back(self, seen: Sightings, index: int, stamp: float) -> None:
        """Begin anew in the image."""
        self.filter = BoxFilter(seen.boxes[index])
        self.alone = stamp
        self._take(seen, index, stamp)

    def see(self, seen: Sightings, index: int, stamp: float) -> None:
        """Take in a detection of this person."""
        self.filter.update(seen.boxes[index])
        self._take(seen, index, stamp)

    def _take(self, seen: Sightings, index: int, stamp: float) -> None:
        self.last_seen = stamp
        self.keypoints = seen.detections[index].keypoints
        self.feet = seen.detections[index].feet
        self.seen_box = seen.boxes[index]
        places = seen.places
        self.hits += bool(places.possible[index])
        if not np.isfinite(places.p_world[index, 0]):
            return
        if self.floor is None:
            self.floor = FloorFilter(places.p_world[index], places.covariance[index], stamp)
        else:
            self.floor.update(places.p_world[index], places.covariance[index])
        stature = places.statures[index]
        if np.isfinite(stature):
            self.stature = stature if np.isnan(self.stature) \
                else 0.9 * self.stature + 0.1 * stature

    def predict(self, model: MotionModel, stamp: float) -> None:
        """Move on to a stamp, which is the model's time step after the last."""
        self.filter.predict(model)
        if self.floor is not None:
            self.floor.predict(stamp)

    def track(self, state: TrackState, stamp: float) -> Track:
        """What is known at a stamp."""
        seen = self.last_seen == stamp
        keypoints = self.keypoints
        if not seen:
            keypoints = np.full_like(self.keypoints, np.nan)
        box = self.seen_box if seen else self.filter.bounding_box
        return Track(self.person_id, state, keypoints, box.astype(np.float32),
                     stamp - self.first_seen, self.feet if seen else None)


def places_of(people: Sequence[Person]) -> FloorPlaces:
    """Where people are expected now."""
    nowhere = np.full(2, np.nan), np.full((2, 2), np.nan)
    known = [nowhere if p.floor is None else (p.floor.p_world, p.floor.covariance) for p in people]
    return FloorPlaces(np.stack([k[0] for k in known]), np.stack([k[1] for k in known]),
                       np.full(len(people), np.nan), np.ones(len(people), bool))
