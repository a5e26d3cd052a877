# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Images between black bars are told from dark ones, and from those whose K knows of the bars."""

import numpy as np
import pytest
from scenes import CAMERA, room, seen

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.black_bars import BlackBars

PICTURE = seen(room())


def padded(bars, noise=0, seed=0):
    """The picture between bars (left and right, above and below) px."""
    side, top = bars
    image = np.pad(PICTURE, ((top, top), (side, side), (0, 0))).astype(int)
    return np.clip(image + np.random.default_rng(seed).integers(-noise, noise + 1, image.shape),
                   0, 255).astype(np.uint8)


def doubt(images, shift=(0, 0)):
    """What is said of images a second apart under the K of the picture, shifted by pixels."""
    K = CAMERA.K + np.array([[0, 0, shift[0]], [0, 0, shift[1]], [0, 0, 0]])
    bars = BlackBars()
    for stamp, image in enumerate(images):
        bars.look(float(stamp), image)
    return bars.doubt(CameraModel.from_calibration(K, (), 'plumb_bob', images[-1].shape[1::-1]))


@pytest.mark.parametrize(('bars', 'words'), [
    ((106, 0), '106 px left and right, and cx'), ((0, 80), '80 px above and below, and cy'),
    ((30, 0), '30 px left and right')])
def test_k_of_the_picture_without_its_bars_is_said(bars, words):
    assert words in doubt([padded(bars, 8, seed) for seed in range(5)])
    assert not doubt([padded(bars)] * 5, bars)  # K knows of them


def test_what_is_no_bar_or_seldom_there_is_believed():
    bars = [padded((106, 0))] * 5
    assert not doubt([padded((0, 0))] * 5)
    assert not doubt(bars[:3])
    assert not doubt([*bars, np.full_like(bars[0], 90)])
    assert not doubt([image // 8 for image in bars])  # a dark room
    one_side = padded((106, 0))
    one_side[:, -106:] = 90
    assert not doubt([one_side] * 5)
    assert not doubt([np.zeros_like(bars[0])] * 5)
