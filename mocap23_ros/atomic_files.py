# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.writable_places import check_replaceable, not_written, temporary_path


@contextmanager
def replacing(path: str | os.PathLike, keep_suffix: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write; it takes the name when the block succeeds.

    When the block raises, ``path`` stays as it was and nothing temporary is left. The folder of
    ``path`` is made where it is absent. keep_suffix: the temporary name ends as ``path`` does, for
    libraries that tell the format from it. Raises InputError where ``path`` is there but no
    regular file (a device would be lost), and OSError, also where the block wrote nothing.
    """
    path = Path(path)
    check_replaceable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path, keep_suffix)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def saving(path: str | os.PathLike, keep_suffix: bool = False) -> Iterator[Path]:
    """As ``replacing``, for results: raises InputError where the file cannot be written."""
    try:
        with replacing(path, keep_suffix) as temporary:
            yield temporary
    except OSError as error:
        raise not_written(path, error) from None


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a UTF-8 text file; raises InputError where it cannot be written."""
    with saving(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def write_json(path: str | os.PathLike, document: Any, **options: Any) -> None:
    """Write a document as indented JSON; raises InputError where it cannot be written.

    options: of json.dumps.
    """
    write_text(path, json.dumps(document, **{'indent': 2, **options}) + '\n')


def write_picture(path: str | os.PathLike, image: NDArray[np.uint8]) -> None:
    """Write a BGR picture in the format of its suffix; InputError where it cannot be written."""
    import cv2  # takes long to import, and few write pictures

    with saving(path, keep_suffix=True) as temporary:
        if not cv2.imwrite(str(temporary), image):
            raise OSError('OpenCV writes no such picture here')


def write_npz(path: str | os.PathLike, arrays: Mapping[str, ArrayLike]) -> None:
    """Write a compressed npz archive; raises InputError where it cannot be written."""
    with saving(path) as temporary, temporary.open('wb') as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
