# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads JSON of unknown origin: bounded in size, one line for what is wrong."""

import json
from pathlib import Path
from typing import Any

from mocap23_ros.errors import InputError


def read_json(path: Path, largest: int) -> Any:
    """Return the contents of a JSON file of at most ``largest`` bytes; InputError names the file.

    Parsed, numbers take about ten times the room that they take in the file.
    """
    try:
        with open(path, 'rb') as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        raise InputError(f'cannot read {path}: {error.strerror}') from None
    if len(data) > largest:
        raise InputError(f'{path} is larger than {largest / 1e6:.0f} MB, the most that is read of '
                         'one JSON file; cut it into parts')
    try:
        return json.loads(data.decode('utf-8-sig'))
    except json.JSONDecodeError as error:
        raise InputError(f'{path} is not a complete JSON file (line {error.lineno}: {error.msg})'
                         ) from None
    except (ValueError, RecursionError):  # another encoding, numbers of thousands of digits
        raise InputError(f'{path} is not a readable JSON file') from None
