# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Remembering which step was finished with which inputs."""

import hashlib
import os
from pathlib import Path


def fingerprint(files, words=()):
    """Return a hash of file contents (names count too) and of further words."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(f'{word}\0'.encode())
    for path in sorted(Path(file) for file in files):
        content = path.read_bytes()
        digest.update(f'{path.name}\0{len(content)}\0'.encode() + content)
    return digest.hexdigest()


class Stamps:
    """One small file per finished step, in a folder that goes when the environment goes."""

    def __init__(self, folder):
        self._folder = Path(folder)

    def holds(self, step, value):
        """Tell whether a step was finished with these inputs."""
        try:
            return (self._folder / step).read_text(encoding='utf-8') == value
        except OSError:
            return False

    def clear(self, step):
        """Forget a step; done before it starts again, so that an interruption leaves no stamp."""
        try:
            (self._folder / step).unlink()
        except FileNotFoundError:
            pass

    def write(self, step, value):
        """Remember that a step was finished."""
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f'.{step}.{os.getpid()}'
        temporary.write_text(value, encoding='utf-8')
        os.replace(temporary, self._folder / step)
