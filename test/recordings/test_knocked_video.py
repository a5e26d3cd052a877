# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Videos of a camera that was knocked while it took them, and between black bars."""

import numpy as np
import pytest
from scenes import CAMERA, room, seen
from test_video_file import Nobody, encode, write_camera

from mocap23_ros.recordings.video_recording import record_video


@pytest.mark.parametrize(('turn', 'words'), [(0.0, ''), (2.0, 'degrees to the right')])
def test_a_video_of_a_camera_that_was_knocked_is_said(tmp_path, turn, words):
    picture = room()
    path = encode(tmp_path / 'knocked.mp4', range(0, 3600, 40), size=CAMERA.image_size,
                  draw=lambda number: seen(picture, (0, turn * (number > 40), 0), seed=number))
    camera_file = write_camera(tmp_path / 'camera.yaml', CAMERA.image_size, CAMERA.K)
    lines = []
    record_video(path, camera_file, Nobody(), say=lines.append)
    assert words in ' '.join(lines) and bool(words) == bool(lines), lines


@pytest.mark.parametrize(('shift', 'words'), [(0, 'add the bar to cx'), (104, '')])
def test_a_video_between_black_bars_under_the_k_without_them_is_said(tmp_path, shift, words):
    image, size = seen(room()), (848, 480)
    path = encode(tmp_path / 'bars.mp4', range(0, 3600, 120), size=size,
                  draw=lambda number: np.pad(image, ((0, 0), (104, 104), (0, 0))))
    camera_file = write_camera(tmp_path / 'camera.yaml', size, CAMERA.K + (
        [0, 0, shift], [0, 0, 0], [0, 0, 0]))
    lines = []
    record_video(path, camera_file, Nobody(), say=lines.append)
    assert words in ' '.join(lines) and bool(words) == bool(lines), lines
