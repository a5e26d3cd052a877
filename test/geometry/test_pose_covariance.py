# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The covariance of a camera's pose in its file."""

from dataclasses import replace

import numpy as np
import pytest

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import load_camera_file, save_camera_file

CAMERA = """
image_width: 640
image_height: 480
camera_matrix: [438, 0, 305, 0, 437, 243, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients: [0, 0, 0, 0, 0]
world_T_camera: {translation: [1.0, 2.0, 1.5], quaternion: [0.0, 0.7071068, 0.0, 0.7071068]}
"""


def write(tmp_path, text):
    path = tmp_path / 'camera.yaml'
    path.write_text(text)
    return path


def test_the_covariance_of_a_pose_is_kept_whole(tmp_path):
    contents = load_camera_file(write(tmp_path, CAMERA))
    root = np.tril(np.arange(1.0, 37.0).reshape(6, 6)) * 1e-3
    covariance = root @ root.T
    save_camera_file(tmp_path / 'c.yaml', replace(contents, pose_covariance=covariance))
    again = load_camera_file(tmp_path / 'c.yaml')
    np.testing.assert_allclose(again.pose_covariance, covariance, rtol=1e-12)
    assert again.pose_sd == pytest.approx(
        [np.linalg.eigvalsh(part)[-1] ** 0.5 for part in (covariance[3:, 3:], covariance[:3, :3])])


@pytest.mark.parametrize(('change', 'message'), [
    ('world_T_camera_sd: {rotation_deg: 1, position: 0.1}', 'leave one out'),
    ('', 'is no covariance'), ('x', 'must have 36 numbers')])
def test_a_covariance_that_cannot_be_is_refused(tmp_path, change, message):
    covariance = np.diag([1e-4] * 6)
    covariance[0, 4] = covariance[4, 0] = 0 if change else 2e-4
    numbers = covariance.ravel()[:-1 if change == 'x' else None].tolist()
    text = f'{CAMERA}world_T_camera_covariance: {numbers}\n{change.strip("x")}\n'
    with pytest.raises(InputError, match=message):
        load_camera_file(write(tmp_path, text))


def test_the_covariance_of_a_pose_in_degrees_is_refused(tmp_path):
    numbers = np.diag([0.01, 0.01, 0.01, 1.0, 1.0, 1.0]).ravel().tolist()
    with pytest.raises(InputError, match='world_T_camera_covariance has standard deviations above'):
        load_camera_file(write(tmp_path, f'{CAMERA}world_T_camera_covariance: {numbers}\n'))
