# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks whether results can be written, before the work that makes them."""

import os
import secrets
from pathlib import Path

from mocap23_ros.errors import InputError


def check_writable(path: str | os.PathLike) -> None:
    """Refuse a file that ``atomic_files.replacing`` could not write; InputError.

    Makes a temporary file where the result would be, or in the nearest folder above that exists,
    and removes it.
    """
    path = Path(path).absolute()
    try:
        check_replaceable(path)
        _try_in(_nearest(path.parent), path.name)
    except (OSError, ValueError) as error:
        raise not_written(path, error) from None


def check_output_folder(path: str | os.PathLike) -> None:
    """Refuse what can neither be written into nor made as a folder; tries as above; InputError."""
    path = Path(path).absolute()
    try:
        nearest = _nearest(path)
        if not nearest.is_dir():
            raise InputError(f'{path} cannot be the folder of the results: {nearest} is not a '
                             'folder')
        _try_in(nearest, 'results')
    except (OSError, ValueError) as error:
        raise InputError(f'{path} cannot be the folder of the results ({_reason(error)}); choose a '
                         'place with room and the right to write') from None


def check_replaceable(path: Path) -> None:
    """Refuse what is there and no regular file, through links too: /dev/stdout is one."""
    if path.is_dir():
        kind = 'a folder'
    elif path.exists() and not path.is_file():
        kind = 'a device, pipe or socket'
    else:
        return
    raise InputError(f'{path} cannot be written (it is {kind}); give the name of a file')


def temporary_path(path: Path, keep_suffix: bool = False) -> Path:
    """A name beside ``path`` that nobody has; it ends as ``path`` does where keep_suffix is set."""
    # Without the suffix wherever possible: no *.npz in a folder is ever half a file.
    stem, suffix = (path.stem, path.suffix) if keep_suffix else (path.name, '')
    return path.with_name(f'.{stem}.{os.getpid()}-{secrets.token_hex(4)}.part{suffix}')


def not_written(path: str | os.PathLike, error: Exception) -> InputError:
    """The error of a file that could not be written."""
    return InputError(f'{os.fspath(path)} cannot be written ({_reason(error)}); choose a '
                      'place with room and the right to write')


def _nearest(folder: Path) -> Path:
    """The folder, or what is nearest above it; OSError, ValueError for impossible names."""
    try:
        os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        # A link to nothing counts as being there: no folder can be made in its place.
        return next(place for place in folder.parents if os.path.lexists(place))
    return folder


def _try_in(folder: Path, name: str) -> None:
    probe = temporary_path(folder / name)
    probe.touch(exist_ok=False)
    probe.unlink()


def _reason(error: Exception) -> str:
    return str(getattr(error, 'strerror', None) or error)
