# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Packages that only some uses need, imported where they are used."""

import importlib
from typing import Any

from mocap23_ros.errors import InputError


def optional_module(name: str, package: str, use: str) -> Any:
    """Import a module of a package of pip; InputError, which begins with the use, without it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(f'{use} {package}, which is not installed: pip install {package}'
                         ) from None
