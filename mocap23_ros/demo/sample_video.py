# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a sample video, and detections of the person in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17

FPS = 60.0  # of the sample videos


def read_frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the images of a video, uint8 [H,W,3] BGR; raises InputError where there is none."""
    capture = cv2.VideoCapture(str(path))
    try:
        good, frame = capture.read()
        if not good:
            raise InputError(f'the video {path} cannot be decoded; delete it to fetch it again')
        while good:
            yield np.asarray(frame, np.uint8)
            good, frame = capture.read()
    finally:
        capture.release()


def detect_largest_person(path: Path, advance: Callable[[], None] = lambda: None
                          ) -> NDArray[np.float32]:
    """COCO-17 keypoints float32 [F,17,3] of the largest person of every frame; NaN = nobody.

    advance is called after every frame (progress bars).
    """
    detector = create_detector('blazepose')
    keypoints = []
    try:
        for frame in read_frames(path):
            people = detector.detect(frame)
            row = np.full((17, 3), np.nan, np.float32)
            row[:, 2] = 0
            if people:
                largest = max(people, key=lambda person: float(
                    np.prod(person.bounding_box[2:] - person.bounding_box[:2])))
                row = convert_keypoints(largest.keypoints, detector.format, COCO17)
            keypoints.append(row)
            advance()
    finally:
        detector.close()
    return np.stack(keypoints).astype(np.float32)
