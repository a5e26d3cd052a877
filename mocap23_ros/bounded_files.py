# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads files of unknown origin whole, up to a size."""

import os
from pathlib import Path

from mocap23_ros.errors import InputError


def read_bounded(path: str | os.PathLike, largest: int, mend: str = '') -> bytes:
    """Return the contents of a file of at most ``largest`` bytes; InputError names the file.

    mend: what to do about a larger one.
    """
    try:
        with Path(path).open('rb') as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        raise InputError(f'cannot read {path}: {error.strerror or error}') from None
    if len(data) > largest:
        size = f'{largest / 1e6:.0f} MB' if largest >= 1e6 else f'{largest} bytes'
        raise InputError(f'{path} is larger than {size}{mend and "; "}{mend}')
    return data
