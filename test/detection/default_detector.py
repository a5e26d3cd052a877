# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Skips tests where the weights of the default detector are not in the cache."""

import pytest

from mocap23_ros.detection.packaged_weights import PACKAGED_NETWORKS, find_packaged
from mocap23_ros.errors import InputError


def require_default_detector():
    """Skip the test, or the whole file, without the weights."""
    try:
        for name in PACKAGED_NETWORKS:
            find_packaged(name)
    except InputError as error:
        pytest.skip(str(error), allow_module_level=True)
