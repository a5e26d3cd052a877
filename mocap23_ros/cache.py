# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of downloads, and of what is computed from them."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return MOCAP23_CACHE, or XDG_CACHE_HOME/mocap23, or ~/.cache/mocap23 (may not exist)."""
    own = os.environ.get('MOCAP23_CACHE')
    if own:
        return Path(own).expanduser()
    base = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return Path(base).expanduser() / 'mocap23'
