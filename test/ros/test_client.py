# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The client and its example over real DDS: a robot slows down before a person."""

import time

import numpy as np
import pytest
from client_world import World, load_example, person_at, running_beside
from geometry_msgs.msg import Twist


@pytest.fixture
def gate():
    """What plays lifter, TF and driver beside the example node."""
    with running_beside(load_example('slow_down').SlowDown, Drive) as world:
        yield world


class Drive(World):
    """Publishes a person at a distance, late TF of the robot, and velocities; hears the result."""

    def __init__(self):
        super().__init__()
        self.wanted = self.create_publisher(Twist, 'cmd_vel_in', 1)
        self.speeds = []

    def heard(self, twist):
        self.speeds.append(twist.linear.x)

    def play(self, seconds, distance, sd=0.02):
        """Speeds that pass while somebody stands ``distance`` m before the robot (None: nobody)."""
        self.speeds.clear()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            header = self.header()
            self.show([] if distance is None else [person_at((1.0, 2.0 + distance, 1.0), sd)],
                      header)
            time.sleep(0.03)
            # The robot stands at (1, 2) and looks along y; its TF comes after the people.
            self.place_robot(1.0, 2.0, np.pi / 2, header)
            twist = Twist()
            twist.linear.x = 1.0
            self.wanted.publish(twist)
            time.sleep(0.03)
        return self.speeds[-5:]


def test_a_robot_slows_stops_and_stops_where_nothing_is_known(gate):
    for _ in range(40):  # discovery
        if gate.play(0.2, None) and gate.speeds[-1] == 1.0:
            break
    assert gate.play(0.5, None)[-1] == pytest.approx(1.0)
    assert gate.play(0.8, 6.0)[-1] == pytest.approx(1.0)
    slow = gate.play(0.8, 2.4)[-1]
    assert 0.05 < slow < 0.95
    assert gate.play(0.8, 1.2)[-1] == 0.0
    # As far away as before, but hardly known.
    assert gate.play(0.8, 6.0, sd=2.0)[-1] == 0.0
    # The lifter falls silent.
    gate.speeds.clear()
    time.sleep(0.7)
    for _ in range(5):
        twist = Twist()
        twist.linear.x = 1.0
        gate.wanted.publish(twist)
        time.sleep(0.05)
    assert gate.speeds and gate.speeds[-1] == 0.0
