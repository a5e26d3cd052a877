# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People who are seen but never placed are a problem, those who are placed are not."""

import logging
import time
from dataclasses import replace

import numpy as np
from ros_examples import random_estimate

from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.set_up_watch import SetUpWatch
from mocap23_ros.tracking.track import Track, TrackState


def tracks(count, age=5.0, state=TrackState.TRACKED):
    return [Track(i + 1, state, np.full((17, 3), 0.5, np.float32), np.zeros(4, np.float32), age)
            for i in range(count)]


def watched(frames, *steps):
    """Problems after some frames of each step: (tracks, estimates)."""
    problems = ProblemLog(logging.getLogger(), time.monotonic, settle_time=0.0)
    watch = SetUpWatch(problems, live=True)
    for step in steps:
        for _ in range(frames):
            watch.count_placed(*step)
    problems.settle()
    return problems.present()


def test_unplaced_people_are_a_warning_until_they_are_placed():
    nowhere = replace(random_estimate(0, 2), joints=np.full((19, 3), np.nan, np.float32))
    problem = watched(40, (tracks(2), [nowhere]))['placing']
    assert problem.severity == Severity.WARN and problem.message.startswith('2 people')
    placed = [random_estimate(0, 1), random_estimate(1, 2)]
    assert not watched(60, (tracks(2), []), (tracks(2), placed))


def test_who_is_new_or_one_of_many_is_not_missed():
    assert not watched(60, (tracks(2, age=0.5), []))
    assert not watched(60, (tracks(2, state=TrackState.PREDICTED), []))
    assert not watched(60, (tracks(20), []))
    assert not watched(10, (tracks(2), []))
