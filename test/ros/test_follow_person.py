# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The example that follows a person: its decisions, and a robot that drives by them over DDS."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from client_world import EXAMPLES, World, load_example, person_at, running_beside

from mocap23_ros.client import People
from mocap23_ros.ros.conversions import skeletons_to_message
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.tracking.track import TrackState

EXAMPLE = load_example('follow_person')


def seen(*people):
    """People in the robot's frame: (id, x, y) or (id, x, y, sd, state)."""
    from std_msgs.msg import Header
    estimates = [person_at((x, y, 0.0), *(more[:1] or [0.05]), person_id, *more[1:])
                 for person_id, x, y, *more in people]
    return People.from_message(
        skeletons_to_message(estimates, Header(frame_id='base_link'), 'camera'),
        OUTPUT19.joint_names)


class Drive:
    """A follower that is told what is seen, one second of commands after the other."""

    def __init__(self):
        self.follower = EXAMPLE.Follower(1.5, 0.6, 4.0, 0.5, 1.0)
        self.now = 100.0

    def __call__(self, people, seconds=1.5):
        for _ in range(int(seconds * EXAMPLE.RATE)):
            self.now += 1 / EXAMPLE.RATE
            speed, turn, why = self.follower.drive(people, self.now)
        return speed, turn, why


@pytest.fixture
def drive():
    return Drive()


def test_it_drives_turns_and_keeps_its_distance(drive):
    speed, turn, why = drive(seen((3, 3.5, 0.3)))
    assert speed == 0.5 and 0 < turn < 0.2 and 'person 3' in why
    slow, turn, _ = drive(seen((3, 2.0, -0.4)))
    assert 0 < slow < 0.4 and turn < 0
    assert drive(seen((3, 1.4, 0)))[:2] == (0.0, 0.0), 'never backwards'
    assert drive(seen((3, -0.5, 2.5)))[:2] == (0.0, 1.0), 'turns on the spot to who is behind'
    assert drive(seen((3, 0.4, 0.1)))[2] == 'somebody is near'


def test_it_speeds_up_slowly_and_stops_at_once(drive):
    first = drive(seen((3, 3.9, 0)), 0.05)[0]
    assert first == pytest.approx(0.025)
    assert drive(seen((3, 3.9, 0)), 0.5)[0] == pytest.approx(0.275)
    assert drive(None, 0.05) == (0.0, 0.0, 'nothing is known of people')
    assert drive(seen((3, 3.9, 0)), 0.05)[0] == pytest.approx(0.025)


def test_who_is_hardly_known_is_not_approached(drive):
    sure, unsure = (drive(seen((3, 3.5, 0, sd)))[0] for sd in (0.05, 0.7))
    assert sure == 0.5 and unsure == 0.0
    nothing = seen((3, 3.5, 0))
    nothing.people[0].covariance[:] = np.nan
    assert drive(nothing)[0] == 0.0


def test_the_lost_are_waited_for_and_then_others_may_come(drive):
    drive(seen((3, 3.0, 0)))
    gone = seen((3, 3.0, 0, 0.05, TrackState.PREDICTED), (8, 3.0, 1.4))
    assert drive(gone, 0.5) == (0.0, 0.0, 'person 3 is not seen')
    assert 'person 3' in drive(seen((3, 3.0, 0)), 0.2)[2], 'back again'
    assert drive(seen((8, 3.0, 0)), 1.5)[2] == 'person 3 is not seen'
    assert 'following person 8' in drive(seen((8, 3.0, 0)), 1.0)[2]


def test_ids_that_may_be_exchanged_stop_it_until_one_stands_alone(drive):
    drive(seen((3, 3.0, 0)))
    assert 'following' in drive(seen((3, 3.0, 0), (4, 2.0, 1.5)))[2]
    for other in ((4, 3.4, 0.2), (4, 4.5, 0, 0.6)):  # near; or anywhere along the view
        assert drive(seen((3, 3.0, 0), other), 0.05) == (
            0.0, 0.0, 'person 3 may be somebody else'), other
        drive(seen((3, 3.0, 0)))
    # Apart again, but who is who is not known.
    drive(seen((3, 3.0, 0), (4, 3.2, 0.2)))
    assert drive(seen((3, 3.0, 0.8), (4, 3.0, -0.8)))[0] == 0.0
    assert 'following person 4' in drive(seen((3, 3.0, 3.0), (4, 3.0, -0.8)))[2]


