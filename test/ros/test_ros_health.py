# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Health is judged by what comes out for what comes in."""

import pytest
from rclpy.logging import get_logger

from mocap23_ros.ros.health import NodeHangsError, OutputHealth, Totals
from mocap23_ros.ros.problems import ProblemLog, Severity


@pytest.fixture
def problems():
    return ProblemLog(get_logger('health'), lambda: 0.0, settle_time=0.0)


def run(problems, seconds, received, published, dropped=0, delay=0.1, **options):
    """Ask once a second, with these many images in each; return the problems at the end."""
    health = OutputHealth(problems)
    for i in range(seconds + 1):
        health.check(Totals(
            float(i), i * received, i * dropped, i * published, delay, 'lift'), **options)
        problems.settle()
    return problems.present()


def test_a_node_that_keeps_up_is_healthy(problems):
    assert not run(problems, 10, received=30, published=29, dropped=1)


def test_a_camera_that_is_faster_than_anybody_needs_is_no_overload(problems):
    assert not run(problems, 10, received=200, published=40, dropped=160)


def test_most_images_dropped_is_an_overload_that_names_the_step(problems):
    problem = run(problems, 10, received=15, published=2, dropped=13)['overload']
    assert problem.severity is Severity.WARN
    assert '15.0 images come in a second and 2.0 are computed' in problem.message
    assert '"lift"' in problem.message


def test_fewer_answers_than_somebody_needs_are_named(problems):
    assert '4.0 images a second are answered' in run(
        problems, 5, received=5, published=4, min_rate=5.0)['rate'].message
    assert not run(problems, 5, received=6, published=5, min_rate=5.0)


def test_an_image_lost_where_all_are_wanted_is_an_error(problems):
    problem = run(problems, 2, received=15, published=14, dropped=1, keeps_all=True)['overload']
    assert problem.severity is Severity.ERROR and 'image_queue' in problem.message


def test_skeletons_that_come_late_are_named(problems):
    assert 'come 2.5 s after' in run(problems, 5, 15, 14, delay=2.5)['latency'].message
    assert not run(problems, 5, 15, 14, delay=0.5)


def test_a_step_that_hangs_is_named_and_ends_the_node(problems):
    health = OutputHealth(problems)
    health.check_progress('lift', 1.0, 30.0)
    assert not problems.present()
    health.check_progress('detect', 10.0, 30.0)
    assert '"detect" of one image has taken 10 s' in problems.present()['stalled'].message
    with pytest.raises(NodeHangsError, match='status 3'):
        health.check_progress('detect', 31.0, 30.0)
    with pytest.raises(NodeHangsError, match='the thread that computes ended in "publish"'):
        health.check_progress('publish', 0.0, 30.0, is_alive=False)
    health.check_progress('detect', 1e6, 0.0)  # never
    health.check_progress('detect', 0.0, 0.0)
    problems.settle()
    assert not problems.present()
