# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Searches images for people at several scales: at once, or behind the images."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.keypoint_similarity import box_overlap
from mocap23_ros.detection.movenet import FoundPerson, MoveNet

COARSE_SIDE = 448
"""px of the input: finds people of about a tenth of the image's longer side and more."""
FINE_SIDE = 1024
"""px of the input: finds smaller ones, and misses those that fill the image."""
_NEAR_SIDE = 256  # px; beside the coarse one, for those so near that legs are not in the image
_NEAR_HEIGHT = 110  # px of that input, of people for whom it is the better one
_TILE_SIDE = 1200  # px; longer images are also searched in parts
_MOST_TILES = 4  # along a side
_TILE_OVERLAP = 0.25  # of a tile
_SAME = 0.5  # overlap of boxes from two scales that are one person
_MOST = 64  # people of one search
_PERSON_SIDE = 256  # px of the input for one person
_PERSON_MARGIN = 1.6  # of the person's longer side
_BEHIND = 10  # nice level of the thread behind the images

View = tuple[int, int, int, int, int]
"""Part of an image and the side of the input: x, y, width, height, side in px."""
_Input = tuple[NDArray[np.uint8], float]  # of the network, and its scale


def search_views(width: int, height: int) -> list[View]:
    """Views of an image: whole and coarse, whole and fine, then parts of large images."""
    views = [(0, 0, width, height, COARSE_SIDE), (0, 0, width, height, FINE_SIDE)]
    if max(width, height) <= _TILE_SIDE:
        return views
    for y, tall in _spans(height):
        for x, wide in _spans(width):
            views.append((x, y, wide, tall, FINE_SIDE))
    return views


def _spans(length: int) -> list[tuple[int, int]]:
    if length <= FINE_SIDE:
        return [(0, length)]
    step = FINE_SIDE * (1 - _TILE_OVERLAP)
    count = min(int(np.ceil((length - FINE_SIDE) / step)) + 1, _MOST_TILES)
    own = int(np.ceil(length / (count - (count - 1) * _TILE_OVERLAP)))
    return [(int(start), own) for start in np.linspace(0, length - own, count)]


def person_view(box: NDArray, width: int, height: int) -> View | None:
    """View of one person with a box [4] px, in an image of this size; None outside the image."""
    side = max(_PERSON_MARGIN * float(np.max(box[2:4] - box[:2])), 32.0)
    middle = 0.5 * (box[:2] + box[2:4])
    left, top, right, bottom = np.clip(
        [*(middle - side / 2), *(middle + side / 2)], 0, (width, height) * 2).astype(int).tolist()
    if min(right - left, bottom - top) < 16:
        return None
    return left, top, right - left, bottom - top, _PERSON_SIDE


def view_cycle(width: int, height: int) -> Iterator[View]:
    """Endless turns: the others one after another, two at a time, between coarse views."""
    coarse, *others = search_views(width, height)
    turn = cycle(others)
    while True:
        yield coarse
        for _ in range(min(len(others), 2)):
            yield next(turn)


class PersonFinder:
    """Searches images for people; one search at a time may run behind the images.

    The search behind the images has a low priority, so that it takes only what the people who
    are known already leave of the CPU, and rests as long as it took: an empty room costs at most
    half a core.
    """

    def __init__(self, network: MoveNet, min_score: float) -> None:
        self._network = network
        self._min_score = min_score
        self._image_size = (0, 0)
        self._views: Iterator[View] = iter(())
        self._pool: ThreadPoolExecutor | None = None
        self._running: Future[list[FoundPerson]] | None = None
        self._rest_until = -np.inf  # s, monotonic

    def search_thoroughly(self, image_bgr: NDArray[np.uint8]) -> list[FoundPerson]:
        """Return the people in an image uint8 [H,W,3], searched whole at all scales."""
        height, width = image_bgr.shape[:2]
        return self._search_all(image_bgr, search_views(width, height)[:2])

    def search_two_views(self, image_bgr: NDArray[np.uint8]) -> list[FoundPerson]:
        """Return the people in the next two views of the cycle."""
        return self._search_all(image_bgr, [self._next_view(image_bgr) for _ in range(2)])

    def search_view(self, image_bgr: NDArray[np.uint8], view: View | None = None
                    ) -> list[FoundPerson]:
        """Return the people in a view, the next one of the cycle if none is given."""
        return self._search(image_bgr, view or self._next_view(image_bgr))

    def begin(self, image_bgr: NDArray[np.uint8], view: View | None = None) -> bool:
        """Begin to search a view in the background; whether it did: not while one runs or rests."""
        if self._running is not None or time.monotonic() < self._rest_until:
            return False
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, 'person finder', _lower_priority)
        self._running = self._pool.submit(self._find_then_rest, *self._prepare(
            image_bgr, view or self._next_view(image_bgr)))
        return True

    def collect(self) -> list[FoundPerson] | None:
        """Return what a search behind the images has found; None while there is nothing new."""
        if self._running is None or not self._running.done():
            return None
        done, self._running = self._running, None
        return done.result()

    def reset(self) -> None:
        """Forget a search that runs, and begin the cycle of views anew."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self.restart()

    def restart(self) -> None:
        """Begin the cycle of views anew."""
        self._image_size = (0, 0)

    def close(self) -> None:
        """Wait for a search that runs and free the network."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._network.close()

    def _next_view(self, image_bgr: NDArray[np.uint8]) -> View:
        height, width = image_bgr.shape[:2]
        if (width, height) != self._image_size:
            self._image_size = (width, height)
            self._views = view_cycle(width, height)
        return next(self._views)

    def _search_all(self, image_bgr: NDArray[np.uint8], views: Sequence[View]
                    ) -> list[FoundPerson]:
        return _each_once(found for view in views for found in self._search(image_bgr, view))

    def _search(self, image_bgr: NDArray[np.uint8], view: View) -> list[FoundPerson]:
        return self._find(*self._prepare(image_bgr, view))

    def _prepare(self, image_bgr: NDArray[np.uint8], view: View) -> tuple[list[_Input], View]:
        x, y, width, height, side = view
        part = image_bgr[y:y + height, x:x + width]
        sides = (side, _NEAR_SIDE) if side == COARSE_SIDE else (side,)
        return [self._network.prepare(part, one) for one in sides], view

    def _find_then_rest(self, inputs: list[_Input], view: View) -> list[FoundPerson]:
        start = time.monotonic()
        found = self._find(inputs, view)
        end = time.monotonic()
        self._rest_until = 2 * end - start
        return found

    def _find(self, inputs: list[_Input], view: View) -> list[FoundPerson]:
        people = self._network.find(*inputs[0], self._min_score, _MOST)
        for near in inputs[1:]:
            people += [one for one in self._network.find(*near, self._min_score, _MOST)
                       if one.height >= _NEAR_HEIGHT]
            people = _each_once(sorted(people, key=lambda one: -one.score))
        origin = np.array(view[:2], np.float32)
        return [replace(found, box=found.box + np.tile(origin, 2),
                        keypoints=found.keypoints + origin) for found in people]


def _each_once(found: Iterable[FoundPerson]) -> list[FoundPerson]:
    """The people without those who were found before."""
    people: list[FoundPerson] = []
    for one in found:
        if all(box_overlap(one.box, other.box) < _SAME for other in people):
            people.append(one)
    return people


def _lower_priority() -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BEHIND)
    except (OSError, AttributeError):
        pass  # not every system has priorities of threads
