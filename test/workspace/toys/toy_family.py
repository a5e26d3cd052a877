# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A family of networks: whatever the image, one person in its middle."""

import numpy as np

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.network_family import PeopleFamily


class ToyFamily(PeopleFamily):
    """One output named toy."""

    name = 'toy'
    outputs = ('toy',)
    rank = 2
    pixels = InputPixels()

    def matches(self, outputs):
        """By its name."""
        return outputs[0].name == 'toy'

    def keypoint_count(self, shape):
        """COCO's."""
        return 17

    def decode(self, outputs, min_score, most):
        """A column of keypoints."""
        keypoints = np.full((1, 17, 3), 0.9, np.float32)
        keypoints[..., 0], keypoints[..., 1] = 32, np.linspace(8, 56, 17)
        return np.array([[16, 4, 48, 60, 0.9]], np.float32), keypoints