def test_nobody_is_driven_into_who_is_not_seen(drive):
    drive(seen((3, 3.0, 0)))
    found = seen((3, 3.0, 0))
    assert drive(replace(found, unplaced=(9,)))[::2] == (
        0.0, 'somebody is seen whose place is not known')
    assert drive(found)[0] > 0
    # Somebody else who came too near to be seen, and is remembered.
    near = seen((8, 0.5, 0.3, 0.05, TrackState.PREDICTED), (3, 3.0, 0))
    assert drive(near)[2] == 'somebody is near'


def test_what_is_old_is_believed_less(drive):
    approaching = seen((3, 3.0, 0))
    approaching.people[0].velocity[:] = -1.5, 0, 0
    assert drive(approaching)[0] > 0
    speed, turn, why = drive.follower.drive(approaching, drive.now, age=0.5)
    assert (speed, why) == (0.0, 'somebody is near')


class Base(World):
    """A robot that drives as it is told before somebody who walks away from it."""

    def __init__(self):
        super().__init__()
        self.pose = np.array([1.0, 2.0, 0.3])  # x, y, yaw
        self.command, self.commands, self.when = (0.0, 0.0), [], time.monotonic()

    def heard(self, twist):
        self.command = twist.linear.x, twist.angular.z
        self.commands.append(self.command)

    def play(self, seconds, walker):
        """Distances to who is at ``walker(seconds)`` in the world (None: not seen)."""
        distances, start = [], time.monotonic()
        while (now := time.monotonic()) - start < seconds:
            speed, turn = self.command
            step, self.when = now - self.when, now
            x, y, yaw = self.pose
            self.pose += (speed * step * np.cos(yaw), speed * step * np.sin(yaw), turn * step)
            header, place = self.header(), walker(now - start)
            self.place_robot(*self.pose, header)
            people = [] if place is None else [person_at((*place, 0.0), 0.03)]
            self.see([person.person_id for person in people], header)
            self.show(people, header)
            if place is not None:
                distances.append(float(np.hypot(*(place - self.pose[:2]))))
            time.sleep(0.03)
        return distances


def test_a_robot_follows_who_walks_away_and_stops_when_they_are_gone():
    with running_beside(EXAMPLE.FollowPerson, Base) as base:
        start = base.pose[:2] + 3.0 * np.array([np.cos(0.5), np.sin(0.5)])
        for _ in range(40):  # discovery
            base.play(0.2, lambda _: start)
            if base.command[0] > 0:
                break
        base.play(4.0, lambda _: start)
        distances = base.play(4.0, lambda t: start + t * np.array([0.3, 0.1]))
        assert 1.5 < min(distances) and max(distances) < 2.6, distances
        assert max(abs(speed) for speed, _ in base.commands) <= 0.5
        assert max(abs(turn) for _, turn in base.commands) <= 1.0
        base.play(0.4, lambda _: None)
        assert base.command == (0.0, 0.0), 'nobody is seen'
        base.play(1.0, lambda _: start + 1.0)
        assert base.command[0] > 0
        base.when = time.monotonic()
        time.sleep(0.9)
        assert base.command == (0.0, 0.0), 'nothing is known'


def test_its_last_command_is_to_stand_still():
    """As a program of its own, ended by SIGTERM."""
    with running_beside(None, Base) as base:
        program = subprocess.Popen([sys.executable, str(EXAMPLES / 'follow_person.py')],
                                   env={**os.environ}, stderr=subprocess.PIPE, text=True)
        try:
            ahead = base.pose[:2] + (3.5, 1.0)
            for _ in range(100):
                base.play(0.2, lambda _: ahead)
                if base.command[0] > 0.1:
                    break
            assert base.command[0] > 0.1
            program.send_signal(signal.SIGTERM)
            assert program.wait(10) == 0
            time.sleep(0.3)
            assert base.command == (0.0, 0.0)
        finally:
            program.kill()
            assert 'Traceback' not in program.stderr.read()
            program.stderr.close()


def test_limits_that_cannot_be_are_refused():
    for wrong in ('distance:=0.5', 'max_speed:=.nan', 'remember_seconds:=-1.0'):
        refused = subprocess.run(
            [sys.executable, str(EXAMPLES / 'follow_person.py'), '--ros-args', '-p', wrong],
            capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 1 and 'distance > stop_distance > 0' in refused.stderr
        assert 'Traceback' not in refused.stderr
