# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""YOLO (v8, v11; the published weights are under the AGPL): boxes, suppression is left to us."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.decoding import corners, suppress
from mocap23_ros.detection.network_family import BoxFamily
from mocap23_ros.engines.backend import TensorSpec


class Yolo(BoxFamily):
    """Output [1,4+classes,N]: centre, size, score per class; class 0 is a person."""

    name = 'yolo'
    outputs = ('output0',)
    rank = 3
    pixels = InputPixels.unit(fill=114)

    def matches(self, outputs: Sequence[TensorSpec]) -> bool:
        """Match by the rows of one class, or of the 80 of COCO."""
        return (len(outputs) == 1 and len(outputs[0].shape) == 3 and outputs[0].shape[1] in (5, 84)
                and outputs[0].shape[2] != 57)

    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int) -> NDArray:
        """The best of overlapping boxes; where another class is likelier it is not a person."""
        candidates = outputs[0][0].T
        person = ((candidates[:, 4] >= min_score)
                  & (candidates[:, 4] >= candidates[:, 4:].max(axis=1)))
        candidates = candidates[person]
        boxes = corners(candidates[:, :4])
        kept = suppress(boxes, candidates[:, 4], min_score, most)
        return np.concatenate([boxes[kept], candidates[kept, 4:5]], axis=1)
