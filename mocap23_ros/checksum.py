# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checksums of files."""

import hashlib
from pathlib import Path

_BLOCK = 1 << 20


def file_sha256(path: Path) -> str:
    """Return the hexadecimal sha256 of a file, read block by block."""
    digest = hashlib.sha256()
    with path.open('rb') as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
