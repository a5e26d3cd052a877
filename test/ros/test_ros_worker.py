# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The worker computes the newest frame only, runs commands in order, and survives errors."""

import threading

from mocap23_ros.ros.worker import FrameWorker

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
        worker = FrameWorker(self.process, self.errors.append)
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
    worker.post(lambda: gate.seen.append('command 1'), drop_frames=True)
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


def test_frames_are_begun_while_others_wait_to_be_finished():
    begun, finished, ready = [], [], threading.Event()
    all_begun, all_finished = threading.Event(), threading.Event()

    def begin(frame):
        begun.append(frame)
        worker_gate.release()
        if len(begun) == 3:
            all_begun.set()

    def finish():
        while ready.is_set() and len(finished) < len(begun):
            finished.append(begun[len(finished)])
        if len(finished) == 3:
            all_finished.set()
        return len(finished) < len(begun)

    worker_gate = threading.Semaphore(0)
    worker = FrameWorker(begin, print, finish)
    worker.start()
    for frame in range(3):
        worker.submit(frame)
        assert worker_gate.acquire(timeout=TIMEOUT)
    assert all_begun.wait(TIMEOUT) and not finished
    ready.set()
    assert all_finished.wait(TIMEOUT) and finished == [0, 1, 2]
    assert worker.stop(TIMEOUT)


def test_in_order_a_frame_is_begun_when_the_one_before_is_finished():
    log, done = [], threading.Event()
    patience = iter([True, True, False] * 50)

    def finish():
        waits = bool(log) and log[-1][0] == 'begin' and next(patience)
        if log and log[-1][0] == 'begin' and not waits:
            log.append(('finish', log[-1][1]))
            if len(log) == 100:
                done.set()
        return waits

    worker = FrameWorker(lambda frame: log.append(('begin', frame)), print, finish,
                         capacity=50, in_order=True)
    worker.start()
    for frame in range(50):
        worker.submit(frame)
    assert done.wait(TIMEOUT)
    assert worker.stop(TIMEOUT) and worker.dropped == 0
    assert log == [(what, frame) for frame in range(50) for what in ('begin', 'finish')]
