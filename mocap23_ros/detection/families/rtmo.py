# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RTMO (Lu et al., 2024): keypoints of everybody in one run, suppressed in the network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.network_family import PeopleFamily


class Rtmo(PeopleFamily):
    """Outputs [1,N,J,3] (x, y, confidence) and [1,N,5] (corners, score), px of the input."""

    name = 'rtmo'
    outputs = ('keypoints', 'dets')
    rank = 4
    pixels = InputPixels(rgb=False, fill=114)
    centred = False

    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int
               ) -> tuple[NDArray, NDArray]:
        """The surest people."""
        keypoints, boxes = outputs[0][0], outputs[1][0]
        order = np.argsort(-boxes[:, 4])[:most]
        order = order[boxes[order, 4] >= min_score]
        return boxes[order, :5], keypoints[order]
