# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""YOLO-pose without suppression after it (v10, v26; the published weights are under the AGPL)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.network_family import PeopleFamily
from mocap23_ros.engines.backend import TensorSpec


class YoloPoseEnd2end(PeopleFamily):
    """Output [1,N,6+3*J]: corners, score, class, keypoints."""

    name = 'yolo-pose-end2end'
    outputs = ('output0',)
    rank = 3
    pixels = InputPixels.unit(fill=114)

    def matches(self, outputs: Sequence[TensorSpec]) -> bool:
        """Match by the 57 columns of COCO's 17 keypoints."""
        return len(outputs) == 1 and len(outputs[0].shape) == 3 and outputs[0].shape[2] == 57

    def keypoint_count(self, shape: tuple[int, ...]) -> int:
        """Return the count that the number of columns implies."""
        return (shape[2] - 6) // 3 if shape[2] > 0 else -1

    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int
               ) -> tuple[NDArray, NDArray]:
        """The surest people."""
        candidates = outputs[0][0]
        candidates = candidates[candidates[:, 4] >= min_score]
        candidates = candidates[np.argsort(-candidates[:, 4])][:most]
        return candidates[:, :5], candidates[:, 6:].reshape(len(candidates), -1, 3)
