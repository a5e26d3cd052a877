# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How long work reports its progress, and what the user should know."""

from collections.abc import Callable

Say = Callable[[str], None]
"""Called with lines for the user."""
Progress = Callable[[int, int], None]
"""Called with (done, in all); 0 in all: unknown."""
StepProgress = Callable[[str, int, int], None]
"""Called with (step, done, in all)."""


def silent(*words: object) -> None:
    """Take any of them and tell nobody."""
