# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People seen by a camera, and the file of that camera."""

import numpy as np
import pytest
from recording_examples import POSE, K, recording

from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel


@pytest.fixture
def camera(tmp_path):
    """The camera file of the people below."""
    path = tmp_path / 'camera.yaml'
    save_camera_file(path, CameraFile(CameraModel.from_calibration(
        K, np.zeros(5), 'plumb_bob', (1280, 720)), POSE))
    return path


@pytest.fixture
def keypoints():
    """Two people who walk; the first is out of sight for a while and has a hidden wrist."""
    keypoints = recording()['keypoints'].copy()
    keypoints[20:24, 0] = (np.nan, np.nan, 0)
    keypoints[30:, 1, 9] = (np.nan, np.nan, 0)
    return keypoints
