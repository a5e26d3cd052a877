# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reading npz archives of unknown origin: no Python objects, and nothing larger than allowed."""

import lzma
import math
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
_DAMAGE = (OSError, ValueError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile,
           zlib.error, lzma.LZMAError)


class NpzArchive:
    """An open npz file; see ``open_npz``.

    names: keys of its arrays. Members of the zip archive that are not ``*.npy`` do not count.
    """

    def __init__(self, archive: zipfile.ZipFile, largest: int) -> None:
        self._archive, self._largest, self._left = archive, largest, largest
        self.names = tuple(name.removesuffix('.npy') for name in archive.namelist()
                           if name.endswith('.npy'))

    def read(self, key: str) -> NDArray:
        """An array; InputError where it is absent, or its header claims more than is allowed."""
        if key not in self.names:
            raise InputError(f'the key {key} is missing; it has '
                             f'{", ".join(sorted(self.names))[:300] or "none"}')
        member = self._archive.getinfo(f'{key}.npy')
        with self._archive.open(member) as stream:
            version = npy_format.read_magic(stream)
            if version not in _HEADERS:
                raise InputError(f'{key} is stored in a version of npy that is not read')
            shape, _, dtype = _HEADERS[version](stream)
            if dtype.hasobject:
                raise InputError(f'{key} holds Python objects, which are not loaded; store numbers')
            size = math.prod(shape) * dtype.itemsize
            if size > self._left:
                raise InputError(f'{key} unpacks to {size / 1e9:.3g} GB; at most '
                                 f'{self._largest / 1e9:.3g} GB are read from a file: cut it into '
                                 'parts')
            if min(shape, default=0) < 0 or size != member.file_size - stream.tell():
                raise InputError(f'{key} is damaged (its header does not fit its size); write the '
                                 'file again')
        self._left -= size
        with self._archive.open(member) as stream:
            return npy_format.read_array(stream, allow_pickle=False)


@contextmanager
def open_npz(path: Path, largest: int = MAXIMUM_BYTES) -> Iterator[NpzArchive]:
    """Open an npz file. Raises InputError, without the path, for what is none, also from reading.

    largest: bytes of all arrays together, unpacked; checked before anything is allocated.
    """
    if not path.exists():
        raise InputError('no such file')
    if not path.is_file():
        raise InputError('this is a folder' if path.is_dir() else 'no regular file')
    try:
        with zipfile.ZipFile(path) as archive:
            yield NpzArchive(archive, largest)
    except InputError:
        raise
    except _DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f'not a readable npz file, but damaged or of another kind ({reason}); '
                         'write it with numpy.savez') from None
