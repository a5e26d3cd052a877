# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The protocol of a family of ONNX networks: how to know, feed and read it.

A new family is one file in families/ with a class of one of the three kinds below, and a row in
network_families.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import Crop, InputPixels, letterbox, person_crop, stretched
from mocap23_ros.engines.backend import TensorSpec

IMAGENET = InputPixels((123.675, 116.28, 103.53), (1 / 58.395, 1 / 57.12, 1 / 57.375))


class NetworkFamily(ABC):
    """One kind of network.

    outputs: their usual names, in the order that decode takes them (a network with others is
    read by place). rank: of the first. input_size: width, height px, where the network does not
    fix them. pixels: how its input is made of the image's. size_input: of a second input [N,2],
    int64, that takes the width and the height in which the network shall count.
    """

    name: str
    outputs: tuple[str, ...]
    rank: int
    input_size: tuple[int, int]
    pixels: InputPixels
    size_input: str | None = None

    def matches(self, outputs: Sequence[TensorSpec]) -> bool:
        """Whether a network with these outputs is of this family: by their names, unless told."""
        return set(self.outputs) <= {spec.name for spec in outputs}


class CropFamily(NetworkFamily):
    """Keypoints of one person in a crop. padding: factor on the box. udp: the centres of the
    corner pixels are aligned, not their edges (unbiased data processing).
    """

    input_size = (192, 256)
    pixels = IMAGENET
    padding = 1.25
    udp = False

    def crop(self, box: NDArray, input_size: tuple[int, int]) -> Crop:
        """The part of the image around a box [4] that the network sees."""
        return person_crop(box, input_size, self.padding, self.udp)

    def keypoint_count(self, shape: tuple[int, ...]) -> int:
        """Keypoints of a network whose first output has this shape; -1 where it does not say."""
        return shape[1]

    @abstractmethod
    def decode(self, outputs: Sequence[NDArray], input_size: tuple[int, int]
               ) -> NDArray[np.float32]:
        """Outputs to keypoints [N,J,3]: x, y px of the input, confidence; NaN where none is."""


class _WholeImageFamily(NetworkFamily):
    """fills: the image is stretched to the whole input, else keeps its aspect. centred: it is
    padded on all sides then, else at right and bottom.
    """

    input_size = (640, 640)
    fills = False
    centred = True

    def crop(self, image_size: tuple[int, int], input_size: tuple[int, int]) -> Crop:
        """The whole image in the input."""
        if self.fills:
            return stretched(image_size, input_size)
        return letterbox(image_size, input_size, self.centred)


class PeopleFamily(_WholeImageFamily):
    """Keypoints of everybody in a whole image.

    normalised: x and y of boxes and keypoints are parts of the input's sides, not px.
    """

    normalised = False

    def keypoint_count(self, shape: tuple[int, ...]) -> int:
        """Keypoints of a network whose first output has this shape; -1 where it does not say."""
        return shape[2]

    @abstractmethod
    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int
               ) -> tuple[NDArray, NDArray]:
        """Outputs to boxes [P,5] (corners px of the input, score) and keypoints [P,J,3]."""


class BoxFamily(_WholeImageFamily):
    """Boxes of people in a whole image, for a network that takes crops."""

    @abstractmethod
    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int) -> NDArray:
        """Outputs to boxes [P,5]: corners px of the input, score."""
