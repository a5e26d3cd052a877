# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One thread that computes; it takes the newest frames."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Frame = TypeVar('Frame')

_POLL_INTERVAL = 0.004  # s; a frame waits for its transform at most this much too long


class FrameWorker(Generic[Frame]):
    """Calls ``begin(frame)`` in its own thread, then ``finish()`` until nothing is left to finish.

    finish: completes what was begun as far as it can be, and returns whether something waits.
    Newer frames are begun meanwhile; with ``in_order`` only when nothing waits, so that the
    outcome does not depend on time. Frames before their turn wait in a queue of ``capacity``;
    beyond it the oldest are dropped and counted. All commands given with ``post`` run in order and
    in the same thread, before the next frame: what they touch needs no lock. An exception goes to
    ``on_error`` and does not end the thread.
    received, dropped: frames submitted so far, and those that newer ones replaced before they were
    begun. stopping: set when the worker shall end.
    """

    def __init__(
        self, begin: Callable[[Frame], None], on_error: Callable[[BaseException], None],
        finish: Callable[[], bool] = lambda: False, *, capacity: int = 1, in_order: bool = False,
    ) -> None:
        self._begin = begin
        self._on_error = on_error
        self._finish = finish
        self._capacity = capacity
        self._in_order = in_order
        self._condition = threading.Condition()
        self._frames: deque[Frame] = deque()
        self._commands: deque[Callable[[], None]] = deque()
        self.stopping = threading.Event()
        self.received = 0
        self.dropped = 0
        self._busy_since: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs; after ``stop``: whether it hangs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def busy_for(self) -> float:
        """Seconds since the thread began what it does now; 0 while it waits."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def start(self) -> None:
        """Start a thread, also after ``stop``; nothing waits for it yet."""
        self.stopping.clear()
        self._frames.clear()
        self._commands.clear()
        self._busy_since = None
        self._thread = threading.Thread(target=self._run, name='lifter_worker', daemon=True)
        self._thread.start()

    def submit(self, frame: Frame) -> None:
        """Hand over a frame; returns at once."""
        with self._condition:
            self.received += 1
            if len(self._frames) >= self._capacity:
                self._frames.popleft()
                self.dropped += 1
            self._frames.append(frame)
            self._condition.notify()

    def post(self, command: Callable[[], None], *, drop_frames: bool = False) -> None:
        """Run a command before the next frame; ``drop_frames`` discards those that wait."""
        with self._condition:
            self._commands.append(command)
            if drop_frames:
                self.dropped += len(self._frames)
                self._frames.clear()
            self._condition.notify()

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread after what it is doing; False where it did not end in time."""
        self.stopping.set()
        with self._condition:
            self._condition.notify()
        thread = self._thread
        if thread is None:
            return True
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)
        return not thread.is_alive()

    def _run(self) -> None:
        waits = False
        while True:
            with self._condition:
                self._busy_since = None
                if not self._has_work(waits):
                    self._condition.wait(_POLL_INTERVAL if waits else None)
                if self.stopping.is_set():
                    return
                command = self._commands.popleft() if self._commands else None
                frame = None
                if command is None and self._frames and not (waits and self._in_order):
                    frame = self._frames.popleft()
                self._busy_since = time.monotonic()
            try:
                if command is not None:
                    command()
                elif frame is not None:
                    self._begin(frame)
                waits = self._finish()
            except BaseException as error:  # the thread must outlive any single frame
                self._on_error(error)

    def _has_work(self, waits: bool) -> bool:
        return self.stopping.is_set() or bool(self._commands) or (
            bool(self._frames) and not (waits and self._in_order))
