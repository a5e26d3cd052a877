# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A detector: whatever the image, one person in its middle."""

import numpy as np

from mocap23_ros.detection.detector import Detection
from mocap23_ros.skeletons.formats import COCO17


class ToyDetector:
    """No network."""

    format = COCO17

    def detect(self, image_bgr):
        """Upright, 160 px tall."""
        height, width = image_bgr.shape[:2]
        keypoints = np.full((17, 3), 0.9, np.float32)
        keypoints[:, 0], keypoints[:, 1] = width / 2, height / 2 + np.linspace(-80, 80, 17)
        box = np.float32([width / 2 - 30, height / 2 - 90, width / 2 + 30, height / 2 + 90])
        return [Detection(keypoints, box, 0.9)]

    def reset(self):
        """Nothing is kept."""

    def close(self):
        """Nothing to free."""
