# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""ViTPose (Xu et al., 2022): a heatmap per keypoint."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.decoding import decode_heatmaps
from mocap23_ros.detection.network_family import CropFamily
from mocap23_ros.engines.backend import TensorSpec


class VitPose(CropFamily):
    """Output [N,J,h,w]."""

    name = 'vitpose'
    outputs = ('heatmaps',)
    rank = 4
    udp = True

    def matches(self, outputs: Sequence[TensorSpec]) -> bool:
        """Match by the only output, of four dimensions."""
        return len(outputs) == 1 and len(outputs[0].shape) == 4

    def decode(self, outputs: Sequence[NDArray], input_size: tuple[int, int]
               ) -> NDArray[np.float32]:
        """The maxima, refined below a pixel of the heatmap."""
        return decode_heatmaps(outputs[0], input_size, self.udp)
