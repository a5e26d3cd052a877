#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Follows one person at a distance; stops where the person is lost or may be somebody else.

    ros2 run mocap23_ros lifter_node ...      and
    python3 examples/follow_person.py --ros-args -p robot_frame:=base_link -r cmd_vel:=cmd_vel

Whoever comes to stand before the robot is followed, where nobody else is within
``claim_distance`` and 30 degrees of x. The robot turns to the middle of the hips and drives until
the nearest joint less three standard deviations is ``distance`` away: the less sure a place is,
the farther it stays. It never drives backwards. It stops where anybody may be within
``stop_distance``, where nothing is known of people or of somebody's place, while the person is not
seen, and where somebody else may be at the same place: then ids may be exchanged, and the person
has to come before the robot again. Whom the camera has lost is taken to be still there for
``remember_seconds``. This is an example: it is no safety function in the sense of ISO 13849 or
ISO/TS 15066.
"""

import math
import time

import numpy as np
from geometry_msgs.msg import Twist
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from mocap23_ros.client.people import People, Person
from mocap23_ros.client.spinning import spin_to_the_end, stand_still
from mocap23_ros.client.subscriber import PeopleSubscriber
from mocap23_ros.tracking.track import TrackState

RATE = 20.0  # commands per second
AHEAD = 0.3  # seconds from now that people are predicted
SIGMAS = 3.0
APART = 0.7  # metres between the hips of two who can be told apart
CLAIM_ANGLE = math.radians(30)
PATIENCE = 2.0  # seconds without the person until somebody else may be followed
GAIN, TURN_GAIN = 0.8, 1.5  # 1/s
SPEEDING_UP = 0.5  # m/s^2; it slows down at once


def told_apart(people: People, person: Person) -> bool:
    """Whether nobody else can be at the person's place: else the ids may be exchanged."""
    place, covariance = (part[..., :2] for part in people.joint(person, 'pelvis'))
    for other in people:
        if other.person_id == person.person_id:
            continue
        there, unsure = (part[..., :2] for part in people.joint(other, 'pelvis'))
        gap, spread = place - there, (covariance + unsure)[:2]
        if not np.isfinite([*gap, *spread.ravel()]).all():
            return False
        if np.linalg.norm(gap) < APART or gap @ np.linalg.pinv(spread) @ gap < SIGMAS ** 2:
            return False
    return True


class Follower:
    """Decides from People in the robot's frame (x forward, y left) how to drive.

    distance, stop, claim: metres. speed: m/s, turn: rad/s, both at most.
    """

    def __init__(self, distance: float, stop: float, claim: float, speed: float, turn: float
                 ) -> None:
        self._distance, self._stop, self._claim = distance, stop, claim
        self._speed, self._turn = speed, turn
        self._id: int | None = None
        self._seen = -math.inf
        self._driven = 0.0

    def drive(self, people: People | None, now: float, age: float = 0.0
              ) -> tuple[float, float, str]:
        """Speed [m/s], turn [rad/s] and the reason in words, at a time [s] of any clock.

        age: seconds since the stamp of the people.
        """
        speed, turn, why = self._wanted(people, now, max(age, 0.0))
        self._driven = min(speed, self._driven + SPEEDING_UP / RATE)
        return self._driven, turn, why

    def _wanted(self, people: People | None, now: float, age: float
                ) -> tuple[float, float, str]:
        if self._id is not None and now - self._seen > PATIENCE:
            self._id = None
        if people is None:
            return 0.0, 0.0, 'nothing is known of people'
        if people.unplaced:
            return 0.0, 0.0, 'somebody is seen whose place is not known'
        person = self._person(people)
        if person is None:
            return 0.0, 0.0, ('nobody stands alone before the robot' if self._id is None else
                              f'person {self._id} is not seen')
        if not told_apart(people, person):
            self._id = None
            return 0.0, 0.0, f'person {person.person_id} may be somebody else'
        self._id, self._seen = person.person_id, now
        nearest = [people.clearance(), people.predicted(age + AHEAD).clearance()]
        driven = self._driven * age
        if min(found.least for found in nearest if found is not None) - driven < self._stop:
            return 0.0, 0.0, 'somebody is near'
        bearing = _bearing(people, person)
        own = people.only(person.person_id).clearance(sigmas=SIGMAS)
        assert own is not None  # the hips are known
        speed = GAIN * (own.least - driven - self._distance) * max(math.cos(bearing), 0.0)
        return (min(max(speed, 0.0), self._speed),
                min(max(TURN_GAIN * bearing, -self._turn), self._turn),
                f'following person {person.person_id}')

    def _person(self, people: People) -> Person | None:
        """The one who is followed, or who asks for it; None where that one is not seen now."""
        seen = [person for person in people if person.state == TrackState.TRACKED
                and np.isfinite(people.joint(person, 'pelvis')[0]).all()]
        if self._id is not None:
            return next((person for person in seen if person.person_id == self._id), None)
        before = [person for person in seen if abs(_bearing(people, person)) < CLAIM_ANGLE
                  and np.linalg.norm(people.joint(person, 'pelvis')[0][:2]) < self._claim]
        return before[0] if len(before) == 1 else None


def _bearing(people: People, person: Person) -> float:
    x, y, _ = people.joint(person, 'pelvis')[0]
    return math.atan2(y, x)


class FollowPerson(Node):
    """Publishes cmd_vel, twenty times a second."""

    def __init__(self) -> None:
        super().__init__('follow_person')
        frame = self.declare_parameter('robot_frame', 'base_link').value
        numbers = [self.declare_parameter(name, value).value for name, value in (
            ('distance', 1.5), ('stop_distance', 0.6), ('claim_distance', 4.0),
            ('max_speed', 0.5), ('max_turn', 1.0), ('remember_seconds', 5.0))]
        if not (all(map(math.isfinite, numbers)) and min(numbers[:5]) > 0 and numbers[5] >= 0
                and numbers[0] > numbers[1]):
            raise SystemExit('give distance > stop_distance > 0, claim_distance, max_speed and '
                             'max_turn above 0, and remember_seconds of 0 or more')
        self._follower = Follower(*numbers[:5])
        self._people = PeopleSubscriber(self, frame, remember_seconds=numbers[5],
                                        keypoints_topic='keypoints_2d')
        self._publisher = self.create_publisher(Twist, 'cmd_vel', 1)
        self._said = ''
        # The machine's clock: a simulated one may stand still while the robot drives.
        self.create_timer(1 / RATE, self._drive, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _drive(self) -> None:
        people = self._people.latest()
        age = 0.0 if people is None else self._people.age(people)
        speed, turn, why = self._follower.drive(people, time.monotonic(), age)
        if why != self._said:
            self.get_logger().info(why)
            self._said = why
        command = Twist()
        command.linear.x, command.angular.z = float(speed), float(turn)
        self._publisher.publish(command)

    def halt(self) -> None:
        """Tell the base to stand still: the program ends then."""
        stand_still(self._publisher)


def main() -> None:
    """Run until interrupted; the last command is to stand still."""
    spin_to_the_end(FollowPerson, FollowPerson.halt)


if __name__ == '__main__':
    main()
