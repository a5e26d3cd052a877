# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Mirrors people: the left hand becomes the right hand of the mirror image."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


def mirror_keypoints(keypoints: NDArray, skeleton: SkeletonFormat, image_width: float) -> NDArray:
    """Keypoints [...,J,3] (x, y px, confidence) of the horizontally flipped image.

    Pixel centres are whole numbers, so x becomes ``image_width - 1 - x``; for normalised
    coordinates (axis at x = 0) pass image_width = 1.
    """
    mirrored = keypoints[..., np.asarray(skeleton.mirror), :]
    mirrored[..., 0] = image_width - 1 - mirrored[..., 0]
    return mirrored
