# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RTMPose (Jiang et al., 2023): a distribution per axis and keypoint (SimCC)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.decoding import mark_missing
from mocap23_ros.detection.network_family import CropFamily

_SPLIT = 2.0  # bins per px of the input


class RtmPose(CropFamily):
    """Outputs [N,J,W*2] and [N,J,H*2]."""

    name = 'rtmpose'
    outputs = ('simcc_x', 'simcc_y')
    rank = 3

    def decode(self, outputs: Sequence[NDArray], input_size: tuple[int, int]
               ) -> NDArray[np.float32]:
        """The maxima, on bins of half a px; the confidence is the lower one, as SimCC has it."""
        simcc_x, simcc_y = outputs
        x, y = simcc_x.argmax(axis=2), simcc_y.argmax(axis=2)
        peak = np.minimum(simcc_x.max(axis=2), simcc_y.max(axis=2))
        keypoints = np.stack([x / _SPLIT, y / _SPLIT, np.clip(peak, 0.0, 1.0)], axis=2)
        return mark_missing(keypoints.astype(np.float32))
