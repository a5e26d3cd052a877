#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Slows a robot down, and stops it, when somebody may come near.

    ros2 run mocap23_ros lifter_node ...      and
    python3 examples/slow_down.py --ros-args -p robot_frame:=base_link \
        -r cmd_vel_in:=cmd_vel_nav -r cmd_vel:=cmd_vel

Velocities pass from ``cmd_vel_in`` to ``cmd_vel``, times a share that falls from 1 at
``slow_distance`` to 0 at ``stop_distance``. Distances are from robot_frame to the nearest joint of
anybody, less three standard deviations, half a second ahead. Where nothing is known of people, for
want of images or of TF, the robot stops. This is an example: it is no safety function in the sense
of ISO 13849 or ISO/TS 15066.
"""

import rclpy
from geometry_msgs.msg import Twist
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from mocap23_ros.client.people import People
from mocap23_ros.client.subscriber import PeopleSubscriber


def speed_share(people: People | None, stop: float, slow: float, ahead: float) -> float:
    """Share 0..1 of the speed that is allowed; 0 where nothing is known."""
    if people is None:
        return 0.0
    nearest = [people.clearance(), people.predicted(ahead).clearance()]
    least = min((found.least for found in nearest if found is not None), default=float('inf'))
    return min(max((least - stop) / (slow - stop), 0.0), 1.0)


class SlowDown(Node):
    """The gate between cmd_vel_in and cmd_vel."""

    def __init__(self) -> None:
        super().__init__('slow_down')
        frame = self.declare_parameter('robot_frame', 'base_link').value
        self._stop = self.declare_parameter('stop_distance', 0.6).value
        self._slow = self.declare_parameter('slow_distance', 2.0).value
        self._ahead = self.declare_parameter('seconds_ahead', 0.5).value
        self._people = PeopleSubscriber(self, frame)
        self._publisher = self.create_publisher(Twist, 'cmd_vel', 1)
        self.create_subscription(Twist, 'cmd_vel_in', self._pass_on, 1)

    def _pass_on(self, wanted: Twist) -> None:
        share = speed_share(self._people.latest(), self._stop, self._slow, self._ahead)
        allowed = Twist()
        for part in ('linear', 'angular'):
            for axis in 'xyz':
                setattr(getattr(allowed, part), axis, share * getattr(getattr(wanted, part), axis))
        self._publisher.publish(allowed)


def main() -> None:
    """Run until interrupted."""
    rclpy.init()  # a context manager only since Kilted
    try:
        rclpy.spin(SlowDown())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()
