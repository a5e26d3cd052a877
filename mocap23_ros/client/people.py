# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The people of one instant, in a frame of choice; knows no ROS."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import transform_points
from mocap23_ros.skeletons.message_arrays import joints_of
from mocap23_ros.tracking.track import TrackState

ACCELERATION_SD = 3.0  # m/s^2, of a person's joints against constant velocity
DRIFT_SD = 0.1  # m/s, of people out of sight, who seldom go far


@dataclass(frozen=True)
class Person:
    """One person.

    person_id, state: as in the Skeleton message. joints: float64 [J,3] metres, NaN where not
    known; covariance: float64 [J,3,3] m^2, NaN where not known. velocity: float64 [3] m/s of the
    root. contact: float64 [2] left, right foot. stature, stature_sd: metres.
    """

    person_id: int
    state: TrackState
    joints: NDArray[np.float64]
    covariance: NDArray[np.float64]
    velocity: NDArray[np.float64]
    contact: NDArray[np.float64]
    stature: float
    stature_sd: float

    def predicted(self, seconds: float) -> 'Person':
        """The person some time later, walking on as now; the covariance grows accordingly."""
        spread = (0.5 * ACCELERATION_SD * seconds ** 2) ** 2 * np.eye(3)
        step = np.nan_to_num(self.velocity) * seconds
        return replace(self, joints=self.joints + step, covariance=self.covariance + spread)

    def remembered(self, seconds: float) -> 'Person':
        """The person at the last place, seconds after the last sighting; covariance grows."""
        return replace(self, state=TrackState.PREDICTED, velocity=np.zeros(3),
                       covariance=self.covariance + (DRIFT_SD * seconds) ** 2 * np.eye(3))

    @property
    def is_placed(self) -> bool:
        """Whether the place of any joint is known."""
        return bool(np.isfinite(self.joints).all(axis=1).any())


@dataclass(frozen=True)
class Clearance:
    """How near the nearest joint comes to a point.

    distance: metres between the means; sd: of that distance, metres; least: distance - sigmas *
    sd, not below 0. Where no covariance is known, sd is NaN and least 0: nothing is sure.
    """

    person_id: int
    joint_name: str
    distance: float
    sd: float
    least: float


@dataclass(frozen=True)
class People:
    """Everybody seen at one stamp.

    stamp: seconds. frame_id: frame of all numbers. joint_names: J names, in the order of joints.
    unplaced: ids of those who are seen, too, but may be anywhere along their rays.
    """

    stamp: float
    frame_id: str
    joint_names: tuple[str, ...]
    people: tuple[Person, ...]
    unplaced: tuple[int, ...] = ()

    @classmethod
    def from_message(cls, message: Any, joint_names: tuple[str, ...],
                     seen_ids: Iterable[int] = ()) -> 'People':
        """From a SkeletonArray, of rclpy or of a bag, and the joint names of its SkeletonInfo.

        seen_ids: ids in the keypoints_2d of the same stamp. People who are LOST are left out.
        Raises InputError where the numbers do not fit together.
        """
        people = []
        for skeleton in message.skeletons:
            state = TrackState(skeleton.state)
            if state == TrackState.LOST:
                continue
            joints, covariance = joints_of(skeleton)
            if len(joints) != len(joint_names):
                raise InputError(f'skeleton {skeleton.id} has {len(joints)} joints, SkeletonInfo '
                                 f'names {len(joint_names)}')
            velocity = skeleton.root_velocity
            contact = np.asarray(skeleton.contact, np.float64)
            people.append(Person(
                int(skeleton.id), state, joints.astype(np.float64), covariance.astype(np.float64),
                np.array([velocity.x, velocity.y, velocity.z]),
                contact if len(contact) == 2 else np.full(2, np.nan),
                float(skeleton.stature), float(skeleton.stature_sd)))
        stamp = message.header.stamp
        placed = {person.person_id for person in people if person.is_placed}
        seen = {person.person_id for person in people}.union(seen_ids)
        return cls(stamp.sec + 1e-9 * stamp.nanosec, message.header.frame_id, joint_names,
                   tuple(people), tuple(sorted(seen - placed)))

    def __iter__(self) -> Iterator[Person]:
        return iter(self.people)

    def __len__(self) -> int:
        return len(self.people)

    def joint(self, person: Person, name: str) -> tuple[NDArray, NDArray]:
        """Position [3] and covariance [3,3] of a named joint; KeyError for an unknown name."""
        if name not in self.joint_names:
            raise KeyError(f'no joint {name}; there are {", ".join(self.joint_names)}')
        number = self.joint_names.index(name)
        return person.joints[number], person.covariance[number]

    def only(self, person_id: int) -> 'People':
        """That person alone; nobody where the id is not among the people."""
        return replace(self, people=tuple(
            person for person in self.people if person.person_id == person_id))

    def in_frame(self, frame_id: str, frame_T_world: NDArray) -> 'People':
        """The same people in another frame, by its pose [4,4]; it is taken as standing still."""
        R = frame_T_world[:3, :3]
        return replace(self, frame_id=frame_id, people=tuple(replace(
            person, joints=transform_points(frame_T_world, person.joints),
            covariance=R @ person.covariance @ R.T, velocity=R @ person.velocity)
            for person in self.people))

    def predicted(self, seconds: float) -> 'People':
        """Everybody some time later; see Person.predicted."""
        return replace(self, stamp=self.stamp + seconds,
                       people=tuple(person.predicted(seconds) for person in self.people))

    def clearance(self, point: ArrayLike = (0.0, 0.0, 0.0), sigmas: float = 3.0
                  ) -> Clearance | None:
        """The joint that may come nearest to a point [3] of this frame; None where nobody is.

        sigmas: how many standard deviations of the distance are taken off.
        """
        nearest: Clearance | None = None
        for person in self.people:
            offset = person.joints - np.asarray(point, np.float64)
            distance = np.linalg.norm(offset, axis=1)
            ray = offset / np.maximum(distance, 1e-9)[:, None]
            # A missing variance is no certainty: NaN stays NaN.
            sd = np.sqrt(np.einsum('ji,jik,jk->j', ray, person.covariance, ray))
            least = np.maximum(np.where(np.isnan(sd), 0.0, distance - sigmas * sd), 0.0)
            least[np.isnan(distance)] = np.inf
            joint = int(np.lexsort((distance, least))[0])
            if np.isfinite(least[joint]) and (
                    nearest is None or (least[joint], distance[joint])
                    < (nearest.least, nearest.distance)):
                nearest = Clearance(person.person_id, self.joint_names[joint],
                                    float(distance[joint]), float(sd[joint]), float(least[joint]))
        return nearest
