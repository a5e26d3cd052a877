# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""MoveNet finds people in the image, BlazePose sees the joints of each: no framework."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.blazepose import BlazePose, Look
from mocap23_ros.detection.detector import Detection, check_search
from mocap23_ros.detection.images import check_image
from mocap23_ros.detection.keypoint_similarity import box_overlap, keypoint_similarity
from mocap23_ros.detection.landmark_people import LandmarkPerson, clear_people, without_duplicates
from mocap23_ros.detection.matched_people import match_people
from mocap23_ros.detection.movenet import FoundPerson, MoveNet
from mocap23_ros.detection.packaged_weights import find_packaged, packaged_checksums
from mocap23_ros.detection.person_finder import PersonFinder, View, person_view
from mocap23_ros.detection.refused_places import RefusedPlaces
from mocap23_ros.detection.regions import PersonLandmarks, PersonRegion
from mocap23_ros.detection.second_looks import follow, put_right
from mocap23_ros.detection.steady_poses import steady_poses, withstand_changes
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.engines.tensorrt_builder import engine_path
from mocap23_ros.skeletons.exchanged_sides import exchanged_sides
from mocap23_ros.skeletons.formats import COCO17

MOST_PEOPLE = 64
_EDGE = 0.5  # BlazePose counts from the edge of the first pixel, not from its centre
_KNOWN_SIMILARITY = 0.3  # OKS of coarse keypoints from which a found person is a known one
_FOUND_SCORE = 0.3  # of the network that finds people
_NEW_OVERLAP = 0.3  # of the boxes that both networks give a new person
_FOUND_SURE = 0.8  # of somebody found, from which the landmark network need not be asked again
_CLEAR_HEIGHT = 110  # px of MoveNet's input, from which it tells left from right (97 %)
_JUDGE_EVERY = 30  # images
_NEW_SCORE = 0.4  # a new person must be clearer than one that is followed


