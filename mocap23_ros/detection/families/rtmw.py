# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RTMW (Jiang et al., 2024): 133 keypoints of body, feet, face and hands (COCO-WholeBody)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.families.rtmpose import RtmPose
from mocap23_ros.engines.backend import TensorSpec

_KEYPOINTS = 133
_TARGET_WEIGHT = 10.0  # of the Gaussian in the logits that RTMW is trained towards
_TARGET_WIDTH = 0.125  # square of that Gaussian's deviation in bins, per px of the input's side
_BINS = 2.0  # per px of the input


class Rtmw(RtmPose):
    """As RTMPose, but the outputs are logits, whose maxima are 5 to 6 on clear joints."""

    name = 'rtmw'

    def matches(self, outputs: Sequence[TensorSpec]) -> bool:
        """Match by the names of the outputs and their 133 keypoints."""
        return super().matches(outputs) and all(
            spec.shape[1] == _KEYPOINTS for spec in outputs if spec.name in self.outputs)

    def decode(self, outputs: Sequence[NDArray], input_size: tuple[int, int]
               ) -> NDArray[np.float32]:
        """The confidence is the peak of the distribution, 1 where it is that of training."""
        return super().decode([_relative(logits) for logits in outputs], input_size)


def _relative(logits: NDArray) -> NDArray[np.float64]:
    """Distributions [N,J,bins] in parts of the peak of the training's target."""
    bins = logits.shape[2]
    offset = np.arange(bins) - bins // 2
    gaussian = np.exp(-0.5 * offset**2 / (_TARGET_WIDTH * bins / _BINS))
    target = np.exp(_TARGET_WEIGHT * (gaussian - 1))
    shifted = np.exp(logits - logits.max(axis=2, keepdims=True).astype(np.float64))
    return shifted * (target.sum() / shifted.sum(axis=2, keepdims=True))
