# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How bad input is refused: in one line that says why."""

import contextlib
from collections.abc import Iterator

import pytest

from mocap23_ros.errors import InputError


@contextlib.contextmanager
def one_line(reason: str) -> Iterator[None]:
    """Within the block an InputError is raised, of one line in which the pattern is found."""
    with pytest.raises(InputError, match=reason) as raised:
        yield
    assert '\n' not in str(raised.value)


def refused(status: int, capsys: pytest.CaptureFixture[str], *reasons: str) -> str:
    """The line of a command that refused its input with this status; it holds the reasons."""
    error = capsys.readouterr().err
    assert status == 2 and error.count('\n') == 1 and error.endswith('\n'), error
    assert all(reason in error for reason in reasons), (reasons, error)
    return error
