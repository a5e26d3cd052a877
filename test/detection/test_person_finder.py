# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""When and where images are searched for people."""

import time

import numpy as np
import pytest

from mocap23_ros.detection.movenet import FoundPerson
from mocap23_ros.detection.person_finder import PersonFinder, search_views, view_cycle

TOOK = 0.05  # s


class SlowNetwork:
    """Takes its time and finds one person at the corner of what it is shown."""

    def __init__(self):
        self.begun = []

    def prepare(self, image, side):
        return np.array([side]), side / max(image.shape[:2])

    def find(self, images, scale, min_score, most):
        if images[0] == 256:  # beside the one at 448
            return []
        self.begun.append(time.monotonic())
        time.sleep(TOOK)
        return [FoundPerson(np.array([0, 0, 9, 9], np.float32), np.zeros((17, 2), np.float32), 0.9)]

    def close(self):
        pass


def test_a_search_behind_the_images_never_waits_and_rests_as_long_as_it_took():
    network = SlowNetwork()
    finder = PersonFinder(network, 0.3)
    image = np.zeros((720, 1280, 3), np.uint8)
    end, longest, found = time.monotonic() + 1.0, 0.0, 0
    while time.monotonic() < end:
        before = time.thread_time()
        finder.begin(image)
        found += len(finder.collect() or [])
        longest = max(longest, time.thread_time() - before)
        time.sleep(0.002)
    finder.close()
    assert 2 <= found <= 1.0 / (2 * TOOK) + 1
    assert np.diff(network.begun).min() > 2 * TOOK - 0.01
    assert longest < TOOK  # in the thread of the images


class TwoScales(SlowNetwork):
    """Finds half a man at 448 px; all of him, and somebody small, at 256 px."""

    def find(self, images, scale, min_score, most):
        half, whole, small = (
            FoundPerson(np.array(box, np.float32), np.zeros((17, 2), np.float32), score, height)
            for box, score, height in (((0, 0, 300, 500), 0.5, 200), ((0, 0, 400, 720), 0.9, 140),
                                       ((800, 0, 900, 90), 0.9, 9)))
        return [half] if images[0] == 448 else [whole, small]


def test_who_fills_the_image_is_found_at_a_smaller_scale():
    found, = PersonFinder(TwoScales(), 0.3).search_view(np.zeros((720, 1280, 3), np.uint8))
    assert found.score == 0.9 and found.box[3] == 720


@pytest.mark.parametrize('size', [(640, 480), (1088, 1920), (7680, 4320), (16384, 40)])
def test_views_cover_the_image(size):
    width, height = size
    views = search_views(width, height)
    assert len(views) <= 18
    seen = np.zeros((height, width), bool)
    for x, y, wide, tall, _ in views[2:] or views:
        assert x >= 0 and y >= 0 and x + wide <= width and y + tall <= height
        seen[y:y + tall, x:x + wide] = True
    assert seen.all()
    cycle = view_cycle(width, height)
    turns = [next(cycle) for _ in range(2 * len(views))]
    assert set(turns) == set(views)
    assert turns[::3 if len(views) > 2 else 2].count(views[0]) == turns.count(views[0])


def test_people_of_a_part_stand_where_they_are_in_the_image():
    finder = PersonFinder(SlowNetwork(), 0.3)
    image = np.zeros((3000, 4000, 3), np.uint8)
    corners = {tuple(finder.search_view(image)[0].box[:2].tolist()) for _ in range(40)}
    assert corners == {(float(x), float(y)) for x, y, *_ in search_views(4000, 3000)}
