# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The worker computes the newest frame only, runs commands in order, and survives errors."""

import threading

from mocap23_ros.ros.worker import LatestFrameWorker

TIMEOUT = 20.0


class Gate:
    """A process function that waits until it is let through."""

    def __init__(self):
        self.entered = threading.Semaphore(0)
        self.opened = threading.Semaphore(0)
        self.seen = []
        self.errors = []

    def process(self, frame):
        self.entered.release()
        assert self.opened.acquire(timeout=TIMEOUT)
        self.seen.append(frame)
        if frame == 'bad':
            raise RuntimeError('bad frame')

    def worker(self):
        worker = LatestFrameWorker(self.process, self.errors.append)
        worker.start()
        return worker


def test_only_the_newest_waiting_frame_is_computed():
    gate = Gate()
    worker = gate.worker()
    worker.submit(0)
    assert gate.entered.acquire(timeout=TIMEOUT)
    for frame in range(1, 200):
        worker.submit(frame)
    gate.opened.release(2)
    assert gate.entered.acquire(timeout=TIMEOUT)
    assert worker.stop(TIMEOUT)
    assert gate.seen == [0, 199]
    assert (worker.received, worker.dropped) == (200, 198)


def test_commands_all_run_before_the_next_frame_and_may_discard_it():
    gate = Gate()
    worker = gate.worker()
    worker.submit('first')
    assert gate.entered.acquire(timeout=TIMEOUT)
    worker.submit('stale')
    worker.post(lambda: gate.seen.append('command 1'), drop_frame=True)
    worker.submit('fresh')
    worker.post(lambda: gate.seen.append('command 2'))
    gate.opened.release(2)
    assert gate.entered.acquire(timeout=TIMEOUT)
    assert worker.stop(TIMEOUT)
    assert gate.seen == ['first', 'command 1', 'command 2', 'fresh']
    assert worker.dropped == 1


def test_an_error_does_not_end_the_thread():
    gate = Gate()
    worker = gate.worker()
    gate.opened.release(2)
    worker.submit('bad')
    assert gate.entered.acquire(timeout=TIMEOUT)
    worker.submit('good')
    assert gate.entered.acquire(timeout=TIMEOUT)
    assert worker.stop(TIMEOUT)
    assert gate.seen == ['bad', 'good']
    assert [str(error) for error in gate.errors] == ['bad frame']


def test_stop_without_work_ends_at_once_and_twice_is_harmless():
    worker = Gate().worker()
    assert worker.stop(TIMEOUT) and worker.stop(TIMEOUT)
