# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.virtual_cameras import look_at

TEXT = """
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [438.783367, 0.000000, 305.593336, 0.000000, 437.302876, 243.738352, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 1.014e-3, 5.05e-4, 0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.653800, 0, 322.797939, 0, 0, 393.653800, 241.090902, 0, 0, 0, 1, 0]
"""
POSE = """
world_T_camera:
  translation: [1.0, 2.0, 1.5]
  quaternion: [0.0, 0.7071068, 0.0, 0.7071068]
floor_height: 0.05
"""


def write(tmp_path, text):
    path = tmp_path / 'camera.yaml'
    path.write_text(text)
    return path


def test_reads_what_ros_camera_calibration_writes(tmp_path):
    contents = load_camera_file(write(tmp_path, TEXT))
    assert contents.name == 'narrow_stereo' and contents.world_T_camera is None
    assert contents.floor_T_camera is None and contents.floor_height == 0
    camera = contents.camera
    assert camera.image_size == (640, 480) and camera.K[1, 1] == 437.302876
    assert camera.distortion.tolist() == [-0.361976, 0.110510, 0.001014, 0.000505, 0]


def test_reads_the_pose_and_the_floor(tmp_path):
    contents = load_camera_file(write(tmp_path, TEXT + POSE))
    assert np.allclose(contents.world_T_camera,
                       [[0, 0, 1, 1], [0, 1, 0, 2], [-1, 0, 0, 1.5], [0, 0, 0, 1]], atol=1e-6)
    assert contents.floor_T_camera[2, 3] == pytest.approx(1.45)
    as_matrix = POSE.replace('quaternion: [0.0, 0.7071068, 0.0, 0.7071068]',
                             'rotation: [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]')
    assert np.allclose(load_camera_file(write(tmp_path, TEXT + as_matrix)).world_T_camera,
                       contents.world_T_camera, atol=1e-6)
    as_keys = POSE.replace('[1.0, 2.0, 1.5]', '{x: 1, y: 2.0, z: 15e-1}')
    assert np.allclose(load_camera_file(write(tmp_path, TEXT + as_keys)).world_T_camera,
                       contents.world_T_camera)


def test_round_trip(tmp_path):
    camera = CameraModel.from_calibration([[901.123456789, 0, 640], [0, 900, 1e-7], [0, 0, 1]],
                                          [0.1, 1e-5, 0, 0, 0, 0.2, 0, 1e-3],
                                          'rational_polynomial', (1280, 720))
    before = CameraFile(camera, look_at([1, 2, 3.0], [4, 5, 0.5]), -0.25, 'left')
    path = tmp_path / 'new' / 'left.yaml'
    save_camera_file(path, before)
    after = load_camera_file(path)
    assert after.camera == camera and after.name == 'left' and after.floor_height == -0.25
    assert np.allclose(after.world_T_camera, before.world_T_camera, atol=1e-12)
    assert [p.name for p in path.parent.iterdir()] == ['left.yaml']
    save_camera_file(path, CameraFile(CameraModel.from_calibration(np.diag([9, 9, 1]), (), '',
                                                                   (64, 48))))
    assert load_camera_file(path).camera.distortion.size == 0


@pytest.mark.parametrize('text, message', [
    ('', 'no keys'),
    ('- 1\n- 2', 'no keys'),
    ('a: [1, 2', 'not plain yaml.*line'),
    ('!!python/object/apply:os.system ["true"]', 'not plain yaml'),
    ('%YAML:1.0\n---\na: !!opencv-matrix\n  rows: 3', 'not plain yaml'),
    ('\x00\x01', 'not plain yaml'),
    (TEXT.replace('image_width: 640', ''), 'key image_width is missing'),
    (TEXT.replace('image_width: 640', 'image_width: -640'), 'image_width must be a positive'),
    (TEXT.replace('camera_matrix', 'kamera'), 'key camera_matrix is missing'),
    (TEXT.replace('438.783367, ', ''), 'camera_matrix must have 9 numbers, not 8'),
    (TEXT.replace('438.783367', 'wide'), 'camera_matrix must hold numbers only'),
    (TEXT.replace('438.783367', '.nan'), 'finite'),
    (TEXT.replace('438.783367', '0'), 'uncalibrated'),
    (TEXT.replace('plumb_bob', 'wobbly'), "unknown distortion model 'wobbly'"),
    (TEXT + POSE.replace('0.7071068]', '0.9]'), 'not length 1'),
    (TEXT + POSE.replace('quaternion', 'kwaternion'), r'world_T_camera.rotation \(or quaternion'),
    (TEXT + POSE.replace('[1.0, 2.0, 1.5]', '[1.0, 2.0]'), 'translation must have 3'),
    (TEXT + POSE.replace('0.05', 'low'), 'floor_height must hold numbers'),
    (TEXT + 'world_T_camera: 7', 'must have the keys'),
    (TEXT + 'world_T_camera: {translation: [0, 0, 1], rotation: [2, 0, 0, 0, 1, 0, 0, 0, 1]}',
     'non-rigid'),
    ('x: ' + 'a' * 1_000_001, 'larger than'),
])
def test_bad_files_are_refused_by_name_in_one_line(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        load_camera_file(path)
    assert 'camera.yaml' in str(caught.value) and '\n' not in str(caught.value)


def test_absent_file_and_unwritable_place(tmp_path):
    with pytest.raises(InputError, match='No such file'):
        load_camera_file(tmp_path / 'none.yaml')
    camera = CameraModel.from_calibration(np.diag([9, 9, 1]), (), '', (64, 48))
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match='cannot be written'):
        save_camera_file(tmp_path / 'file' / 'camera.yaml', CameraFile(camera))
