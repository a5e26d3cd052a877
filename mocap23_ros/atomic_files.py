# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from mocap23_ros.errors import InputError


@contextmanager
def replacing(path: str | os.PathLike, keep_suffix: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write; it takes the name when the block succeeds.

    When the block raises, ``path`` stays as it was and nothing temporary is left. The folder of
    ``path`` is made where it is absent. keep_suffix: the temporary name ends as ``path`` does, for
    libraries that tell the format from it. Raises InputError where ``path`` is there but no
    regular file (a device would be lost), and OSError, also where the block wrote nothing.
    """
    path = Path(path)
    _check_replaceable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path, keep_suffix)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_writable(path: str | os.PathLike) -> None:
    """Refuse, before the work, what ``replacing`` could not write; InputError.

    Makes a temporary file where the result would be, or in the nearest folder above that exists,
    and removes it.
    """
    path = Path(path).absolute()
    try:
        _check_replaceable(path)
        folder = next(folder for folder in path.parents if folder.exists())
        probe = _temporary(folder / path.name)
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise _not_written(path, error) from None


def _check_replaceable(path: Path) -> None:
    """Refuse what is there and no regular file, through links too: /dev/stdout is one."""
    if path.is_dir():
        kind = 'a folder'
    elif path.exists() and not path.is_file():
        kind = 'a device, pipe or socket'
    else:
        return
    raise InputError(f'{path} cannot be written (it is {kind}); give the name of a file')


def _temporary(path: Path, keep_suffix: bool = False) -> Path:
    # Without the suffix wherever possible: no *.npz in a folder is ever half a file.
    stem, suffix = (path.stem, path.suffix) if keep_suffix else (path.name, '')
    return path.with_name(f'.{stem}.{os.getpid()}-{secrets.token_hex(4)}.part{suffix}')


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a UTF-8 text file; raises InputError where it cannot be written."""
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding='utf-8')
    except OSError as error:
        raise _not_written(path, error) from None


def write_npz(path: str | os.PathLike, arrays: Mapping[str, ArrayLike]) -> None:
    """Write a compressed npz archive; raises InputError where it cannot be written."""
    try:
        with replacing(path) as temporary, temporary.open('wb') as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    except OSError as error:
        raise _not_written(path, error) from None


def _not_written(path: str | os.PathLike, error: OSError) -> InputError:
    return InputError(f'{os.fspath(path)} cannot be written ({error.strerror or error}); choose a '
                      'place with room and the right to write')
