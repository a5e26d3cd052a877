#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Slows a robot down, and stops it, when somebody may come near.

    ros2 run mocap23_ros lifter_node ...      and
    python3 examples/slow_down.py --ros-args -p robot_frame:=base_link \
        -r cmd_vel_in:=cmd_vel_nav -r cmd_vel:=cmd_vel

Velocities pass from ``cmd_vel_in`` to ``cmd_vel``, times a share that falls from 1 at
``slow_distance`` to 0 at ``stop_distance``. Distances are from robot_frame to the nearest joint of
anybody, less three standard deviations, half a second ahead, and less the way driven since the
image. Whom the camera has lost is taken to be still there for ``remember_seconds``: somebody who
stands very near is often not detected. The robot stops where nothing is known of people, for want
of images, of TF or of a true clock, where somebody is seen whose place is not known, and where no
velocity has come for half a second. This is an example: it is no safety function in the sense of
ISO 13849 or ISO/TS 15066; it sees what one camera sees.
"""

import math
import time

from geometry_msgs.msg import Twist
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from mocap23_ros.client.people import People
from mocap23_ros.client.spinning import spin_to_the_end, stand_still
from mocap23_ros.client.subscriber import PeopleSubscriber

RATE = 20.0  # commands per second
COMMAND_SECONDS = 0.5  # that a velocity holds


def speed_share(people: People | None, stop: float, slow: float, ahead: float,
                driven: float = 0.0) -> float:
    """Share 0..1 of the speed that is allowed; 0 where nothing is known.

    stop, slow: metres; ahead: seconds from the stamp of the people; driven: metres since then.
    """
    if people is None or people.unplaced:
        return 0.0
    nearest = [people.clearance(), people.predicted(ahead).clearance()]
    least = min((found.least for found in nearest if found is not None), default=math.inf)
    return min(max((least - driven - stop) / (slow - stop), 0.0), 1.0)


def scaled(wanted: Twist, share: float) -> Twist:
    """That share of a velocity; none of one that is no number, which 0 times would not be either.
    """
    allowed = Twist()
    parts = [(part, axis) for part in ('linear', 'angular') for axis in 'xyz']
    values = [getattr(getattr(wanted, part), axis) for part, axis in parts]
    if all(map(math.isfinite, values)):
        for (part, axis), value in zip(parts, values, strict=True):
            setattr(getattr(allowed, part), axis, share * value)
    return allowed


class SlowDown(Node):
    """The gate between cmd_vel_in and cmd_vel."""

    def __init__(self) -> None:
        super().__init__('slow_down')
        frame = self.declare_parameter('robot_frame', 'base_link').value
        self._stop = self.declare_parameter('stop_distance', 0.6).value
        self._slow = self.declare_parameter('slow_distance', 2.0).value
        self._ahead = self.declare_parameter('seconds_ahead', 0.5).value
        remember = self.declare_parameter('remember_seconds', 5.0).value
        if not (0 < self._stop < self._slow < math.inf and 0 <= self._ahead < math.inf
                and 0 <= remember < math.inf):
            raise SystemExit('give 0 < stop_distance < slow_distance, seconds_ahead and '
                             'remember_seconds of 0 or more')
        self._people = PeopleSubscriber(self, frame, remember_seconds=remember,
                                        keypoints_topic='keypoints_2d')
        self._wanted, self._heard = Twist(), -math.inf
        self._allowed = Twist()
        self._publisher = self.create_publisher(Twist, 'cmd_vel', 1)
        self.create_subscription(Twist, 'cmd_vel_in', self._take, 1)
        # The machine's clock: a simulated one may stand still while the robot drives.
        self.create_timer(1 / RATE, self._pass_on, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _take(self, wanted: Twist) -> None:
        self._wanted, self._heard = wanted, time.monotonic()

    def _pass_on(self) -> None:
        people = self._people.latest()
        age = 0.0 if people is None else max(self._people.age(people), 0.0)
        speed = math.hypot(self._allowed.linear.x, self._allowed.linear.y)
        share = speed_share(people, self._stop, self._slow, age + self._ahead, speed * age)
        if time.monotonic() - self._heard > COMMAND_SECONDS:
            share = 0.0
        self._allowed = scaled(self._wanted, share)
        self._publisher.publish(self._allowed)

    def halt(self) -> None:
        """Tell the base to stand still: the program ends then."""
        stand_still(self._publisher)


def main() -> None:
    """Run until interrupted; the last command is to stand still."""
    spin_to_the_end(SlowDown, SlowDown.halt)


if __name__ == '__main__':
    main()
