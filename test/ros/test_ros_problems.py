# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Problems are said once, withdrawn when they are gone, and said again when they come back."""

import pytest
from rclpy.logging import get_logger

from mocap23_ros.errors import InputError
from mocap23_ros.ros.diagnostics import make_status
from mocap23_ros.ros.problems import FrameRejectedError, Problem, ProblemLog, Severity


class Recorder:
    def __init__(self):
        self.lines = []

    def info(self, message):
        self.lines.append(('info', message))

    def warning(self, message):
        self.lines.append(('warning', message))

    def error(self, message):
        self.lines.append(('error', message))


class Time:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def log():
    recorder, clock = Recorder(), Time()
    problems = ProblemLog(recorder, clock, settle_time=2.0)
    problems.recorder, problems.clock = recorder, clock
    return problems


def test_repeated_report_is_one_line(log):
    for _ in range(100):
        log.report('tf', 'no transform')
    assert log.recorder.lines == [('error', 'no transform')]
    assert log.present() == {'tf': Problem(Severity.ERROR, 'no transform')}


def test_recovery_is_said_and_a_new_failure_again(log):
    log.report('tf', 'no transform')
    log.clear('tf')
    log.clock.now = 2.5
    log.settle()
    assert log.present() == {}
    log.report('tf', 'no transform', Severity.WARN)
    assert [level for level, _ in log.recorder.lines] == ['error', 'info', 'warning']


def test_flicker_is_not_repeated(log):
    for i in range(50):  # every other frame fails for 5 s
        log.clock.now = 0.1 * i
        if i % 2:
            log.clear('tf')
        else:
            log.report('tf', 'no transform')
        log.settle()
    assert len(log.recorder.lines) == 1
    assert 'tf' in log.present()


def test_guard_turns_input_errors_into_problems(log):
    with pytest.raises(FrameRejectedError), log.guard('image'):
        raise InputError('the image is empty')
    assert log.present()['image'].message == 'the image is empty'
    with log.guard('image'):
        pass
    log.clock.now = 3.0
    log.settle()
    assert not log.present()


def test_status_shows_the_worst():
    problems = {'a': Problem(Severity.WARN, 'slow'), 'b': Problem(Severity.ERROR, 'blind')}
    status = make_status('node', 'camera', problems, {'rate': '30'}, 'working')
    assert status.level == b'\x02' and status.message == 'blind'
    assert {v.key: v.value for v in status.values} == {
        'rate': '30', 'problem: a': 'slow', 'problem: b': 'blind'}
    assert make_status('node', 'camera', {}, {}, 'working').level == b'\x00'


def test_real_logger_takes_both_severities():
    """rclpy refuses a change of severity at one place in the code."""
    problems = ProblemLog(get_logger('test'), lambda: 0.0)
    problems.report('a', 'bad')
    problems.report('b', 'worrying', Severity.WARN)
    problems.report('c', 'bad again')
    assert set(problems.present()) == {'a', 'b', 'c'}


def test_names_cannot_write_lines_of_their_own(log):
    log.report('input data', 'format "a\n[INFO] all is well\x1b[2J\x85é"')
    message = log.present()['input data'].message
    assert message == r'format "a\n[INFO] all is well\x1b[2J\x85é"'
