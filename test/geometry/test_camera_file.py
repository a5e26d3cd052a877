# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_people import look_at

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel

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
SMALL = np.array([[60, 0, 31.5], [0, 60, 23.5], [0, 0, 1]])
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
    camera = CameraModel.from_calibration([[901.123456789, 0, 640], [0, 900, 350.1], [0, 0, 1]],
                                          [0.1, 1e-5, 0, 0, 0, 0.2, 0, 1e-3],
                                          'rational_polynomial', (1280, 720))
    before = CameraFile(camera, look_at([1, 2, 3.0], [4, 5, 0.5]), -0.25, name='left')
    path = tmp_path / 'new' / 'left.yaml'
    save_camera_file(path, before)
    after = load_camera_file(path)
    assert after.camera == camera and after.name == 'left' and after.floor_height == -0.25
    assert np.allclose(after.world_T_camera, before.world_T_camera, atol=1e-12)
    assert [p.name for p in path.parent.iterdir()] == ['left.yaml']
    save_camera_file(path, CameraFile(CameraModel.from_calibration(SMALL, (), '',
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
    (TEXT.replace('camera_matrix', 'kamera_matrix'),
     'kamera_matrix is unknown; is camera_matrix meant'),
    (TEXT.replace('438.783367, ', ''), 'camera_matrix is said to be 3 x 3, yet has 8'),
    (TEXT.replace('438.783367', 'wide'), 'camera_matrix must hold numbers only'),
    (TEXT.replace('438.783367', '.nan'), 'finite'),
    (TEXT.replace('438.783367', '0'), 'uncalibrated'),
    (TEXT.replace('plumb_bob', 'wobbly'), "unknown distortion model 'wobbly'"),
    (TEXT + POSE.replace('0.7071068]', '0.9]'), 'length 1; give'),
    (TEXT + POSE.replace('quaternion', 'kwaternion'), 'kwaternion is unknown; is quat'),
    (TEXT + POSE.replace('[1.0, 2.0, 1.5]', '[1.0, 2.0]'), 'translation must have 3'),
    (TEXT + POSE.replace('0.05', 'low'), 'floor_height must hold numbers'),
    (TEXT + 'world_T_camera: 7', 'must have the keys'),
    (TEXT + 'world_T_camera: {translation: [0, 0, 1], rotation: [2, 0, 0, 0, 1, 0, 0, 0, 1]}',
     'non-rigid'),
    ('x: ' + 'a' * 100_000, 'larger than'),
    (TEXT + 'floor_heigth: 0.05', 'floor_heigth is unknown; is floor_height meant'),
    (TEXT + 'camera_model: plumb_bob', 'camera_model is unknown; is distortion_model meant'),
    (TEXT.replace('coefficients', 'coefficents'), 'is distortion_coefficients meant'),
    (TEXT[:TEXT.index('distortion_coef')], 'key distortion_coefficients .zeros where.* is missing'),
    (TEXT + '"exposure\\ntime": 3', 'exposure time is unknown'),
    (TEXT + 'exposure: 3', 'exposure is unknown; known are image_width'),
    (TEXT + 'roi: {x_offset: 0, y_ofset: 0}', 'roi.y_ofset is unknown; is y_offset meant'),
    (TEXT + 'roi: {x_offset: 0, y_offset: 0, width: 9}', 'key roi.height is missing'),
    (TEXT + 'roi: {x_offset: 600, y_offset: 0, width: 100, height: 100}', 'beyond the calibrated'),
    (TEXT + 'roi: 7', 'roi must have the keys'),
    (TEXT + 'binning_x: 1000', 'leaves nothing'),
    (TEXT + 'image_width: 640', 'image_width twice'),
    (TEXT.replace('cols: 5', 'cols: 4'), 'said to be 1 x 4, yet has 5'),
    (TEXT.replace('438.783367', '1:30'), 'camera_matrix must hold numbers only'),
    (TEXT.replace('438.783367', '1' * 5000), 'camera_matrix must hold numbers only'),
    (TEXT.replace('image_width: 640', 'image_width: 320'), 'K is of another image size'),
    (TEXT.replace('438.783367', '1e12'), 'focal length.*absurd'),
    (TEXT.replace('-0.361976', '1e30'), 'which no lens has'),
    (TEXT.replace('-0.361976', '-1520'), 'coefficients that no lens has'),
    (TEXT + POSE.replace('1.5]', '1e6]'), '1e\\+06 m from the origin'),
    (TEXT + POSE.replace('1.5]', '1e12]'), '1e\\+12 m, more than the 10000 km'),
], ids=lambda value: 'case')
def test_bad_files_are_refused_by_name_in_one_line(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        load_camera_file(path)
    assert 'camera.yaml' in str(caught.value) and '\n' not in str(caught.value)


def test_every_key_of_the_ros_writers_counts(tmp_path):
    full = load_camera_file(write(tmp_path, TEXT)).camera
    extra = """
binning_x: 2
binning_y: 2
roi: {x_offset: 160, y_offset: 120, height: 240, width: 400, do_rectify: false}
"""
    part = load_camera_file(write(tmp_path, TEXT + extra))
    assert part.camera.image_size == (200, 120) and not part.doubt
    # Pixel 10 of the binned image is the mean of 20 and 21 of the roi.
    assert np.allclose(part.camera.undistort([10.0, 30.0]),
                       full.undistort([160 + 20.5, 120 + 60.5]), atol=1e-9)
    unset = 'binning_x: 0\nbinning_y: 0\nroi: {x_offset: 0, y_offset: 0, height: 0, width: 0}\n'
    assert load_camera_file(write(tmp_path, TEXT + unset)).camera == full
    rectified = load_camera_file(write(tmp_path, TEXT), rectified=True).camera
    assert rectified.K[0].tolist() == [393.6538, 0, 322.797939] and not rectified.distortion.size


def test_the_pose_in_the_file_is_that_of_the_lens(tmp_path):
    """What solvePnP gives with K and D, also where a stereo calibration has a rectification."""
    turn = cv2.Rodrigues(np.array([0.01, -0.05, 0.02]))[0]
    data = ', '.join(f'{value:.17g}' for value in turn.ravel())
    text = TEXT.replace('data: [1, 0, 0, 0, 1, 0, 0, 0, 1]', f'data: [{data}]')
    world_T_lens = look_at([1, -3, 2.0], [0.5, 0, 0.8])
    K = np.reshape([438.783367, 0, 305.593336, 0, 437.302876, 243.738352, 0, 0, 1], (3, 3))
    D = np.array([-0.361976, 0.110510, 1.014e-3, 5.05e-4, 0])
    p_world = np.random.default_rng(0).uniform((0, -0.5, 0), (1, 0.5, 1.8), (30, 3))
    lens_T_world = np.linalg.inv(world_T_lens)
    seen = cv2.projectPoints(p_world, cv2.Rodrigues(lens_T_world[:3, :3])[0],
                             lens_T_world[:3, 3], K, D)[0][:, 0]
    _, axis, translation = cv2.solvePnP(p_world, seen, K, D)
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = cv2.Rodrigues(axis)[0], translation[:, 0]
    pose = np.linalg.inv(found)
    text += f'world_T_camera:\n  translation: {pose[:3, 3].tolist()}\n'
    text += f'  rotation: {pose[:3, :3].ravel().tolist()}\n'
    contents = load_camera_file(write(tmp_path, text))
    assert np.abs(contents.camera.rectification - turn).max() < 1e-12
    p_camera = np.c_[p_world, np.ones(30)] @ np.linalg.inv(contents.world_T_camera).T
    assert np.abs(contents.camera.project(p_camera[:, :3]) - seen).max() < 0.01
    save_camera_file(tmp_path / 'again.yaml', contents)
    again = load_camera_file(tmp_path / 'again.yaml')
    assert np.allclose(again.world_T_camera, contents.world_T_camera, atol=1e-9)


def test_a_file_without_model_is_what_ros_takes_it_for(tmp_path):
    without = load_camera_file(write(tmp_path, TEXT.replace('distortion_model: plumb_bob', '')))
    assert without.camera == load_camera_file(write(tmp_path, TEXT)).camera


def test_a_strange_principal_point_is_said(tmp_path):
    assert not load_camera_file(write(tmp_path, TEXT)).doubt
    half = load_camera_file(write(tmp_path, TEXT.replace('image_width: 640', 'image_width: 1280')))
    assert 'K is of this image size' in half.doubt


@pytest.mark.parametrize('text', [
    'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]',
    'a: &a {x: 1}\nb: {<<: [*a, *a]}',
    'a: ' + '[' * 60_000,
    '{a: ' * 20_000,
    '? ' * 30_000,
    '- ' * 30_000,
    'a: [' + '1, ' * 20_000 + ']',
    'image_width: ' + '1:' * 30_000 + '1',
    'image_width: ' + '9' * 60_000,
    '&a [*a]',
], ids=lambda text: text[:8])
def test_yaml_that_would_explode_is_refused_at_once(tmp_path, text):
    with pytest.raises(InputError) as caught:
        load_camera_file(write(tmp_path, text))
    assert '\n' not in str(caught.value) and len(str(caught.value)) < 300


def test_absent_file_and_unwritable_place(tmp_path):
    with pytest.raises(InputError, match='No such file'):
        load_camera_file(tmp_path / 'none.yaml')
    camera = CameraModel.from_calibration(SMALL, (), '', (64, 48))
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match='cannot be written'):
        save_camera_file(tmp_path / 'file' / 'camera.yaml', CameraFile(camera))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(TEXT + POSE)), st.text(max_size=10) | st.text(
    ' \n-:,[]{}&*!|>"\'#%?.0123456789ea_', max_size=12), st.integers(0, 12))
def test_damaged_files_are_a_camera_or_one_line(tmp_path_factory, place, inserted, removed):
    text = TEXT + POSE
    path = tmp_path_factory.getbasetemp() / 'damaged.yaml'
    path.write_text(text[:place] + inserted + text[place + removed:], encoding='utf-8',
                    errors='replace', newline='')
    try:
        contents = load_camera_file(path)
    except InputError as error:
        assert '\n' not in str(error)
    else:
        assert np.isfinite(contents.camera.K).all() and contents.camera.image_size > (0, 0)


@settings(max_examples=60, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner,
                                                               max_size=4), max_leaves=12),
    st.sampled_from(['image_width', 'camera_matrix', 'distortion_model', 'projection_matrix',
                     'distortion_coefficients', 'rectification_matrix', 'roi', 'binning_x',
                     'world_T_camera', 'floor_height', 'camera_name']))
def test_any_value_of_a_key_is_a_camera_or_one_line(tmp_path_factory, value, key):
    content = yaml.safe_load(TEXT + POSE) | {key: value}
    path = tmp_path_factory.getbasetemp() / 'value.yaml'
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding='utf-8')
    try:
        load_camera_file(path)
    except InputError as error:
        assert '\n' not in str(error) and len(str(error)) < 600
