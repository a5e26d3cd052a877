# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocap23_ros.demo.bundle_adjustment import TiePoints, adjust_bundle
from mocap23_ros.demo.calibrated_cameras import (
    belt_marks,
    calibrate,
    delivered_cameras,
)
from mocap23_ros.demo.qualisys import read_qualisys
from mocap23_ros.demo.robust_triangulation import triangulate_robust
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel

ONE_CAMERA = SampleCamera(
    'one', CameraModel.from_calibration(
        [[1700, 0, 530], [0, 1700, 960], [0, 0, 1]], (-0.05, 0.1, 0.001, 0.0, 0.0), 'plumb_bob',
        (1088, 1920)),
    np.array([[1.0, 0, 0, 0], [0, 0, 1, -5], [0, -1, 0, 1], [0, 0, 0, 1]]))
CAMERA = """<calibration><cameras>
<camera serial="left"><fov_video left="0" right="1087" top="0" bottom="1919"/>
<transform {rotation} x="1000" y="-2000" z="1500"/>
<intrinsic focalLengthU="{f}" focalLengthV="{f}" centerPointU="32000" centerPointV="64000"
 skew="0" radialDistortion1="0" radialDistortion2="0" radialDistortion3="0"
 tangentalDistortion1="0" tangentalDistortion2="0"/></camera></cameras></calibration>"""

# Tops of the four bolts of the rails, read off by eye to about 2 px. They check the
# correction, which does not use them.
RAIL_BOLTS = {
    'cam01': ((282.0, 1357.0), (65.5, 1053.0), (787.0, 1271.0), (511.5, 1030.0)),
    'cam02': ((282.0, 1207.0), (414.0, 1030.5), (802.0, 1260.0), (823.5, 1059.0)),
    'cam03': ((np.nan, np.nan), (911.5, 1223.0), (140.0, 1262.0), (517.5, 1493.0)),
    'cam04': ((931.0, 1049.0), (885.0, 1425.0), (487.0, 1129.0), (323.0, 1457.0)),
}


def write(tmp_path, text):
    path = tmp_path / 'a.qca.txt'
    path.write_text(text)
    return path


def test_a_point_before_a_qualisys_camera_lands_where_geometry_says(tmp_path):
    # Looks along world +y: right = +x, up = +z, back = -y, the rows of Qualisys' rotation.
    rows = ((1, 0, 0), (0, 0, 1), (0, -1, 0))
    rotation = ' '.join(f'r{i + 1}{j + 1}="{rows[i][j]}"' for i in range(3) for j in range(3))
    camera, = read_qualisys(write(tmp_path, CAMERA.format(rotation=rotation, f=64 * 1000)))
    assert camera.name == 'left' and camera.model.image_size == (1088, 1920)
    assert camera.world_T_camera[:3, 3] == pytest.approx((1, -2, 1.5))
    # 2 m ahead, 0.5 m to the right, 0.25 m up: f/2 px right of and f/8 px above the centre.
    p = camera.project(np.array([1.5, 0.0, 1.75]))
    assert p == pytest.approx((500 + 250, 1000 - 125))


@pytest.mark.parametrize('text, reason', [
    ('no xml', 'is not XML'),
    ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'entities'),
    ('<calibration/>', 'no camera'),
    (CAMERA.format(rotation='', f=64000), 'no number r11'),
    (CAMERA.format(rotation=' '.join(f'r{i}{j}="1"' for i in (1, 2, 3) for j in (1, 2, 3)),
                   f=64000), 'non-rigid'),
])
def test_bad_calibrations_are_refused_with_a_reason(tmp_path, text, reason):
    with pytest.raises(InputError, match=reason):
        read_qualisys(write(tmp_path, text))


@given(st.floats(0.2, 1.5), st.integers(0, 60), st.integers(0, 60))
def test_letterboxing_moves_pixels_as_the_video_does(scale, pad_x, pad_y):
    camera = ONE_CAMERA
    full = np.array(camera.model.image_size)
    scale = round(scale * full[0]) / full[0]  # whole numbers of pixels, equal in both directions
    size = np.rint(full * scale).astype(int)
    if pad_x and pad_y:
        pad_x = 0  # bars on two sides only
    boxed = camera.letterboxed(int(size[0] + 2 * pad_x), int(size[1] + 2 * pad_y))
    p_world = np.random.default_rng(0).uniform((-1, -1, 0), (1, 1, 2), (20, 3))
    expected = (camera.project(p_world) + 0.5) * size / full - 0.5 + (pad_x, pad_y)
    assert np.allclose(boxed.project(p_world), expected, atol=0.6)


