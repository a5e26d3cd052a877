# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the sample share: the real sample, and synthetic cameras round a room."""

import pytest
from synthetic_people import look_at

from mocap23_ros.demo.archive import fetch_sample
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel


@pytest.fixture(scope='session')
def sample_files():
    try:
        return fetch_sample()
    except InputError as error:
        pytest.skip(f'the sample video is needed: {error}')


@pytest.fixture
def room_cameras():
    """Four cameras at the corners of a room of 6 x 6 m, with lens distortion."""
    cameras = []
    for index, (x, y) in enumerate(((3, 3), (-3, 3), (-3, -3), (3, -3))):
        model = CameraModel.from_calibration(
            [[1100.0 + 20 * index, 0, 540], [0, 1100.0 + 20 * index, 480], [0, 0, 1]],
            (-0.05, 0.1, 0.001, -0.0005), 'plumb_bob', (1080, 960))
        cameras.append(SampleCamera(f'corner{index}', model,
                                    look_at((x, y, 2.0 + 0.1 * index), (0, 0, 0.9))))
    return cameras
