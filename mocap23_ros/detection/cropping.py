# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Brings parts of an image into a network's input, and points back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class InputPixels:
    """value = (pixel - mean) * scale, per channel in the network's order.

    rgb: that order, else BGR. fill: pixels outside the image.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    rgb: bool = True
    fill: int = 0

    @classmethod
    def unit(cls, fill: int) -> 'InputPixels':
        """RGB from 0 to 1."""
        return cls(scale=(1 / 255, 1 / 255, 1 / 255), fill=fill)


@dataclass(frozen=True)
class Crop:
    """Scale and shift without rotation: p_input = p_image * scale + shift.

    edges: both sides count from the outer edge of the first pixel, as networks for whole images
    are trained (cv2.resize); else from its centre (cv2.warpAffine). stretch: y is scaled by so
    much more than x.
    """

    scale: float
    shift_x: float
    shift_y: float
    edges: bool = False
    stretch: float = 1.0

    def to_image(self, points: NDArray) -> NDArray:
        """Points [...,2+] of the input to px of the image; further columns stay."""
        moved = np.array(points, np.float32)
        moved[..., :2] = (moved[..., :2] - (self.shift_x, self.shift_y)) / self._scales
        return moved

    def boxes_to_image(self, boxes: NDArray) -> NDArray:
        """Boxes [...,4+] (corners) of the input to px of the image."""
        moved = np.array(boxes, np.float32)
        shift = (self.shift_x, self.shift_y) * 2
        moved[..., :4] = (moved[..., :4] - shift) / (self._scales * 2)
        return moved

    @property
    def _scales(self) -> tuple[float, float]:
        return self.scale, self.scale * self.stretch


def person_crop(box: NDArray, input_size: tuple[int, int], padding: float, udp: bool) -> Crop:
    """Crop around a box [4] with padding, grown to the aspect of the input."""
    width, height = input_size
    size = np.maximum(np.asarray(box[2:4], np.float64) - box[:2], 1.0) * padding
    centre = 0.5 * (np.asarray(box[:2], np.float64) + box[2:4])
    aspect = width / height
    full = np.array([max(size[0], size[1] * aspect), max(size[1], size[0] / aspect)])
    scale = ((width - 1) if udp else width) / full[0]
    middle = 0.5 * ((np.array(input_size) - 1) if udp else np.array(input_size))
    shift = middle - centre * scale
    return Crop(float(scale), float(shift[0]), float(shift[1]))


def letterbox(image_size: tuple[int, int], input_size: tuple[int, int], centred: bool) -> Crop:
    """Crop that shows a whole image in the input."""
    scale = min(input_size[0] / image_size[0], input_size[1] / image_size[1])
    if not centred:
        return Crop(scale, 0.0, 0.0, edges=True)
    space = (np.array(input_size) - np.round(np.array(image_size) * scale)) / 2
    shift = np.round(space - 0.1)
    return Crop(scale, float(shift[0]), float(shift[1]), edges=True)


def stretched(image_size: tuple[int, int], input_size: tuple[int, int]) -> Crop:
    """Crop that shows a whole image in the whole input, whatever their aspects."""
    scale = input_size[0] / image_size[0]
    return Crop(scale, 0.0, 0.0, edges=True, stretch=input_size[1] / image_size[1] / scale)


def write_input(
    image_bgr: NDArray[np.uint8], crop: Crop, pixels: InputPixels, out: NDArray
) -> None:
    """Warp, reorder and normalise a part of an image into a network's input [3,H,W]."""
    height, width = out.shape[1:]
    # warpAffine counts from the centres of pixels.
    scale_x, scale_y = crop.scale, crop.scale * crop.stretch
    half_x, half_y = (0.5 * scale_x - 0.5, 0.5 * scale_y - 0.5) if crop.edges else (0.0, 0.0)
    matrix = np.array([[scale_x, 0, crop.shift_x + half_x], [0, scale_y, crop.shift_y + half_y]])
    # Only this small warp is ever stored besides the input itself.
    warped = cv2.warpAffine(image_bgr, matrix, (width, height), flags=cv2.INTER_LINEAR,
                            borderMode=cv2.BORDER_CONSTANT, borderValue=(pixels.fill,) * 3)
    for channel in range(3):
        source = warped[:, :, 2 - channel if pixels.rgb else channel]
        np.subtract(source, pixels.mean[channel], out=out[channel], casting='unsafe')
        out[channel] *= pixels.scale[channel]