def test_a_robust_point_ignores_one_wrong_view(room_cameras):
    rng = np.random.default_rng(1)
    p_world = rng.uniform((-1, -1, 0), (1, 1, 1.8), (200, 3))
    focal = np.array([camera.model.focal_length for camera in room_cameras])
    pixels = np.stack([camera.project(p_world) for camera in room_cameras])
    pixels += rng.normal(0, 1, pixels.shape)
    wrong = rng.integers(0, 4, 200)
    pixels[wrong, np.arange(200)] += rng.choice((-1, 1), (200, 2)) * rng.uniform(40, 200, (200, 2))
    normalised = np.stack([camera.model.undistort(p) for camera, p in
                           zip(room_cameras, pixels, strict=True)])
    poses = np.stack([camera.world_T_camera for camera in room_cameras])
    found = triangulate_robust(normalised, np.ones((4, 200)), focal, poses, 3.0)
    error = np.linalg.norm(found.p_world - p_world, axis=1)
    assert np.percentile(error, 95) < 0.012
    assert (found.residual_px[wrong, np.arange(200)] > 20).mean() > 0.95
    # What it says of its own certainty is of the size of its error.
    assert 0.5 * np.median(error) < np.median(found.sd) < 8 * np.median(error)


def test_a_point_seen_once_is_unknown(room_cameras):
    poses = np.stack([camera.world_T_camera for camera in room_cameras])
    normalised = np.full((4, 1, 2), np.nan)
    normalised[0] = 0.0
    found = triangulate_robust(normalised, np.ones((4, 1)), np.full(4, 1000.0), poses, 3.0)
    assert np.isnan(found.p_world).all() and np.isnan(found.sd).all()


def test_bundle_adjustment_mends_disturbed_cameras_also_where_it_did_not_look(room_cameras):
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(2)
    p_world = rng.uniform((-1.5, -1.5, 0), (1.5, 1.5, 1.5), (12, 3))
    held_out = rng.uniform((-1, -1, 0), (1, 1, 1.8), (50, 3))
    ties = TiePoints(np.stack([c.project(p_world) for c in room_cameras])
                     + rng.normal(0, 0.3, (4, 12, 2)), np.full(12, 0.5),
                     np.full((12, 3), np.nan), np.full((12, 3), np.inf))
    disturbed = []
    for camera in room_cameras:
        pose = camera.world_T_camera.copy()
        pose[:3, :3] = pose[:3, :3] @ Rotation.from_rotvec(
            np.deg2rad(rng.normal(0, 0.4, 3))).as_matrix()
        pose[:3, 3] += rng.normal(0, 0.01, 3)
        disturbed.append(camera.moved(pose))
    result = adjust_bundle(disturbed, ties)
    assert np.nanmedian(result.residual_before) > 3
    assert np.nanmedian(result.residual_after) < 0.6
    errors = {}
    for name, poses in (('before', [c.world_T_camera for c in disturbed]),
                        ('after', result.world_T_camera)):
        pixels = np.stack([c.project(held_out) for c in room_cameras])  # what the true ones see
        normalised = np.stack([c.model.undistort(p) for c, p in
                               zip(room_cameras, pixels, strict=True)])
        focal = np.array([c.model.focal_length for c in room_cameras])
        found = triangulate_robust(normalised, np.ones(normalised.shape[:2]), focal,
                                   np.stack(list(poses)), 1000.0)
        errors[name] = float(np.median(found.residual_px))
    assert errors['after'] < 0.2 * errors['before']


def test_bundle_adjustment_needs_shared_points(room_cameras):
    pixels = np.full((4, 1, 2), np.nan)
    pixels[0] = 100.0
    with pytest.raises(InputError, match='two cameras'):
        adjust_bundle(room_cameras, TiePoints(
            pixels, np.ones(1), np.full((1, 3), np.nan), np.full((1, 3), np.inf)))


def test_the_samples_cameras_agree_on_marks_that_did_not_correct_them(sample_files):
    cameras, adjustment = calibrate(sample_files)
    assert np.nanmax(adjustment.residual_before) > 8  # px: as delivered
    assert np.nanmax(adjustment.residual_after) < 1
    assert adjustment.rotation_deg.max() < 1 and adjustment.translation_mm.max() < 20

    def worst_bolt(used):
        pixels = belt_marks(RAIL_BOLTS)
        normalised = np.stack([c.model.undistort(p) for c, p in zip(used, pixels, strict=True)])
        found = triangulate_robust(
            normalised, np.ones(normalised.shape[:2]),
            np.array([c.model.focal_length for c in used]),
            np.stack([c.world_T_camera for c in used]), 1000.0)
        return np.nanmax(found.residual_px), found.p_world

    before, _ = worst_bolt(delivered_cameras(sample_files))
    after, p_world = worst_bolt(cameras)
    assert before > 8 and after < 4
    assert np.abs(p_world[:, 2]).max() < 0.02  # the bolts stand on the frame, level with the belt
