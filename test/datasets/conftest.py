# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Motion for the dataset tests: generated, so that no data need be present."""

import pytest

from mocap23_ros.datasets.procedural import procedural_motion


@pytest.fixture(scope='session')
def clips():
    return procedural_motion(minutes=1.0, seed=3)
