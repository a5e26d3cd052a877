# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How work that takes long tells how far it is, and what the user should know."""

from collections.abc import Callable

Say = Callable[[str], None]
"""Called with lines for the user."""
Progress = Callable[[int, int], None]
"""Called with (done, in all); 0 in all: unknown."""
StepProgress = Callable[[str, int, int], None]
"""Called with (step, done, in all)."""
Rest = Callable[[], object]
"""Called again and again in long work, so that others get a turn."""


def silent(*words: object) -> None:
    """Take any of them and tell nobody."""
