# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The client and its example over real DDS: a robot slows down before a person, whatever fails."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from client_world import EXAMPLES, World, load_example, person_at, running_beside
from geometry_msgs.msg import Twist
from rclpy.node import Node
from rclpy.time import Time

from mocap23_ros.client.subscriber import PeopleSubscriber

EXAMPLE = load_example('slow_down')
PERSON = 3


class Drive(World):
    """Publishes a person at a distance, late TF of the robot, and velocities; hears the result."""

    def __init__(self):
        super().__init__()
        self.wanted = self.create_publisher(Twist, 'cmd_vel_in', 1)
        self.speeds = []

    def heard(self, twist):
        self.speeds.append(twist.linear.x)

    def want(self, speed):
        twist = Twist()
        twist.linear.x = speed
        self.wanted.publish(twist)

    def play(self, seconds, distance, sd=0.02, ids=(), early=0.0, speed=1.0, cameras=('camera',),
             keypoints=True):
        """Speeds that pass while somebody stands ``distance`` m before the robot (None: nobody).

        ids: further people in the image; early: seconds that stamps are ahead; cameras: that see
        it, the first one the person; speed: None = no velocities come; keypoints: whether any come.
        """
        self.speeds.clear()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            header = self.header()
            header.stamp = Time(nanoseconds=Time.from_msg(header.stamp).nanoseconds
                                + int(1e9 * early)).to_msg()
            people = [] if distance is None else [person_at((1.0, 2.0 + distance, 1.0), sd)]
            for camera in cameras:
                if keypoints:
                    self.see([*(person.person_id for person in people), *ids], header)
                self.show(people, header, camera)
                people = []
            time.sleep(0.03)
            # The robot stands at (1, 2) and looks along y; its TF comes after the people.
            self.place_robot(1.0, 2.0, np.pi / 2, header)
            if speed is not None:
                self.want(speed)
            time.sleep(0.03)
        return self.speeds[-5:]

    def reach(self, low, high, distance, **scene):
        """Play until a speed of low to high passes."""
        for _ in range(60):
            if self.play(0.25, distance, **scene) and low <= self.speeds[-1] <= high:
                return
        raise AssertionError(f'{self.speeds} are not {low} to {high}')


@pytest.fixture
def gate():
    """What plays lifter, TF and driver beside the example node."""
    with running_beside(EXAMPLE.SlowDown, Drive) as world:
        world.reach(1, 1, None)
        yield world


def test_a_robot_slows_stops_and_stops_where_nothing_is_known(gate):
    gate.reach(1, 1, 6.0)
    gate.reach(0.05, 0.95, 3.0)
    gate.reach(0, 0, 1.2)
    gate.reach(1, 1, 6.0)
    # As far away as before, but hardly known.
    gate.reach(0, 0, 6.0, sd=2.0)
    gate.reach(1, 1, 6.0)
    # The lifter falls silent.
    gate.speeds.clear()
    time.sleep(0.7)
    for _ in range(5):
        gate.want(1.0)
        time.sleep(0.05)
    assert gate.speeds and gate.speeds[-1] == 0.0


def test_who_comes_too_near_to_be_seen_stops_it(gate):
    gate.reach(0, 0, 0.9)
    # The detector loses whoever fills the image, and finds nobody.
    assert max(gate.play(3.0, None)) == 0.0
    gate.reach(1, 1, None)  # not for ever


def test_who_steps_in_stops_it_although_no_new_velocity_came(gate):
    """A remote control sends once what it wants; a planner may die."""
    assert gate.play(0.3, 1.0, speed=None)[-1] == 0.0
    gate.reach(1, 1, 6.0)
    gate.reach(0, 0, 6.0, speed=None)  # nobody wants anything any more


@pytest.mark.parametrize('strange', [
    {'ids': (9,)},  # in the image, and nobody knows how far away
    {'early': 5.0},  # the clock of another machine, or one that has jumped back
    {'cameras': ('camera', 'other')},  # one sees the person, the other one nobody
    {'keypoints': False},
    {'speed': float('nan')}, {'speed': float('inf')}])
def test_what_is_not_known_stops_it(gate, strange):
    gate.reach(1, 1, 8.0)
    gate.reach(0, 0, 8.0, **strange)
    assert max(gate.play(1.0, 8.0, **strange)) == 0.0


def test_its_last_command_is_to_stand_still_and_limits_are_checked():
    """As a program of its own, ended by SIGTERM."""
    command = [sys.executable, str(EXAMPLES / 'slow_down.py')]
    with running_beside(None, Drive) as world:
        program = subprocess.Popen(command, env={**os.environ}, stderr=subprocess.PIPE, text=True)
        try:
            world.reach(1, 1, None)
            program.send_signal(signal.SIGTERM)
            assert program.wait(10) == 0
            time.sleep(0.3)
            assert world.speeds[-1] == 0.0
        finally:
            program.kill()
            assert 'Traceback' not in program.stderr.read()
            program.stderr.close()
    for wrong in ('stop_distance:=2.5', 'stop_distance:=.nan', 'seconds_ahead:=-1.0'):
        refused = subprocess.run([*command, '--ros-args', '-p', wrong], capture_output=True,
                                 text=True, timeout=60, check=False)
        assert refused.returncode == 1 and '0 < stop_distance < slow_distance' in refused.stderr
        assert 'Traceback' not in refused.stderr


def test_waiting_for_a_person_does_not_take_one_from_before():
    made = []

    def make():
        node = Node('waiter')
        made.append(PeopleSubscriber(node, people_seconds=0.3))
        return node

    with running_beside(make, World) as world:
        for _ in range(100):
            world.show([person_at((1.0, 2.0, 1.0), 0.02)], world.header())
            if found := made[0].wait_for_person(0.1):
                break
        assert found.people[0].person_id == PERSON
        time.sleep(0.5)
        assert made[0].wait_for_person(0.2) is None
