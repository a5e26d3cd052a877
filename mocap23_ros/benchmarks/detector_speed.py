# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Time per image of the detectors by number of people and size of the image, in the same run."""

import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.benchmarks.path_benchmark import sample_images
from mocap23_ros.benchmarks.timing import measure
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.errors import InputError

PEOPLE = (1, 2, 4, 8)
SIZES = ((1280, 720), (1920, 1080))
_MAN = np.s_[400:1400, 100:900]  # of cam03: he is in it in every frame
_SETTLING = 15.0  # s, at most, in which searches find everybody


def benchmark_detectors(seconds: float, counts: Sequence[int] = PEOPLE,
                        sizes: Sequence[tuple[int, int]] = SIZES) -> list[dict[str, Any]]:
    """Return a row per detector, size and number of people; with a reason where it cannot run.

    As the node runs them: blazepose searches behind the images, and its cpu has the searches in it.
    """
    detectors: tuple[tuple[str, dict[str, Any]], ...] = (
        ('blazepose', {'live': True}), ('mediapipe', {}))
    rows: list[dict[str, Any]] = []
    for name, options in detectors:
        try:
            man = [np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[_MAN]
                   for data in sample_images()[1]]
            create_detector(name, **options).close()
        except InputError as error:
            rows.append({'detector': name, 'reason': str(error)})
            continue
        for size in sizes:
            for people in counts:
                rows.append({'detector': name, 'image': f'{size[0]}x{size[1]}', 'people': people,
                             **_time(name, options, _crowd(man, size, people), people, seconds)})
    return rows


def _crowd(man: Sequence[NDArray[np.uint8]], size: tuple[int, int], people: int
           ) -> list[NDArray[np.uint8]]:
    """Images with the man so many times side by side, in one row or two."""
    rows = 1 if people <= 4 else 2
    width, height = size[0] // (people // rows), size[1] // rows
    scale = min(width / man[0].shape[1], height / man[0].shape[0])
    images = []
    for frame in man:
        small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image = np.full((size[1], size[0], 3), small[:8].mean(axis=(0, 1)), np.uint8)
        for number in range(people):
            x, y = number % (people // rows) * width, number // (people // rows) * height
            image[y:y + small.shape[0], x:x + small.shape[1]] = small
        images.append(image)
    return images


def _time(name: str, options: dict[str, Any], images: Sequence[NDArray[np.uint8]], people: int,
          seconds: float) -> dict[str, Any]:
    detector = create_detector(name, max_people=people, **options)
    # Forth and back, so that nobody jumps.
    following = cycle([*images, *images[::-1]])
    end = time.monotonic() + _SETTLING
    while len(detector.detect(next(following))) < people and time.monotonic() < end:
        pass
    timing = measure(lambda: detector.detect(next(following)), calls=200, seconds=seconds)
    found = len(detector.detect(next(following)))
    detector.close()
    return {'found': found, **timing.as_dict()}
