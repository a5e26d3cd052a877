# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the problems of the moment: logs each once, shows it in diagnostics, withdraws it."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from mocap23_ros.errors import InputError

_LONGEST_WORD, _LONGEST_MESSAGE = 200, 1500  # characters; names come from anybody


class Logger(Protocol):
    """The part of an rclpy logger that is used."""

    def info(self, message: str) -> object:
        """Log for information."""

    def warning(self, message: str) -> object:
        """Log a warning."""

    def error(self, message: str) -> object:
        """Log an error."""


class Severity(IntEnum):
    """The levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2


class FrameRejectedError(Exception):
    """A frame cannot be used; the reason is in the problem log already."""


@dataclass(frozen=True)
class Problem:
    """Something that keeps the node from working; the message says how to mend it."""

    severity: Severity
    message: str


@dataclass
class _Entry:
    problem: Problem
    healthy_since: float | None = None


class ProblemLog:
    """Present problems by key. Thread safe.

    A problem is logged when it begins, and again only after it had been gone for ``settle_time``:
    what fails in every other frame does not fill the log.
    """

    def __init__(
        self, logger: Logger, monotonic: Callable[[], float], settle_time: float = 2.0
    ) -> None:
        self._logger = logger
        self._monotonic = monotonic
        self._settle_time = settle_time
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def report(self, key: str, message: str, severity: Severity = Severity.ERROR) -> None:
        """Note a problem; logs it when it is new. Long and odd names are shortened and cleaned."""
        message = printable(shortened(message))
        with self._lock:
            entry = self._entries.get(key)
            is_new = entry is None
            self._entries[key] = _Entry(Problem(severity, message))
        # One line for each: rclpy refuses a second severity from the same line.
        if is_new and severity is Severity.ERROR:
            self._logger.error(message)
        elif is_new:
            self._logger.warning(message)

    def judge(self, key: str, message: str, severity: Severity = Severity.WARN) -> None:
        """Report a problem; an empty message withdraws it."""
        if message:
            self.report(key, message, severity)
        else:
            self.clear(key)

    def clear(self, *keys: str) -> None:
        """Note that these are well at this moment."""
        if not self._entries:  # the common case costs no lock
            return
        now = self._monotonic()
        with self._lock:
            for key in keys:
                entry = self._entries.get(key)
                if entry is not None and entry.healthy_since is None:
                    entry.healthy_since = now

    @contextmanager
    def guard(self, key: str) -> Iterator[None]:
        """Turn an InputError into this problem and a FrameRejectedError; clear it otherwise."""
        try:
            yield
        except InputError as error:
            self.report(key, str(error))
            raise FrameRejectedError(key) from error
        self.clear(key)

    def settle(self) -> None:
        """Forget what has been well long enough; to be called about once a second."""
        now = self._monotonic()
        with self._lock:
            gone = [
                key for key, entry in self._entries.items()
                if entry.healthy_since is not None
                and now - entry.healthy_since >= self._settle_time]
            for key in gone:
                del self._entries[key]
        for key in gone:
            self._logger.info(f'recovered: {key}')

    def forget_all(self) -> None:
        """Begin anew, for instance when the node is configured again."""
        with self._lock:
            self._entries.clear()

    def present(self) -> dict[str, Problem]:
        """Return the problems that are there now, or were a moment ago."""
        with self._lock:
            return {key: entry.problem for key, entry in self._entries.items()}


def shortened(message: str) -> str:
    """Return a message that is no longer, and has no longer words, than anybody reads."""
    if len(message) <= _LONGEST_WORD:
        return message
    # Cut before it is searched: it may hold megabytes.
    message = message if len(message) <= 10 * _LONGEST_MESSAGE else (
        f'{message[:9 * _LONGEST_MESSAGE]} ... {message[-_LONGEST_MESSAGE:]}')
    message = re.sub(
        rf'\S{{{_LONGEST_WORD},}}', lambda word: f'{word[0][:60]}...{word[0][-20:]}', message)
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return f'{message[:_LONGEST_MESSAGE - 300]} ... {message[-280:]}'


def printable(message: str) -> str:
    """Return a message without line breaks and terminal codes."""
    if message.isprintable():
        return message
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in message)
