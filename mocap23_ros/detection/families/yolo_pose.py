# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""YOLO-pose (v8, v11; the published weights are under the AGPL): suppression is left to us."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.decoding import corners, suppress
from mocap23_ros.detection.network_family import PeopleFamily
from mocap23_ros.engines.backend import TensorSpec


class YoloPose(PeopleFamily):
    """Output [1,5+3*J,N]: centre, size, score, keypoints."""

    name = 'yolo-pose'
    outputs = ('output0',)
    rank = 3
    pixels = InputPixels.unit(fill=114)

    def matches(self, outputs: Sequence[TensorSpec]) -> bool:
        """Match by the 56 rows of COCO's 17 keypoints."""
        return (len(outputs) == 1 and len(outputs[0].shape) == 3 and outputs[0].shape[1] == 56
                and outputs[0].shape[2] != 57)

    def keypoint_count(self, shape: tuple[int, ...]) -> int:
        """Return the count that the number of rows implies."""
        return (shape[1] - 5) // 3 if shape[1] > 0 else -1

    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int
               ) -> tuple[NDArray, NDArray]:
        """The best of overlapping people."""
        candidates = outputs[0][0].T
        candidates = candidates[candidates[:, 4] >= min_score]
        boxes = corners(candidates[:, :4])
        kept = suppress(boxes, candidates[:, 4], min_score, most)
        scored = np.concatenate([boxes[kept], candidates[kept, 4:5]], axis=1)
        return scored, candidates[kept, 5:].reshape(len(kept), -1, 3)
