# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that is told to stand still, and is knocked, carried or zoomed."""

import itertools

import numpy as np
import pytest
from scenes import CAMERA, PERSON, room, seen

from mocap23_ros.plausibility.scene_points import shrunk
from mocap23_ros.plausibility.still_scene import INTERVAL, StillScene

ROOM = room()
CLOCK = itertools.count()


def after(images, scene=None):
    """What is seen after these images, one at each interval."""
    scene = scene or StillScene()
    for image in images:
        scene.look(INTERVAL * next(CLOCK), shrunk(image), PERSON, CAMERA)
    return scene


def still(count, **how):
    return [seen(ROOM, seed=number, **how) for number in range(count)]


@pytest.mark.parametrize(('turn', 'words'), [
    ((-0.8, 0, 0), '0.8 degrees down'), ((0.8, 0, 0), '0.8 degrees up'),
    ((0, 3.0, 0), 'degrees to the right'), ((0, -3.0, 0), 'degrees to the left'),
    ((5.0, 0, 0), 'degrees up'), ((0, 0, 3.0), 'degrees clockwise')])
def test_a_knock_is_named_with_its_way_and_amount(turn, words):
    scene = after(still(4))
    assert scene.motion is None and scene.turn == 0
    after(still(1, turn=turn), scene)
    assert scene.turn > 0.5 and scene.motion is None  # once may be anything
    after(still(2, turn=turn), scene)
    assert scene.motion.is_lasting and words in scene.motion.message, scene.motion
    told = np.array([-scene.motion.down, scene.motion.right, scene.motion.roll])
    assert np.allclose(told, turn, atol=0.25), scene.motion
    after(still(1), scene)
    assert scene.motion is None and scene.turn == 0


def test_a_lens_that_zooms_is_told_from_a_turn():
    motion = after(still(3) + still(4, zoom=1.2)).motion
    assert motion.zoom == pytest.approx(1.2, abs=0.02) and '1.2' in motion.message
    assert 'zooms' in motion.message


def test_a_camera_that_is_carried_about_is_said_to_be():
    rng = np.random.default_rng(4)
    turns = np.cumsum(rng.normal(0, 1.5, (12, 3)) * (1, 1, 0.3), axis=0)
    motion = after([seen(ROOM, turn=turn, seed=k) for k, turn in enumerate(turns)]).motion
    assert not motion.is_lasting and 'carried' in motion.message


def test_people_light_and_walls_are_no_motion():
    # The person before the room is another one each time; only the rest counts.
    assert after(still(12)).motion is None
    assert after(still(3) + still(6, light=0.4) + still(6, light=1.4)).motion is None
    assert after([np.full((480, 640, 3), 90, np.uint8)] * 10).motion is None
    other = room(8)  # somebody opened a door: nothing is as it was
    assert after(still(3) + [seen(other, seed=k) for k in range(80)]).motion is None
