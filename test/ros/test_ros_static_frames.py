# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Two publishers of one static frame are told from one that places it anew."""

import logging

import pytest
from geometry_msgs.msg import TransformStamped

from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.static_frames import StaticFrameWatch


def place(x, frame='camera', parent='map'):
    transform = TransformStamped(child_frame_id=frame)
    transform.header.frame_id = parent
    transform.transform.translation.x = x
    return transform


class Topic:
    """/tf_static: what every living publisher keeps, a watch that hears it, and a buffer."""

    def __init__(self, *publishers):
        self.now, self.subscriptions = 0.0, 0
        self.publishers = [list(kept) for kept in publishers]
        self.problems = ProblemLog(logging.getLogger('quiet'), lambda: self.now, settle_time=0.0)
        self.buffer = {}
        self.watch = StaticFrameWatch(self.problems, self.subscribe, self.store)
        self.subscribe(self.hear)

    def hear(self, transforms):
        self.watch.heard(transforms)
        self.store(transforms)

    def store(self, transforms):
        self.buffer |= {t.child_frame_id: t for t in transforms}

    def subscribe(self, hear):
        self.subscriptions += 1
        for kept in self.publishers:
            hear(kept)
        return lambda: None

    def send(self, number, *kept):
        self.publishers[number] = list(kept)
        self.hear(kept)

    def said(self, seconds=10, camera='camera'):
        for _ in range(seconds):
            self.now += 1.0
            self.watch.check(self.now, len(self.publishers), 'map', camera)
            self.problems.settle()
        return self.problems.present().get('tf static')


@pytest.mark.parametrize(('other', 'words'), [
    (place(1.3), '"camera" on /tf_static, 0.30 m and 0.0 degrees apart'),
    (place(1.0, parent='rig'), 'one in "map" and one in "rig"'),
    (place(1.0, parent='/rig', frame='/camera'), 'one in "map" and one in "rig"'),
])
@pytest.mark.parametrize('late', [False, True], ids=['before the first image', 'later'])
def test_two_places_are_said_until_one_goes_and_tf_has_the_one_that_stays(other, words, late):
    topic = Topic([place(1.0)], [] if late else [other])
    if late:
        assert topic.said() is None
        topic.send(1, other)
    problem = topic.said()
    assert problem.severity == Severity.ERROR and words in problem.message
    topic.said(60)
    assert topic.said() is not None, 'as long as both live'
    del topic.publishers[1]
    assert topic.said() is None
    assert topic.buffer['camera'].transform.translation.x == 1.0
    assert topic.buffer['camera'].header.frame_id == 'map'


def test_a_publisher_that_places_a_frame_anew_is_right_and_is_asked_no_longer():
    topic = Topic([place(1.0)], [place(0.0, 'laser')])
    topic.send(0, place(1.5))
    assert topic.said(60) is None and topic.buffer['camera'].transform.translation.x == 1.5
    count = topic.subscriptions
    assert topic.said(60) is None and topic.subscriptions == count


def test_one_publisher_that_keeps_what_it_said_before_is_right():
    assert Topic([place(1.0), place(1.5)]).said(60) is None


def test_the_same_place_twice_is_right_and_costs_no_subscription():
    topic = Topic([place(1.0)], [place(1.005)])
    assert topic.said(60) is None and topic.subscriptions == 1


def test_frames_that_carry_no_camera_are_left_to_others():
    topic = Topic([place(1.0), place(0.0, 'laser'), place(0.0, 'lens', 'camera')],
                  [place(2.0, 'laser')])
    assert topic.said() is None
    topic.send(1, place(1.5))
    assert 'publish "camera"' in topic.said(20, 'lens').message
