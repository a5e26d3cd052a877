# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Turns what C++ libraries write to stderr while models load into log lines of the node."""

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Of TensorFlow Lite, absl and glog; what else comes passes through as it is.
_NATIVE = re.compile(rb'(INFO|WARNING|ERROR): |[IWEF]\d{4} \d\d:\d\d:|[IWEF]\d{4} 00000000 ')


@contextmanager
def native_lines_to(log: Callable[[str], object]) -> Iterator[None]:
    """Within the block, hand lines of native libraries to ``log``. For the main thread alone."""
    sys.stderr.flush()
    real = os.dup(2)
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    thread = threading.Thread(target=_sort, args=(reading, real, log), daemon=True)
    thread.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(real, 2)  # the pipe ends, and with it the thread
        thread.join(1.0)
        if not thread.is_alive():  # a child process may hold the other end
            os.close(real)


def _sort(reading: int, real: int, log: Callable[[str], object]) -> None:
    with os.fdopen(reading, 'rb') as stream:
        for line in stream:
            if _NATIVE.match(line):
                log(line.decode(errors='replace').strip())
            else:
                os.write(real, line)
