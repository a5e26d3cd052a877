# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Several people with MediaPipe's pose networks, which ship inside its package: works offline."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection, check_search
from mocap23_ros.detection.images import SMALLEST_SIDE, check_image
from mocap23_ros.detection.landmark_people import LandmarkPerson, clear_people, without_duplicates
from mocap23_ros.detection.mediapipe_graphs import PoseDetectionGraph, PoseLandmarkGraph
from mocap23_ros.detection.person_search import (
    ShrunkImages,
    View,
    isolated_crop,
    search_image,
    view_cycle,
)
from mocap23_ros.detection.regions import PersonLandmarks, PersonRegion
from mocap23_ros.skeletons.formats import COCO17

_NEW_SCORE = 0.5  # a new person must be clearer than one that is followed
_KNOWN_DISTANCE = 0.12  # of the region's side: a proposal this near to a known person is that one


class MediapipeDetector:
    """BlazePose on a region per person; the whole image is searched now and then for others.

    People followed from the last image cost one run of the landmark network each. While somebody
    is followed, one view (person_search) is searched every ``search_interval`` images, with the
    known people painted over; while nobody is, or just after somebody was found or lost, in
    every image. Regions are hints only: any sequence of images may be given.

    max_people: most people returned, 1 to 32. min_score: people of a lower mean keypoint
    confidence are dropped. model_complexity: 0 and 2 need networks that the package downloads;
    only 1 works offline.
    """

    format = COCO17

    def __init__(
        self, max_people: int = 4, min_score: float = 0.3, search_interval: int = 10,
        model_complexity: int = 1,
    ) -> None:
        check_search(max_people, 32, search_interval)
        self._max_people = max_people
        self._min_score = min_score
        self._search_interval = search_interval
        self._detection_graph = PoseDetectionGraph()
        self._landmark_graph = PoseLandmarkGraph(model_complexity)
        self._image_size = (0, 0)
        self._views: Iterator[View] = iter(())
        self.reset()

    def reset(self) -> None:
        """Forget where people were."""
        self._poses: list[PersonLandmarks] = []
        self._images_to_search = 0

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in an image uint8 [H,W,3]; the longest followed ones first.

        Keypoints outside the image are not found (NaN). Raises InputError for an unusable image.
        """
        image_bgr = check_image(image_bgr)
        height, width = image_bgr.shape[:2]
        if (width, height) != self._image_size:
            self.reset()
            self._image_size = (width, height)
            self._views = view_cycle(width, height)
        image_rgb = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), np.uint8)
        people = without_duplicates(self._follow(image_rgb))
        changed = len(people) < len(self._poses)
        if len(people) < self._max_people and (self._images_to_search <= 0 or changed):
            self._images_to_search = self._search_interval
            before = len(people)
            people = without_duplicates(people + self._search(image_rgb, people))
            changed |= len(people) > before
        self._images_to_search = 0 if changed or not people else self._images_to_search - 1
        self._poses = [person.pose for person in people]
        return [person.detection for person in people]

    def close(self) -> None:
        """Free the networks and their threads."""
        self._detection_graph.close()
        self._landmark_graph.close()

    def _follow(self, image_rgb: NDArray[np.uint8]) -> list[LandmarkPerson]:
        before = [pose.landmarks for pose in self._poses]
        looks = [(pose.region, before[:index] + before[index + 1:], pose.landmarks)
                 for index, pose in enumerate(self._poses)]
        return clear_people(self._look(image_rgb, looks), image_rgb, self._min_score,
                            followed=[region for region, *_ in looks])

    def _search(self, image_rgb: NDArray[np.uint8], people: list[LandmarkPerson]
                ) -> list[LandmarkPerson]:
        view = next(self._views)
        known = [person.pose.landmarks for person in people]
        small, scale = search_image(image_rgb, view, known)
        regions: list[PersonRegion] = []
        for found, _ in self._detection_graph.run(small):
            region = found.moved(scale, view[0], view[1])
            others = [person.pose.region for person in people] + regions
            if all(np.hypot(region.x - other.x, region.y - other.y)
                   > _KNOWN_DISTANCE * min(region.side, other.side) for other in others):
                regions.append(region)
        del regions[self._max_people - len(people):]
        poses = self._look(image_rgb, [(region, known, None) for region in regions])
        return clear_people(poses, image_rgb, max(self._min_score, _NEW_SCORE))

    def _look(
        self, image_rgb: NDArray[np.uint8],
        looks: Sequence[tuple[PersonRegion, Sequence[NDArray], NDArray | None]],
    ) -> list[PersonLandmarks | None]:
        """Landmarks in regions; where others are in reach they are painted out of a copy.

        Without that the network takes the face that it likes best, be it another person's.
        """
        height, width = image_rgb.shape[:2]
        images = ShrunkImages(image_rgb)
        requests = []
        origins = []
        for region, others, own in looks:
            others = region.near(others)
            turned = abs(np.cos(region.rotation)) + abs(np.sin(region.rotation))
            reach = 0.5 * region.side * turned
            left, right = np.clip((region.x - reach, region.x + reach), 0, width).astype(int)
            top, bottom = np.clip((region.y - reach, region.y + reach), 0, height).astype(int)
            if not others or min(right - left, bottom - top) < SMALLEST_SIDE:
                requests.append((image_rgb, region))
                origins.append((1.0, 0, 0))
                continue
            crop, view, scale = isolated_crop(
                images, (int(left), int(top), int(right - left), int(bottom - top)), others, own)
            requests.append(
                (crop, region.moved(1.0, -view[0], -view[1]).moved(1.0 / scale, 0, 0)))
            origins.append((float(scale), view[0], view[1]))
        return [None if pose is None else pose.moved(*origin) for pose, origin
                in zip(self._landmark_graph.run(requests), origins, strict=True)]
