# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Recall, precision, keypoint error and exchanges of sides of detectors, on people who are known.

The sample's four cameras, and people pasted at other sizes and numbers (pasted_people). The truth
is the sample's: good to about 5 px at a height of 700 px, so smaller errors are not told apart.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mocap23_ros.benchmarks.pasted_people import EVERY, FRAMES, SceneMaker
from mocap23_ros.demo.detections import read_frames
from mocap23_ros.demo.take import SampleTake, load_take
from mocap23_ros.detection.detector import Detection, Detector
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.detection.keypoint_similarity import keypoint_similarity
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17

HEIGHTS = (40, 56, 80, 112, 150, 225, 400)
"""px, of one person in 1920 x 1080."""
COUNTS = (2, 4, 8, 16)
"""of people 150 to 300 px high."""
SETTLED = 6
"""images of a pasted video that are not counted: detectors may search before they follow."""
_SCENES = 4
_FOUND = 0.5  # OKS, as in the COCO evaluation
_AREA = 0.55  # of a person, of the box around the joints
_SIDES = {'arms': [5, 7, 9, 6, 8, 10], 'legs': [11, 13, 15, 12, 14, 16]}
_SAY = Callable[[str], None]


class Score:
    """Counts over images with known people."""

    def __init__(self) -> None:
        self._people = self._found = self._false = self._exchanged = 0
        self._errors: list[NDArray] = []
        self._confidence: list[NDArray] = []

    def add(self, truth: NDArray, detections: Sequence[NDArray]) -> None:
        """truth: [P,17,2] px; detections: [17,3] each."""
        self._people += len(truth)
        if not detections:
            return
        found = np.stack(detections)
        boxes = np.concatenate([truth.min(axis=1), truth.max(axis=1)], axis=1)
        area = _AREA * np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        # A person whose sides are exchanged is found, too.
        alike = np.maximum(*(np.nan_to_num(keypoint_similarity(version, found, area))
                             for version in (truth, _exchange(truth, ('arms', 'legs')))))
        rows, columns = linear_sum_assignment(-alike)
        good = alike[rows, columns] >= _FOUND
        self._found += int(good.sum())
        self._false += len(found) - int(good.sum())
        for row, column in zip(rows[good], columns[good], strict=True):
            self._compare(truth[row], found[column], boxes[row])

    def _compare(self, truth: NDArray, found: NDArray, box: NDArray) -> None:
        exchanged = tuple(name for name, joints in _SIDES.items()
                          if _mean(_exchange(truth, (name,)) - found[:, :2], joints)
                          < 0.7 * _mean(truth - found[:, :2], joints))
        self._exchanged += bool(exchanged)
        error = np.linalg.norm(_exchange(truth, exchanged) - found[:, :2], axis=1)
        self._errors.append(error[5:] / max(float(np.ptp(box[1::2])), 1.0))
        self._confidence.append(found[5:, 2])

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


def evaluate_detectors(names: Sequence[str], seed: int, say: _SAY = lambda text: None,
                       scenes: int = _SCENES) -> dict[str, Any]:
    """Return {detector: {cameras, heights, counts: {row: Score.as_dict()}}}."""
    take = load_take(report=lambda what, done, total: None)
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
    for joints, found in zip(truth[::EVERY], _run(detector, images), strict=True):
        score.add(joints[None], found)
    detector.close()
    # Somebody stands in the background of two cameras, and is no false detection.
    return {key: value for key, value in score.as_dict().items() if key != 'precision'}


def _on_scenes(name: str, maker: SceneMaker, sizes: Sequence[NDArray]) -> dict[str, Any]:
    detector = create_detector(name, max_people=max(4, *(2 * len(size) for size in sizes)))
    score = Score()
    for heights in sizes:
        scene = maker.scene(heights)
        _forget(detector)
        for frame, found in enumerate(_run(detector, scene.images())):
            if frame >= SETTLED:
                score.add(scene.keypoints[frame], found)
    detector.close()
    return {**score.as_dict(), 'images': (FRAMES - SETTLED) * len(sizes)}


def _run(detector: Detector, images: Iterable[NDArray[np.uint8]]) -> Iterable[list[NDArray]]:
    for image in images:
        yield [_coco(detector, person) for person in detector.detect(image)]


def _coco(detector: Detector, person: Detection) -> NDArray:
    return np.asarray(convert_keypoints(person.keypoints, detector.format, COCO17), np.float64)


def _forget(detector: Detector) -> None:
    reset = getattr(detector, 'reset', None)
    if reset is not None:
        reset()


def _exchange(truth: NDArray, groups: Sequence[str]) -> NDArray:
    exchanged = truth.copy()
    for group in groups:
        joints = _SIDES[group]
        exchanged[..., joints, :] = truth[..., joints[3:] + joints[:3], :]
    return exchanged


def _mean(offset: NDArray, joints: Sequence[int]) -> float:
    distance = np.linalg.norm(offset[joints], axis=1)
    return float(np.nanmean(distance)) if np.isfinite(distance).any() else np.inf


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
