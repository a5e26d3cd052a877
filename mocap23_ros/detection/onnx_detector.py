# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Pose networks from ONNX files, of one person's crop or of whole images (network_families)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection, check_search
from mocap23_ros.detection.images import check_image
from mocap23_ros.detection.keypoint_similarity import keypoint_similarity
from mocap23_ros.detection.loaded_network import LoadedNetwork
from mocap23_ros.detection.network_families import keypoint_format
from mocap23_ros.detection.network_family import BoxFamily, CropFamily, PeopleFamily
from mocap23_ros.detection.weights import family_of, find_weights
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.unobserved import UNOBSERVED

_DUPLICATE_SIMILARITY = 0.6  # OKS from which two people of the pose network are one
_SEEN = 0.3  # confidence from which a keypoint shapes the box in which it is looked for next


class OnnxDetector:
    """A pose network, with a network for people's boxes where it works on single people.

    model, person_model: ONNX files, or names that ``mocap23 fetch-weights`` has fetched. Without
    person_model a pose network looks around the keypoints of the last image, and in the whole
    image while nobody is followed: enough for one person who fills much of it. family,
    person_family: see network_families; where not given, those of published weights
    that are given by their name, else found from the outputs. With person_model,
    boxes are detected every ``search_interval`` images and whenever nobody is followed; in
    between the last keypoints give them. threads, on_mismatch: options of the backends that have
    them.
    """

    def __init__(
        self, model: str | Path, person_model: str | Path | None = None,
        family: str | None = None, person_family: str | None = None, backend: str = 'auto',
        max_people: int = 4, min_score: float = 0.3, search_interval: int = 5,
        threads: int | None = None, on_mismatch: str | None = None,
    ) -> None:
        check_search(max_people, 32, search_interval)
        self._max_people, self._min_score = max_people, min_score
        self._search_interval = search_interval
        given = {'threads': threads, 'on_mismatch': on_mismatch}
        options = {name: value for name, value in given.items() if value is not None}
        family, model = family or family_of(model), find_weights(model)
        self._pose = LoadedNetwork(create_backend(backend, model, **options), family, model)
        if isinstance(self._pose.family, BoxFamily):
            raise InputError(f'{model} finds boxes only; give it as person_model, and a pose '
                             'network as model')
        self.format = keypoint_format(self._pose.keypoint_count())
        self._person: LoadedNetwork | None = None
        if person_model is not None:
            if isinstance(self._pose.family, PeopleFamily):
                raise InputError(f'{model} finds people by itself; leave out person_model')
            person_family = person_family or family_of(person_model)
            person_model = find_weights(person_model)
            self._person = LoadedNetwork(
                create_backend(backend, person_model, **options), person_family, person_model)
            if not isinstance(self._person.family, BoxFamily):
                raise InputError(f'{person_model} is not a network for boxes of people')
        self.reset()

    def reset(self) -> None:
        """Forget where people were."""
        self._boxes = np.zeros((0, 4), np.float32)
        self._images_to_search = 0

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in an image uint8 [H,W,3]; InputError for an unusable image."""
        image_bgr = check_image(image_bgr)
        family = self._pose.family
        if isinstance(family, PeopleFamily):
            return self._detect_people(image_bgr, family)
        assert isinstance(family, CropFamily)
        keypoints = self._detect_poses(image_bgr, self._find_boxes(image_bgr), family)
        detections = [found for found in (
            self._to_detection(person, None, None, image_bgr) for person in keypoints)
            if found is not None]
        detections = _without_duplicates(detections)
        self._boxes = np.array([_tight_box(found.keypoints) for found in detections],
                               np.float32).reshape(-1, 4)
        return detections

    def close(self) -> None:
        """Free the networks."""
        self._pose.backend.close()
        if self._person is not None:
            self._person.backend.close()

    def _detect_people(self, image_bgr: NDArray[np.uint8], family: PeopleFamily
                       ) -> list[Detection]:
        network = self._pose
        crop = family.crop((image_bgr.shape[1], image_bgr.shape[0]), network.input_size)
        boxes, keypoints = family.decode(
            network.run(image_bgr, [crop]), self._min_score, self._max_people)
        if family.normalised:
            boxes[:, :4] *= (*network.input_size, *network.input_size)
            keypoints[..., :2] *= network.input_size
        boxes, keypoints = crop.boxes_to_image(boxes), crop.to_image(keypoints)
        found = [self._to_detection(person, box[:4], float(box[4]), image_bgr)
                 for person, box in zip(keypoints, boxes, strict=True)]
        return [detection for detection in found if detection is not None]

    def _find_boxes(self, image_bgr: NDArray[np.uint8]) -> NDArray:
        height, width = image_bgr.shape[:2]
        followed = len(self._boxes) > 0
        self._images_to_search -= 1
        if self._person is None:
            whole = np.array([[0, 0, width, height]], np.float32)
            return self._boxes if followed else whole
        if followed and self._images_to_search > 0:
            return self._boxes
        self._images_to_search = self._search_interval
        family = self._person.family
        assert isinstance(family, BoxFamily)
        crop = family.crop((width, height), self._person.input_size)
        boxes = family.decode(
            self._person.run(image_bgr, [crop]), self._min_score, self._max_people)
        return crop.boxes_to_image(boxes)[:, :4]

    def _detect_poses(self, image_bgr: NDArray[np.uint8], boxes: NDArray, family: CropFamily
                      ) -> NDArray:
        if not len(boxes):
            return np.zeros((0, len(self.format), 3), np.float32)
        size = self._pose.input_size
        crops = [family.crop(box, size) for box in boxes]
        keypoints = family.decode(self._pose.run(image_bgr, crops), size)
        keypoints = keypoints[:, :len(self.format)]
        return np.stack([crop.to_image(person)
                         for crop, person in zip(crops, keypoints, strict=True)])

    def _to_detection(
        self, keypoints: NDArray, box: NDArray | None, score: float | None, image: NDArray
    ) -> Detection | None:
        height, width = image.shape[:2]
        keypoints = np.asarray(keypoints, np.float32).copy()
        keypoints[:, 2] = np.clip(keypoints[:, 2], 0, 1)
        with np.errstate(invalid='ignore'):
            found = ((keypoints[:, 2] > 0) & (keypoints[:, 0] >= 0) & (keypoints[:, 0] < width)
                     & (keypoints[:, 1] >= 0) & (keypoints[:, 1] < height))
        keypoints[~found] = UNOBSERVED
        if found.sum() < 3:
            return None
        if score is None:
            score = float(keypoints[found, 2].mean())
        if score < self._min_score:
            return None
        if box is None:
            box = _tight_box(keypoints)
        limits = np.array([width, height, width, height], np.float32)
        return Detection(keypoints, np.clip(box, 0, limits).astype(np.float32),
                         float(np.clip(score, 0, 1)))


def _tight_box(keypoints: NDArray) -> NDArray[np.float32]:
    seen = keypoints[:, 2] >= _SEEN
    points = keypoints[seen if seen.sum() >= 3 else keypoints[:, 2] > 0, :2]
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float32)


def _without_duplicates(detections: list[Detection]) -> list[Detection]:
    kept: list[Detection] = []
    for found in sorted(detections, key=lambda d: -d.score):
        if kept:
            others = np.stack([other.keypoints for other in kept])
            area = np.prod(found.bounding_box[2:] - found.bounding_box[:2], keepdims=True)
            alike = np.nan_to_num(keypoint_similarity(found.keypoints[None], others, area))
            if alike.max() >= _DUPLICATE_SIMILARITY:
                continue
        kept.append(found)
    return kept
