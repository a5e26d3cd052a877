# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frames are judged by their stamps: one camera is one clock."""

import pytest
from builtin_interfaces.msg import Time
from rclpy.logging import get_logger

from mocap23_ros.ros import image_clock
from mocap23_ros.ros.image_clock import ImageClock, Verdict
from mocap23_ros.ros.problems import ProblemLog

SECOND = 10**9
START = 1_700_000_000 * SECOND
STEP = SECOND // 15


class Arrivals:
    """Frames that arrive in time, on a wall clock that is ours."""

    def __init__(self, monkeypatch):
        self.problems = ProblemLog(get_logger('clock'), lambda: 0.0)
        self.clock = ImageClock(self.problems)
        self.wall = 0
        monkeypatch.setattr(image_clock.time, 'monotonic', lambda: 1e-9 * self.wall)

    def judge(self, stamp, step=STEP, now=0):
        self.wall += step
        return self.clock.judge(Time(sec=stamp // SECOND, nanosec=stamp % SECOND), now)

    def judge_own(self, offset=0, step=STEP):
        """A frame stamped as it arrives, on a clock that is off."""
        return self.judge(START + self.wall + step + offset, step)


@pytest.fixture
def arrivals(monkeypatch):
    return Arrivals(monkeypatch)


def test_a_camera_with_gaps_and_pauses_is_accepted(arrivals):
    for step in (STEP, STEP, 3 * SECOND, STEP, 600 * SECOND, STEP):
        assert arrivals.judge_own(step=step) is Verdict.ACCEPTED
    assert not arrivals.problems.present()


def test_a_bag_that_is_played_fast_is_accepted(arrivals):
    for i in range(30):
        assert arrivals.judge(START + i * SECOND, SECOND // 8) is Verdict.ACCEPTED


def test_a_machine_that_stood_still_takes_an_old_image_and_the_newest(arrivals):
    now = START + 10 * SECOND
    assert arrivals.judge(now - 4 * SECOND, now=now) is Verdict.ACCEPTED
    assert arrivals.judge(now, SECOND // 1000, now=now) is Verdict.ACCEPTED
    assert arrivals.judge(now + 5 * SECOND, SECOND // 1000, now=now) is Verdict.REFUSED


@pytest.mark.parametrize('years', [10, -10])
def test_a_single_stamp_of_another_time_is_left_out_and_named(arrivals, years):
    for i in range(60):
        if i % 20 == 10:
            assert arrivals.judge_own(years * 365 * 86400 * SECOND) is Verdict.REFUSED
            word = 'ahead' if years > 0 else 'behind'
            assert word in arrivals.problems.present()['clocks'].message
        else:
            assert arrivals.judge_own() is Verdict.ACCEPTED


@pytest.mark.parametrize('offset', [5, -5])
def test_of_two_clocks_the_first_is_kept_where_none_has_the_majority(arrivals, offset):
    verdicts = [arrivals.judge_own(offset * SECOND * (i % 2)) for i in range(100)]
    assert set(verdicts[::2]) == {Verdict.ACCEPTED}
    assert set(verdicts[1::2]) == {Verdict.REFUSED}


@pytest.mark.parametrize('offset', [5, -5])
def test_of_two_clocks_the_majority_wins_once(arrivals, offset):
    verdicts = [arrivals.judge_own(0 if i % 3 else offset * SECOND) for i in range(100)]
    assert verdicts.count(Verdict.BEGIN_ANEW) == (1 if offset > 0 else 0)
    settled = verdicts[20:]
    assert {v for i, v in enumerate(settled, 20) if i % 3} == {Verdict.ACCEPTED}
    assert {v for i, v in enumerate(settled, 20) if not i % 3} == {Verdict.REFUSED}


def test_a_recording_that_loops_begins_anew_after_a_moment(arrivals):
    for i in range(30):
        arrivals.judge(START + i * STEP)
    verdicts = [arrivals.judge(START + i * STEP - 60 * SECOND) for i in range(10)]
    assert verdicts.index(Verdict.BEGIN_ANEW) <= 4
    assert set(verdicts[4:]) == {Verdict.ACCEPTED}
    assert 'jumped back by 61' in arrivals.problems.present()['time'].message


def test_stamp_zero_and_small_steps_back_are_refused(arrivals):
    assert arrivals.judge(0) is Verdict.REFUSED
    assert 'stamp 0' in arrivals.problems.present()['stamp'].message
    assert arrivals.judge(START) is Verdict.ACCEPTED
    for back in (0, STEP, 9 * SECOND // 10):
        assert arrivals.judge(START - back) is Verdict.REFUSED
    assert 'older than the one before' in arrivals.problems.present()['stamp'].message


@pytest.mark.parametrize(('age', 'text'), [
    (3600, 'images arrive 3600.0 s after their stamp'), (-3, '3.0 s ahead of the clock'),
    (0.3, None)])
def test_stamps_are_held_against_the_clock_of_the_node(arrivals, age, text):
    assert arrivals.judge(START, now=START + int(age * SECOND)) is Verdict.ACCEPTED
    if text is None:
        assert not arrivals.problems.present()
    else:
        assert text in arrivals.problems.present()['age'].message
