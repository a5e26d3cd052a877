# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of another node with the names of this one's are noticed, one's own are not."""

import time

import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from rclpy.logging import get_logger

from mocap23_ros.ros.frame_names import FrameNameWatch
from mocap23_ros.ros.problems import ProblemLog


@pytest.fixture
def problems():
    return ProblemLog(get_logger('frame_names'), time.monotonic, settle_time=0.0)


def frame(name, second):
    transform = TransformStamped(child_frame_id=name)
    transform.header.stamp.sec = second
    return transform


def test_own_frames_come_back_without_a_word(problems):
    watch = FrameNameWatch('', problems)
    for second in (5, 6, 6, 4):  # also twice with one stamp, and back in time
        watch.sending(Time(sec=second))
        watch.heard(iter([frame('person_1', second), frame('person_1/head', second)]))
    assert not problems.present()


@pytest.mark.parametrize('second', [6, 7])
def test_frames_of_another_node_are_reported_also_with_the_same_stamps(problems, second):
    watch = FrameNameWatch('lab/', problems)
    for own in (5, 6):
        watch.sending(Time(sec=own))
        watch.heard([frame('lab/person_1', own)])
    watch.heard([frame('lab/person_3', second)])
    assert 'like "lab/person_3"' in problems.present()['tf names'].message
    watch.sending(Time(sec=8))
    watch.heard([frame('lab/person_1', 8)])
    problems.settle()
    assert not problems.present(), 'withdrawn when the other one ends'


@pytest.mark.parametrize('name', ['robot/person_1', 'lab/person_1', 'tool_person_1'])
def test_frames_of_other_names_are_nobody_s_trouble(problems, name):
    watch = FrameNameWatch('', problems)
    watch.sending(Time(sec=5))
    watch.heard([frame(name, 6)])
    assert not problems.present()


def test_names_that_are_not_used_are_free(problems):
    FrameNameWatch('', problems).heard([frame('person_1', 6)])
    assert not problems.present()
