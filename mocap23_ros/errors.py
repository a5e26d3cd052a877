# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The one exception that means "the input is wrong", shared by every part."""

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Input that cannot be used; the message is one line: what is wrong and how to mend it.

    The command line prints it and exits with status 2; the node reports it in its diagnostics.
    """


@contextmanager
def errors_of(source: object, advice: str = '') -> Iterator[None]:
    """Put the source, a file or topic, before InputErrors of the block, and advice after."""
    try:
        yield
    except InputError as error:
        raise InputError(f'{source}: {error}{advice}') from None


def one_line(error: Exception, most: int = 160) -> str:
    """What an exception of a library says, in a line of at most so many characters."""
    return ' '.join(str(error).split())[:most] or type(error).__name__
