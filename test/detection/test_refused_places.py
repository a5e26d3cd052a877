# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Things that were taken for people are looked at less and less often."""

import numpy as np

from mocap23_ros.detection.refused_places import RefusedPlaces

THING = np.array([100.0, 100.0, 150.0, 220.0])


def looks(places, box, images):
    """Numbers of the images in which the box was looked at, and refused."""
    looked = []
    for image in range(images):
        places.next_image()
        if not places.rests(box):
            looked.append(image)
            places.refuse(box)
    return looked


def test_a_refused_thing_rests_longer_and_longer_but_not_for_ever():
    looked = looks(RefusedPlaces(), THING, 400)
    assert looked[:4] == [0, 1, 3, 6]
    assert max(np.diff(looked)) == 65 and len(looked) < 15


def test_who_is_elsewhere_is_looked_at():
    places = RefusedPlaces()
    looks(places, THING, 20)
    assert places.rests(THING) and not places.rests(THING + 60)


def test_a_place_is_forgotten():
    places = RefusedPlaces()
    looks(places, THING, 20)
    for _ in range(300):
        places.next_image()
    assert not places.rests(THING)
    assert looks(places, THING, 3) == [0, 1]
