# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Shows the progress of long work on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mocap23_ros.reporting import Progress, silent


def say(text: str) -> None:
    """Print a line on stderr at once."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A bar on stderr where that is a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
