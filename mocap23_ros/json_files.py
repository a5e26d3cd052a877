# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads JSON of unknown origin: bounded in size, one line for what is wrong."""

import json
from pathlib import Path
from typing import Any

from mocap23_ros.bounded_files import read_bounded
from mocap23_ros.errors import InputError


def read_json(path: Path, largest: int) -> Any:
    """Return the contents of a JSON file of at most ``largest`` bytes; InputError names the file.

    Parsed, numbers take about ten times the room that they take in the file.
    """
    data = read_bounded(path, largest, 'cut it into parts')
    try:
        return json.loads(data.decode('utf-8-sig'))
    except json.JSONDecodeError as error:
        raise InputError(f'{path} is not a complete JSON file (line {error.lineno}: {error.msg})'
                         ) from None
    except (ValueError, RecursionError):  # another encoding, numbers of thousands of digits
        raise InputError(f'{path} is not a readable JSON file') from None
