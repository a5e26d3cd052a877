# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive their parent and whose failures are explained."""

import ctypes
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mocap23_ros.errors import InputError

_PATIENCE = ((signal.SIGINT, 8.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))
_PR_SET_PDEATHSIG = 1
try:
    _LIBC: Any = ctypes.CDLL('libc.so.6')
except OSError:  # not glibc: children then end only when they are told to
    _LIBC = None


def say(**words: Any) -> None:
    """Tell the parent something, from within a child."""
    print(json.dumps(words), flush=True)


def _prepare_child() -> None:
    os.setpgid(0, 0)  # Ctrl-C goes to the parent alone, which ends its children in order
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class ChildProcess:
    """A Python module run as a process of its own group, speaking JSON lines.

    What it writes to stderr, and what on stdout is no JSON object, goes to a log file.
    Use as a context manager: leaving it ends the process, gently first, in all cases.
    """

    def __init__(self, name: str, module: str, arguments: Sequence[str], log: Path,
                 environment: Mapping[str, str]) -> None:
        self.name = name
        self._log = log
        self._stream = log.open('w', encoding='utf-8')
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, '-m', module, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._stream, text=True, env=dict(environment),
            preexec_fn=_prepare_child)
        self._is_interrupted = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> 'ChildProcess':
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def events(self) -> list[dict[str, Any]]:
        """What the process said since the last call."""
        found = []
        while not self._events.empty():
            found.append(self._events.get_nowait())
        return found

    def say(self, line: str) -> None:
        """Send a line to the process's standard input."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + '\n')
            self._process.stdin.flush()
        except OSError:
            self.check()

    def check(self) -> None:
        """Raise InputError, with the end of its log, where the process has ended by itself."""
        code = self._process.poll()
        if code is not None:
            self._stream.flush()
            lines = [line for line in self._log.read_text(errors='replace').splitlines()
                     if line.strip()]
            reason = lines[-1] if lines else 'it said nothing'
            raise InputError(f'the {self.name} process ended early (exit {code}): {reason} '
                             f'(whole log: {self._log})')

    def interrupt(self) -> None:
        """Ask the process to end, once; does not wait."""
        if not self._is_interrupted and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self._is_interrupted = True

    def stop(self) -> int:
        """End the process: SIGINT, then SIGTERM, then SIGKILL; returns its exit status."""
        for number, seconds in _PATIENCE:
            if self._process.poll() is not None:
                break
            if number != signal.SIGINT:
                self._process.send_signal(number)
            else:
                self.interrupt()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self._reader.join(2.0)
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                pass
        self._stream.close()
        return self._process.returncode if self._process.returncode is not None else -1

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = None
            if isinstance(event, dict):
                self._events.put(event)
            else:
                self._stream.write(line)
