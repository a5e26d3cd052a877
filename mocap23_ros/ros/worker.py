# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One thread that computes; it takes the newest frame only."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Frame = TypeVar('Frame')


class LatestFrameWorker(Generic[Frame]):
    """Calls ``process(frame)`` in its own thread with the newest frame submitted.

    A frame that is replaced before its turn is dropped and counted, never queued. Commands given
    with ``post`` are all run, in order and in the same thread, before the next frame: what they
    touch needs no lock. An exception goes to ``on_error`` and does not end the thread.
    """

    def __init__(
        self, process: Callable[[Frame], None], on_error: Callable[[Exception], None]
    ) -> None:
        self._process = process
        self._on_error = on_error
        self._condition = threading.Condition()
        self._frame: Frame | None = None
        self._commands: deque[Callable[[], None]] = deque()
        self._stopping = threading.Event()
        self._received = 0
        self._dropped = 0
        self._thread: threading.Thread | None = None

    @property
    def received(self) -> int:
        """Frames submitted so far."""
        return self._received

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before they were computed."""
        return self._dropped

    @property
    def stopping(self) -> threading.Event:
        """Set when the worker shall end: whoever waits in ``process`` should stop waiting."""
        return self._stopping

    def start(self) -> None:
        """Start a thread, also after ``stop``; nothing waits for it yet."""
        self._stopping.clear()
        self._frame = None
        self._commands.clear()
        self._thread = threading.Thread(target=self._run, name='lifter_worker', daemon=True)
        self._thread.start()

    def submit(self, frame: Frame) -> None:
        """Hand over a frame; returns at once."""
        with self._condition:
            self._received += 1
            if self._frame is not None:
                self._dropped += 1
            self._frame = frame
            self._condition.notify()

    def post(self, command: Callable[[], None], *, drop_frame: bool = False) -> None:
        """Run a command before the next frame; ``drop_frame`` discards the one that waits."""
        with self._condition:
            self._commands.append(command)
            if drop_frame and self._frame is not None:
                self._frame = None
                self._dropped += 1
            self._condition.notify()

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread after what it is doing; False where it did not end in time."""
        self._stopping.set()
        with self._condition:
            self._condition.notify()
        thread = self._thread
        if thread is None:
            return True
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)
        return not thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not (self._stopping.is_set() or self._commands or self._frame is not None):
                    self._condition.wait()
                if self._stopping.is_set():
                    return
                command = self._commands.popleft() if self._commands else None
                frame = None
                if command is None:
                    frame, self._frame = self._frame, None
            try:
                if command is not None:
                    command()
                elif frame is not None:
                    self._process(frame)
            except Exception as error:  # the thread must outlive any single frame
                self._on_error(error)
