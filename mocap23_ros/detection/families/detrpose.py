# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""DETRPose (Janampa and Pattichis, 2025; Apache-2.0): keypoints of everybody, without boxes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.network_family import PeopleFamily


class DetrPose(PeopleFamily):
    """Outputs ``keypoints`` [1,N,J,2] and ``scores`` [1,N], in the size given as second input."""

    name = 'detrpose'
    outputs = ('keypoints', 'scores')
    rank = 4
    pixels = InputPixels.unit(fill=0)
    fills = True
    size_input = 'orig_target_sizes'

    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int
               ) -> tuple[NDArray, NDArray]:
        """The surest people; each keypoint has its person's score, for it has none of its own."""
        points, scores = outputs[0][0], outputs[1][0]
        order = np.argsort(-scores)[:most]
        order = order[scores[order] >= min_score]
        points, scores = points[order], scores[order]
        boxes = np.concatenate([points.min(axis=1), points.max(axis=1), scores[:, None]], axis=1)
        confidence = np.broadcast_to(scores[:, None, None], (*points.shape[:2], 1))
        return boxes, np.concatenate([points, confidence], axis=2)
