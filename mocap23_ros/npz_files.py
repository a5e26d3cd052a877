# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads npz archives of unknown origin: no Python objects, and nothing larger than allowed."""

import io
import lzma
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numpy.lib import format as npy_format
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

MAXIMUM_BYTES = 4 * 1024**3  # of all arrays that are read from a file
_HEADERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}
# What zipfile and numpy raise for damaged archives and headers, which numpy reads as Python.
_DAMAGE = (OSError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, RuntimeError,
           MemoryError, SyntaxError, tokenize.TokenError, struct.error, zipfile.BadZipFile,
           zlib.error, lzma.LZMAError)
_LARGEST_HEADER = 10_000  # bytes, also numpy's own limit


class NpzArchive:
    """An open npz file; see ``open_npz``.

    names: keys of its arrays. Members of the zip archive that are not ``*.npy`` do not count.
    """

    def __init__(self, archive: zipfile.ZipFile, largest: int, instead_of_objects: str) -> None:
        self._archive, self._largest, self._left = archive, largest, largest
        self._instead_of_objects = instead_of_objects
        self.names = tuple(name.removesuffix('.npy') for name in archive.namelist()
                           if name.endswith('.npy'))

    def read(self, key: str) -> NDArray:
        """An array; InputError where it is absent, or its header claims more than is allowed."""
        if key not in self.names:
            raise InputError(f'the key {key} is missing; it has '
                             f'{", ".join(sorted(self.names))[:300] or "none"}')
        with _damage_in_one_line(), warnings.catch_warnings():
            warnings.simplefilter('ignore')  # about headers of Python 2, which are read all right
            return self._read(key)

    def _read(self, key: str) -> NDArray:
        member = self._archive.getinfo(f'{key}.npy')
        with self._archive.open(member) as stream:
            version = npy_format.read_magic(stream)
            if version not in _HEADERS:
                raise InputError(f'{key} is stored in a version of npy that is not read')
            header = io.BytesIO(stream.read(_LARGEST_HEADER))
            shape, _, dtype = _HEADERS[version](header)
        if dtype.hasobject:
            raise InputError(f'{key} holds Python objects, which are not loaded; '
                             f'{self._instead_of_objects}')
        size = math.prod(shape) * dtype.itemsize
        if size > self._left:
            raise InputError(f'{key} unpacks to {size / 1e9:.3g} GB; at most '
                             f'{self._largest / 1e9:.3g} GB are read from a file: cut it into '
                             'parts')
        begin = npy_format.MAGIC_LEN + header.tell()
        if min(shape, default=0) < 0 or size != member.file_size - begin:
            raise InputError(f'{key} is damaged (its header does not fit its size); write the '
                             'file again')
        self._left -= size
        with self._archive.open(member) as stream:
            return npy_format.read_array(stream, allow_pickle=False)


@contextmanager
def open_npz(path: Path, largest: int = MAXIMUM_BYTES,
             instead_of_objects: str = 'store numbers') -> Iterator[NpzArchive]:
    """Open an npz file. Raises InputError, without the path, for what is none, and in reading.

    largest: bytes of all arrays together, unpacked; checked before anything is allocated.
    instead_of_objects: what to do where Python objects are stored.
    """
    if not path.exists():
        raise InputError('no such file')
    if not path.is_file():
        raise InputError('this is a folder' if path.is_dir() else 'no regular file')
    with _damage_in_one_line():
        archive = zipfile.ZipFile(path)
    with archive:
        yield NpzArchive(archive, largest, instead_of_objects)


@contextmanager
def _damage_in_one_line() -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except _DAMAGE as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError(f'not a readable npz file, but damaged or of another kind ({reason}); '
                         'write it with numpy.savez') from None
