# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Packages that only some uses need, imported where they are used."""

import importlib
from typing import Any

from mocap23_ros.errors import InputError

# Which "make setup FOR=" of a clone brings it.
PURPOSES = {'ezc3d': 'export', 'foxglove-sdk': 'foxglove', 'pyarrow': 'export',
            'pygltflib': 'export', 'ray': 'ray', 'rerun-sdk': 'rerun'}


def optional_module(name: str, package: str, use: str) -> Any:
    """Import a module of a package of pip; InputError, which begins with the use, without it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        how = f'pip install {package}'
        if package in PURPOSES:
            how = f'make setup FOR={PURPOSES[package]} in a clone, {how} elsewhere'
        raise InputError(f'{use} {package}, which is not installed: {how}') from None
