# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""YOLOX (Ge et al., 2021) with suppression inside the network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.network_family import BoxFamily


class YoloxNms(BoxFamily):
    """Outputs [1,N,5] (corners, score) and [1,N] (class; 0 is a person)."""

    name = 'yolox-nms'
    outputs = ('dets', 'labels')
    rank = 3
    pixels = InputPixels(rgb=False, fill=114)
    centred = False

    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int) -> NDArray:
        """The surest people."""
        boxes, labels = outputs[0][0], outputs[1][0]
        found = boxes[(labels == 0) & (boxes[:, 4] >= min_score)]
        return np.asarray(found[np.argsort(-found[:, 4])][:most])
