# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints that another detector found, matched to images by their stamps."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


class ExternalDetector:
    """Holds the newest arrivals until an image with their stamp asks for them.

    tolerance: seconds between the stamps of image and keypoints that still count as one moment;
    0 asks for equal stamps. capacity: arrivals held; the oldest are dropped.
    Not thread safe: add and take in the same thread or under a lock.
    """

    def __init__(self, output_format: SkeletonFormat = COCO17, tolerance: float = 0.001,
                 capacity: int = 60) -> None:
        if tolerance < 0 or capacity < 1:
            raise InputError(f'tolerance must be at least 0 s and capacity at least 1; got '
                             f'{tolerance}, {capacity}')
        self.format = output_format
        self._tolerance = tolerance
        self._capacity = capacity
        self._held: OrderedDict[float, list[Detection]] = OrderedDict()
        self._image_stamp: float | None = None

    def add(self, stamp: float, detections: Sequence[Detection], source: SkeletonFormat) -> None:
        """Store what another detector found at ``stamp`` seconds, in the format ``source``.

        Raises InputError where the keypoints do not fit the format or the stamp is no number.
        """
        if not np.isfinite(stamp):
            raise InputError(f"external keypoints have the stamp {stamp}; send the image's own")
        self._held[float(stamp)] = [self._convert(found, source) for found in detections]
        while len(self._held) > self._capacity:
            self._held.popitem(last=False)

    def take(self, stamp: float) -> list[Detection] | None:
        """Return and forget the people at ``stamp``; None where nothing has arrived for it.

        An empty list means that the other detector saw nobody. What is older is forgotten, too.
        """
        best = min(self._held, key=lambda held: abs(held - stamp), default=None)
        if best is None or abs(best - stamp) > self._tolerance:
            return None
        detections = self._held[best]
        for old in [held for held in self._held if held <= best]:
            del self._held[old]
        return detections

    def set_image_stamp(self, stamp: float) -> None:
        """Say which stamp the image of the next ``detect`` has."""
        self._image_stamp = float(stamp)

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people of the image announced by ``set_image_stamp``; the pixels are not used.

        Raises InputError without an announcement; an empty list where nothing has arrived.
        """
        if self._image_stamp is None:
            raise InputError('the external detector works by stamps; call set_image_stamp first')
        stamp, self._image_stamp = self._image_stamp, None
        return self.take(stamp) or []

    def reset(self) -> None:
        """Forget everything that is held."""
        self._held.clear()
        self._image_stamp = None

    def close(self) -> None:
        """Free what is held."""
        self.reset()

    def _convert(self, found: Detection, source: SkeletonFormat) -> Detection:
        keypoints = np.asarray(found.keypoints, np.float32)
        if keypoints.shape != (len(source), 3):
            raise InputError(f'external keypoints have the shape {list(keypoints.shape)}; '
                             f'{source.name} needs [{len(source)}, 3]')
        missing = ~np.isfinite(keypoints).all(axis=1)
        if missing.any():
            keypoints = keypoints.copy()
            keypoints[missing] = np.nan, np.nan, 0.0
        if source.name != self.format.name:
            keypoints = np.asarray(convert_keypoints(keypoints, source, self.format), np.float32)
        return replace(found, keypoints=keypoints)
