# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Whether results can be written into a folder, asked before the work that makes them."""

import os
from pathlib import Path

from mocap23_ros.errors import InputError


def check_output_folder(path: str | os.PathLike) -> None:
    """Refuse what can neither be written into nor made as a folder; makes nothing; InputError."""
    path = Path(path).absolute()
    try:
        nearest = next(folder for folder in (path, *path.parents) if os.path.lexists(folder))
        if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
            return
        reason = 'may not be written into' if nearest.is_dir() else 'is not a folder'
    except (OSError, ValueError) as error:  # names too long, or with a null character
        raise InputError(f'{path} cannot be the folder of the results ({error})') from None
    raise InputError(f'{path} cannot be the folder of the results: {nearest} {reason}')
