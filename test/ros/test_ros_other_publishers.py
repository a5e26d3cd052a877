# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Other nodes on the topics of the outputs are told from what is left of a node that was killed."""

import logging

import pytest

from mocap23_ros.ros.other_publishers import LEASE, OtherPublishers
from mocap23_ros.ros.problems import ProblemLog

KEY = 'other publishers'


@pytest.fixture
def watch():
    problems = ProblemLog(logging.getLogger('quiet'), lambda: 0.0, settle_time=0.0)
    watch = OtherPublishers('/robot/lifter_node', problems)

    def check(moment, **publishers):
        watch.check({f'/robot/{topic}': names for topic, names in publishers.items()}, moment)
        problems.settle()
        return {key: problem.message for key, problem in problems.present().items()}.get(KEY, '')

    return check


def test_this_node_alone_is_well(watch):
    assert watch(0.0, skeletons=['/robot/lifter_node'], keypoints_2d=['/robot/lifter_node']) == ''


def test_another_node_is_named_at_once_and_its_end_too(watch):
    message = watch(0.0, skeletons=['/robot/lifter_node', '/rosbag2_player'])
    assert '/robot/skeletons is published by /rosbag2_player, too' in message
    assert watch(1.0, skeletons=['/robot/lifter_node']) == ''


def test_a_node_of_the_same_name_may_be_one_that_was_killed(watch):
    twice = ['/robot/lifter_node', '/robot/lifter_node']
    assert watch(0.0, skeletons=twice) == '' and watch(LEASE - 1.0, skeletons=twice) == ''
    assert 'another node of the same name' in watch(LEASE + 1.0, skeletons=twice)
    assert watch(LEASE + 2.0, skeletons=twice[:1]) == ''
    assert watch(LEASE + 3.0, skeletons=twice) == '', 'it counts anew'