class BlazePoseDetector:
    """Follows people at the cost of one row of a batch each, and searches the image for others.

    While nobody is followed every image is searched, else every ``search_interval`` images and
    when somebody is lost. max_people: most people returned, 1 to 64. min_score: people of a lower
    mean keypoint confidence are dropped. live: search behind the images, so that a search never
    delays the known people; somebody new then appears an image or more later, and results depend
    on the machine's speed. backend, threads, on_mismatch: what runs the networks. Raises
    InputError where the weights have not been fetched.
    """

    format = COCO17

    def __init__(
        self, max_people: int = 8, min_score: float = 0.3, search_interval: int = 5,
        live: bool = False, backend: str = 'auto', threads: int | None = None,
        on_mismatch: str | None = None,
    ) -> None:
        check_search(max_people, MOST_PEOPLE, search_interval)
        self._max_people = max_people
        self._min_score = min_score
        self._search_interval = search_interval
        self._live = live
        given = {'threads': threads, 'on_mismatch': on_mismatch}
        options = {name: value for name, value in given.items() if value is not None}
        self._network = BlazePose(create_backend(
            backend, find_packaged('blazepose-full'),
            checksums=packaged_checksums('blazepose-full'), **options))
        finder = find_packaged('movenet-multipose', engine=_runs_engine(backend))
        if not backend.startswith('tensorrt'):
            options['threads'] = 1 if live else threads or 2  # one behind the images
        self._finder = PersonFinder(
            MoveNet(create_backend(
                backend, finder, checksums=packaged_checksums('movenet-multipose'), **options)),
            _FOUND_SCORE)
        # The first run takes longer than the rest: not while somebody waits.
        self._network.run(np.zeros((64, 64, 3), np.uint8), [Look(PersonRegion(32, 32, 64, 0))])
        self._image_size = (0, 0)
        self.reset()

    def reset(self) -> None:
        """Forget where people were."""
        self._poses: list[PersonLandmarks] = []
        self._searched: list[LandmarkPerson] = []  # people in the image searched last
        self._images_to_search = 0
        self._refused = RefusedPlaces()
        self._finder.reset()

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in an image uint8 [H,W,3]; the longest followed ones first.

        Keypoints outside the image are not found (NaN). Raises InputError for an unusable image.
        """
        image_bgr = check_image(image_bgr)
        size = (image_bgr.shape[1], image_bgr.shape[0])
        if size != self._image_size:
            self.reset()
            self._image_size = size
        self._refused.next_image()
        people = without_duplicates(self._follow(image_bgr))
        lost = len(people) < len(self._poses)
        found = self._search(image_bgr, people, lost)
        people = self._with_sides_judged(image_bgr, people, found)
        if found and len(people) < self._max_people:
            people = without_duplicates(people + self._look_at_new(image_bgr, people, found))
        self._poses = [person.pose for person in people]
        return [person.detection for person in people if not person.pose.held]

    def close(self) -> None:
        """Free the networks and the thread of the search."""
        self._finder.close()
        self._network.close()

    def _follow(self, image_bgr: NDArray[np.uint8]) -> list[LandmarkPerson]:
        looks = [self._look(self._poses, index) for index in range(len(self._poses))]
        poses = follow(self._network, image_bgr, self._poses, looks)
        return clear_people(poses, image_bgr, self._min_score, _EDGE,
                            [look.region for look in looks])

    @staticmethod
    def _look(poses: Sequence[PersonLandmarks], index: int) -> Look:
        """Look at the region of one person, without the others."""
        pose = poses[index]
        others = [other.landmarks for number, other in enumerate(poses) if number != index]
        return Look(pose.region, pose.region.near(others), pose.landmarks)

    def _search(self, image_bgr: NDArray[np.uint8], people: list[LandmarkPerson], lost: bool
                ) -> list[FoundPerson]:
        """Return what a search has found; begin the next one, or search, where one is due."""
        found = self._finder.collect() if self._live else None
        room = len(people) < self._max_people
        urgent = room and (lost or not people)
        self._images_to_search -= 1
        due = urgent or self._images_to_search <= 0
        if due:
            self._images_to_search = self._search_interval
        view = None
        if not (due and room):
            view = self._view_to_judge(people)
            if view is None:
                return found or []
        if self._live:
            if self._finder.begin(image_bgr, view):
                self._searched = people
            return found or []
        self._searched = people
        if lost and urgent:
            return self._finder.search_thoroughly(image_bgr)
        if urgent:
            return self._finder.search_two_views(image_bgr)
        return self._finder.search_view(image_bgr, view)

    def _view_to_judge(self, people: list[LandmarkPerson]) -> View | None:
        """Return, between two searches, a view of somebody whose sides were not judged for long."""
        if not people or self._images_to_search != (self._search_interval + 1) // 2:
            return None
        person = max(people, key=lambda one: one.pose.unjudged)
        if person.pose.unjudged < _JUDGE_EVERY:
            return None
        return person_view(person.detection.bounding_box, *self._image_size)

    def _with_sides_judged(self, image_bgr: NDArray[np.uint8], people: list[LandmarkPerson],
                           found: list[FoundPerson]) -> list[LandmarkPerson]:
        """Return the people, each with the sides of a look with which MoveNet agrees."""
        if not found:
            return people
        searched, now = (_keypoints(group) for group in (self._searched, people))
        clear = np.array([one.keypoints for one in found if one.height >= _CLEAR_HEIGHT])
        clear = clear.reshape(-1, len(COCO17), 2)
        then = dict(match_people(clear, searched, _KNOWN_SIMILARITY))
        judged = list(people)
        for row, index in match_people(clear, now, _KNOWN_SIMILARITY):
            if row not in then:
                continue
            pose = replace(people[index].pose, unjudged=0)
            judged[index] = replace(people[index], pose=pose)
            # Its answer about an earlier image must fit this one, too.
            wrong = exchanged_sides(clear[row], now[index]) \
                & exchanged_sides(clear[row], searched[then[row]])
            if wrong.any():
                look = self._look([person.pose for person in people], index)
                right = put_right(self._network, image_bgr, look, pose, wrong)
                for person in clear_people([right], image_bgr, 0.0, _EDGE, [look.region]):
                    judged[index] = person
        return judged

    def _look_at_new(self, image_bgr: NDArray[np.uint8], people: list[LandmarkPerson],
                     found: list[FoundPerson]) -> list[LandmarkPerson]:
        """Look at found people who are not known yet, with the known ones painted out."""
        fresh = [person for person in found
                 if not _is_known(person, people) and not self._refused.rests(person.box)]
        fresh = fresh[:self._max_people - len(people)]
        if not fresh:
            return []
        known = [person.pose.landmarks for person in people]
        starts = [[Look(region, region.near(known)) for region in (
            PersonRegion.around(person.keypoints, person.box), PersonRegion.of_box(person.box))]
            for person in fresh]
        poses = [pose if pose is not None and _agree(pose, person) else None for pose, person
                 in zip(steady_poses(self._network, image_bgr, starts), fresh, strict=True)]
        doubted = {index: pose for index, (pose, person) in enumerate(
            zip(poses, fresh, strict=True)) if pose is not None and person.score < _FOUND_SURE}
        steady = withstand_changes(self._network, image_bgr, [starts[i][0] for i in doubted],
                                   list(doubted.values()))
        for index, is_there in zip(doubted, steady, strict=True):
            poses[index] = poses[index] if is_there else None
        least = max(self._min_score, _NEW_SCORE)
        clear = [clear_people([pose], image_bgr, least, _EDGE) for pose in poses]
        for person, there in zip(fresh, clear, strict=True):
            if not there:
                self._refused.refuse(person.box)
        new = [person for one in clear for person in one]
        if new:
            self._finder.restart()  # where one person appeared, others may
        return new


def _runs_engine(backend: str) -> bool:
    """Whether the finder is to run on TensorRT: asked for, or its engine has been built."""
    graph = find_packaged('movenet-multipose', engine=True)
    return backend.startswith('tensorrt') or (backend == 'auto' and any(
        engine_path(graph, library).is_file() for library in ('tensorrt', 'tensorrt_rtx')))


def _keypoints(people: Sequence[LandmarkPerson]) -> NDArray:
    """COCO-17 keypoints [P,17,3]."""
    return np.array([person.detection.keypoints for person in people]).reshape(-1, len(COCO17), 3)


def _is_known(found: FoundPerson, people: Sequence[LandmarkPerson]) -> bool:
    if not people:
        return False
    keypoints = _keypoints(people)
    area = np.prod(found.box[2:] - found.box[:2], keepdims=True)
    alike = keypoint_similarity(found.keypoints[None], keypoints, area, width=2.0)
    return bool(np.nan_to_num(alike).max() >= _KNOWN_SIMILARITY)


def _agree(pose: PersonLandmarks, found: FoundPerson) -> bool:
    """Whether the landmarks are those of the person found, not of a neighbour or of nothing."""
    points = pose.landmarks[:, :2]
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    return bool(box_overlap(box, found.box) >= _NEW_OVERLAP)
