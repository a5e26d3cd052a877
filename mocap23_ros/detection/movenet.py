# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""MoveNet MultiPose finds people in a whole image: boxes and coarse keypoints.

The network is Google's (Apache-2.0): a MobileNetV2 with the heads of CenterNet (Zhou et al.,
2019). What its publisher appends to them stops at six people; here the heads are read directly,
so that any number is found. packaged_weights says where it comes from.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.keypoint_similarity import box_overlap
from mocap23_ros.engines.backend import Backend
from mocap23_ros.errors import InputError

_STRIDE = 4  # px of the input per cell of the heads
_MULTIPLE = 32  # of the input's sides
_OVERLAP = 0.6  # IoU from which two boxes are one person


@dataclass(frozen=True)
class FoundPerson:
    """box: [4] x_min, y_min, x_max, y_max; keypoints: [17,2] COCO-17, coarse; both px of the
    image, not clipped to it. score: 0..1. height: of the box, px of the network's input.
    """

    box: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    score: float
    height: float = 0.0


class MoveNet:
    """Finds people in images of any size."""

    def __init__(self, backend: Backend) -> None:
        names = {spec.name for spec in backend.outputs}
        if len(backend.inputs[0].shape) != 4 or not {
                'centres', 'sizes', 'centre_offsets', 'keypoints'} <= names:
            raise InputError('the network that finds people has other outputs than MoveNet '
                             'MultiPose; run mocap23 fetch-weights blazepose --force')
        self._backend = backend
        _, height, width, _ = backend.inputs[0].shape
        self._fixed = (height, width) if height > 0 and width > 0 else None

    def prepare(self, image_bgr: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
        """Return an image scaled to ``side`` px (its longer side) as input, and the scale."""
        height, width = image_bgr.shape[:2]
        if self._fixed is not None:
            rows, columns = self._fixed
            scale = min(rows / height, columns / width, side / max(height, width))
        else:
            scale = side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if self._fixed is None:
            rows, columns = (-(-length // _MULTIPLE) * _MULTIPLE for length in size[::-1])
        images = np.zeros((1, rows, columns, 3), np.uint8)
        shrinks = scale < 1
        cv2.resize(image_bgr, size, dst=images[0, :size[1], :size[0]],
                   interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return images, scale

    def find(self, images: NDArray[np.uint8], scale: float, min_score: float, most: int
             ) -> list[FoundPerson]:
        """Return the people in a prepared image, the surest first."""
        output = self._backend.run({'images': images})
        return decode_centres(output['centres'][0, 0], output['sizes'][0],
                              output['centre_offsets'][0], output['keypoints'][0],
                              scale, min_score, most)

    def close(self) -> None:
        """Free the network."""
        self._backend.close()


def decode_centres(
    centres: NDArray, sizes: NDArray, offsets: NDArray, keypoints: NDArray, scale: float,
    min_score: float, most: int,
) -> list[FoundPerson]:
    """Heads of the network to people, the surest first.

    centres: [h,w] 0..1, a peak per person; sizes [2,h,w]: height and width of the box around the
    peak's cell, offsets [2,h,w]: of its centre, y and x; keypoints [34,h,w]: y and x from the
    cell; all in cells of 4 px of the input. scale: px of the input per px of the image.
    """
    peaks = centres >= np.maximum(cv2.dilate(
        np.ascontiguousarray(centres, np.float32), np.ones((3, 3), np.uint8)), min_score)
    rows, columns = np.nonzero(peaks)
    order = np.argsort(-centres[rows, columns])[:4 * most]
    rows, columns = rows[order], columns[order]
    cells = np.stack([columns, rows], axis=1).astype(np.float32)
    to_image = _STRIDE / scale
    middle = cells + offsets[::-1, rows, columns].T
    half = 0.5 * np.maximum(sizes[::-1, rows, columns].T, 0.0)
    boxes = np.concatenate([middle - half, middle + half], axis=1) * to_image
    points = keypoints[:, rows, columns].T.reshape(-1, 17, 2)[..., ::-1]
    points = (points + cells[:, None]) * to_image
    scores = np.clip(centres[rows, columns], 0.0, 1.0)
    kept: list[int] = []
    for index in range(len(rows)):
        if len(kept) < most and all(
                box_overlap(boxes[index], boxes[other]) < _OVERLAP for other in kept):
            kept.append(index)
    return [FoundPerson(boxes[index].astype(np.float32), points[index].astype(np.float32),
                        float(scores[index]), float(2 * half[index, 1] * _STRIDE))
            for index in kept]
