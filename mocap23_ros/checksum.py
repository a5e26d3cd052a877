# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checksums of files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from mocap23_ros.errors import InputError

_BLOCK = 1 << 20


def file_sha256(path: Path) -> str:
    """Return the hexadecimal sha256 of a file, read block by block."""
    digest = hashlib.sha256()
    with path.open('rb') as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def has_sha256(path: Path, sha256: str) -> bool:
    """Whether a file is there, can be read, and is the one of this sha256."""
    try:
        return file_sha256(path) == sha256
    except OSError:
        return False


def checked_bytes(path: Path, sha256: str) -> bytes:
    """Return the content of a file; what was checked is what is used, whoever changes the file.

    Raises InputError where it is absent or of another sha256.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f'{path} cannot be read ({error.strerror or error})') from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(f'{path} is damaged or another file (sha256); fetch or export it again')
    return content


def checked_weights(graph: Path, checksums: Mapping[str, str]) -> dict[str, bytes]:
    """Return the weights in files beside a graph, by name; as ``checked_bytes``.

    checksums: sha256 by file name, of graphs as well.
    """
    return {name: checked_bytes(graph.with_name(name), sha256)
            for name, sha256 in checksums.items() if not name.endswith('.onnx')}
