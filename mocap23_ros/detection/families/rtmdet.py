# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RTMDet (Lyu et al., 2022) with suppression inside the network."""

from mocap23_ros.detection.cropping import InputPixels
from mocap23_ros.detection.families.yolox_nms import YoloxNms


class RtmDet(YoloxNms):
    """As YOLOX, outputs and padding too, but its pixels are normalised: it must be named."""

    name = 'rtmdet'
    pixels = InputPixels((103.53, 116.28, 123.675), (1 / 57.375, 1 / 57.12, 1 / 58.395),
                         rgb=False, fill=114)
