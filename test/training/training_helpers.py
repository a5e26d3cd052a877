# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Small scenes shared by the training tests."""

import pytest

torch = pytest.importorskip('torch', reason='training needs torch (requirements/train.txt)')
torch.set_num_threads(1)  # more only wait for each other in networks this small

from mocap23_ros.network.views import make_views  # noqa: E402
from mocap23_ros.skeletons.formats import COCO17  # noqa: E402

JOINTS = len(COCO17)


def scene(batch=3, length=6, seed=0, distance=4.0):
    """Network inputs of a still camera, and random joints near the anchor: camera, anchor, p."""
    generator = torch.Generator().manual_seed(seed)
    camera = torch.zeros(batch, length, 8)
    camera[..., 2], camera[..., 3] = 1.5, 1.0
    camera[..., :2] = 0.1 * torch.randn(batch, length, 2, generator=generator)
    anchor = torch.tensor([[distance, 0.95, 0.2]]).repeat(batch, 1)
    joints = 0.4 * torch.randn(batch, length, JOINTS, 3, generator=generator)
    joints = joints + torch.tensor([distance + 0.2, 0.1, 0.9])
    return camera, anchor, joints


def views_of(camera, anchor, **options):
    """Views of the scene."""
    return make_views(camera, anchor, **options)
