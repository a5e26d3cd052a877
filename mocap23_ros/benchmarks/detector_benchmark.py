# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Recall, precision, keypoint error and exchanges of sides of detectors, on people who are known.

The sample's four cameras, and people pasted at other sizes and numbers (pasted_people). The truth
is the sample's: good to about 5 px at a height of 700 px, so smaller errors are not told apart.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.benchmarks.pasted_people import EVERY, FRAMES, SceneMaker
from mocap23_ros.demo.sample_video import read_frames
from mocap23_ros.demo.take import SampleTake, load_take
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.detection.matched_people import coco_people, match_people
from mocap23_ros.reporting import Say, silent
from mocap23_ros.skeletons.coco17 import BODY
from mocap23_ros.skeletons.exchanged_sides import SIDES, exchanged_sides, with_sides_exchanged
from mocap23_ros.skeletons.formats import COCO17

HEIGHTS = (40, 56, 80, 112, 150, 225, 400)
"""px, of one person in 1920 x 1080."""
COUNTS = (2, 4, 8, 16)
"""of people 150 to 300 px high."""
SETTLED = 6
"""images of a pasted video that are not counted: detectors may search before they follow."""
_SCENES = 4


class Score:
    """Counts over images with known people."""

    def __init__(self) -> None:
        self._people = self._found = self._false = self._exchanged = 0
        self._errors: list[NDArray] = []

    def add(self, truth: NDArray, detections: Sequence[NDArray] | NDArray) -> None:
        """truth: [P,17,2] px; detections: [17,3] each."""
        self._people += len(truth)
        found = np.asarray(detections).reshape(-1, len(COCO17), 3)
        pairs = match_people(truth, found)
        self._found += len(pairs)
        self._false += len(found) - len(pairs)
        for row, column in pairs:
            self._compare(truth[row], found[column])

    def _compare(self, truth: NDArray, found: NDArray) -> None:
        exchanged = [name for name, state in zip(SIDES, exchanged_sides(truth, found), strict=True)
                     if state]
        self._exchanged += bool(exchanged)
        error = np.linalg.norm(with_sides_exchanged(truth, exchanged) - found[:, :2], axis=1)
        self._errors.append(error[BODY] / max(float(np.ptp(truth[:, 1])), 1.0))

    def as_dict(self) -> dict[str, Any]:
        """Recall, precision, part with a side exchanged, error of body joints in parts of the
        person's height (sides put right): median and 95th percentile.
        """
        errors = np.concatenate(self._errors) if self._errors else np.zeros(0)
        errors = errors[np.isfinite(errors)]
        claimed = self._found + self._false
        return {
            'people': self._people, 'recall': _ratio(self._found, self._people),
            'precision': _ratio(self._found, claimed),
            'exchanged': _ratio(self._exchanged, self._found),
            'error_median': round(float(np.median(errors)), 4) if len(errors) else None,
            'error_p95': round(float(np.percentile(errors, 95)), 4) if len(errors) else None}


def evaluate_detectors(names: Sequence[str], seed: int, say: Say = silent,
                       scenes: int = _SCENES) -> dict[str, Any]:
    """Return {detector: {cameras, heights, counts: {row: Score.as_dict()}}}."""
    take = load_take()
    result: dict[str, Any] = {}
    for name in names:
        maker = SceneMaker(take, seed)  # the same scenes for everybody
        rows: dict[str, Any] = {'cameras': {}, 'heights': {}, 'counts': {}}
        for index, camera in enumerate(take.cameras):
            say(f'{name}: {camera.name}')
            rows['cameras'][camera.name] = _on_camera(name, take, index)
        for height in HEIGHTS:
            say(f'{name}: one person, {height} px')
            rows['heights'][str(height)] = _on_scenes(
                name, maker, [np.array([height])] * scenes)
        for count in COUNTS:
            say(f'{name}: {count} people')
            sizes = np.random.default_rng([seed, count]).uniform(150, 300, (scenes // 2, count))
            rows['counts'][str(count)] = _on_scenes(name, maker, list(sizes))
        result[name] = rows
    return result


def _on_camera(name: str, take: SampleTake, index: int) -> dict[str, Any]:
    camera = take.cameras[index]
    truth = camera.project(take.truth.joints)
    detector = create_detector(name, max_people=4)
    score = Score()
    images = islice(read_frames(take.files.videos[camera.name]), 0, None, EVERY)
    for joints, found in zip(truth[::EVERY], coco_people(detector, images), strict=True):
        score.add(joints[None], found)
    detector.close()
    # Somebody stands in the background of two cameras and is not a false detection.
    return {key: value for key, value in score.as_dict().items() if key != 'precision'}


def _on_scenes(name: str, maker: SceneMaker, sizes: Sequence[NDArray]) -> dict[str, Any]:
    detector = create_detector(name, max_people=max(4, *(2 * len(size) for size in sizes)))
    score = Score()
    for heights in sizes:
        scene = maker.scene(heights)
        detector.reset()
        for frame, found in enumerate(coco_people(detector, scene.images())):
            if frame >= SETTLED:
                score.add(scene.keypoints[frame], found)
    detector.close()
    return {**score.as_dict(), 'images': (FRAMES - SETTLED) * len(sizes)}


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
