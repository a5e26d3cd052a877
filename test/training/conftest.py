# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the training tests share: one thread for tiny networks, and a little motion."""

import pytest

from mocap23_ros.datasets.procedural import procedural_motion


@pytest.fixture(scope='session', autouse=True)
def one_thread():
    """More threads only wait for each other in networks this small."""
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)


@pytest.fixture(scope='session')
def clips():
    """Half a minute of motion made by rules."""
    return procedural_motion(0.5, seed=0)
