# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Camera models against OpenCV, and CameraInfo in all its variants."""

import warnings

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_info import camera_from_fields
from mocap23_ros.geometry.camera_model import CameraModel

SIZE = (1280, 720)
K = np.array([[900.0, 0, 630.5], [0, 905.0, 371.2], [0, 0, 1]])
INFO = dict(width=1280, height=720, distortion_model='plumb_bob', k=K.ravel(),
            d=[-0.28, 0.09, 0.0008, -0.0006, -0.01], r=np.eye(3).ravel(),
            p=[850.0, 0, 640, 0, 0, 850, 360, 0, 0, 0, 1, 0])


def opencv_project(camera, p_camera):
    points = np.ascontiguousarray(p_camera, np.float64).reshape(-1, 1, 3)
    if camera.distortion_model == 'equidistant' and camera.distortion.size:
        pixels = cv2.fisheye.projectPoints(points, np.zeros(3), np.zeros(3), camera.K,
                                           camera.distortion)[0]
    else:
        pixels = cv2.projectPoints(points, np.zeros(3), np.zeros(3), camera.K,
                                   camera.distortion)[0]
    return pixels.reshape(p_camera.shape[:-1] + (2,))


def image_points(size=SIZE):
    """A grid over the image with all four corners."""
    return np.stack(np.meshgrid(np.linspace(0, size[0] - 1, 23),
                                np.linspace(0, size[1] - 1, 17)), axis=-1)


def check_against_opencv(camera):
    """undistort at all points of the image, project back with OpenCV."""
    pixels = image_points(camera.image_size)
    normalised = camera.undistort(pixels)
    valid = np.isfinite(normalised).all(axis=-1)
    rays = np.concatenate([normalised, np.ones(normalised.shape[:-1] + (1,))], axis=-1)
    assert np.abs(opencv_project(camera, rays[valid]) - pixels[valid]).max(initial=0) < 1e-5
    assert np.abs(camera.project(3.7 * rays[valid]) - pixels[valid]).max(initial=0) < 1e-5
    return valid


def small(limit):
    return st.floats(-limit, limit)


@settings(max_examples=150, deadline=None)
@given(focal=st.floats(600, 2500), k1=st.floats(-0.35, 0.2), k2=small(0.12), k3=small(0.03),
       p1=small(0.003), p2=small(0.003), count=st.sampled_from([4, 5]))
def test_plumb_bob_inverts_opencv_to_the_corners(focal, k1, k2, k3, p1, p2, count):
    camera = CameraModel.from_calibration(
        [[focal, 0, 640], [0, focal * 1.002, 355], [0, 0, 1]], [k1, k2, p1, p2, k3][:count],
        'plumb_bob', SIZE)
    valid = check_against_opencv(camera)
    assert valid[8, 11]  # the middle


@settings(max_examples=100, deadline=None)
@given(focal=st.floats(500, 2500), k=st.tuples(small(0.4), small(0.1), small(0.02)),
       extra=st.tuples(small(0.3), small(0.06), small(0.01)), p1=small(0.002), p2=small(0.002),
       prism=st.tuples(*[small(0.003)] * 4), tilt=st.tuples(small(0.03), small(0.03)),
       count=st.sampled_from([8, 12, 14]))
@example(focal=500.0, k=(-0.09375, -0.03125, -0.009765625), p1=0.0, p2=0.0, count=8,
         extra=(-0.09765625, -0.03125, -0.009765625), prism=(0.0,) * 4, tilt=(0.0, 0.0))  # a pole
def test_rational_polynomial_inverts_opencv(focal, k, extra, p1, p2, prism, tilt, count):
    # Real rational fits nearly cancel: numerator and denominator of like size.
    coefficients = [k[0] + extra[0], k[1], p1, p2, k[2], k[0], k[1] + extra[1] / 4,
                    k[2] + extra[2], *prism, *tilt][:count]
    camera = CameraModel.from_calibration(
        [[focal, 0, 640], [0, focal, 360], [0, 0, 1]], coefficients, 'rational_polynomial', SIZE)
    check_against_opencv(camera)


@settings(max_examples=100, deadline=None)
@given(focal=st.floats(400, 1200), k=st.tuples(small(0.08), small(0.03), small(0.01),
                                               small(0.003)))
def test_equidistant_inverts_opencv(focal, k):
    camera = CameraModel.from_calibration(
        [[focal, 0, 640], [0, focal, 360], [0, 0, 1]], k, 'equidistant', SIZE)
    valid = check_against_opencv(camera)
    assert valid[8, 11]


def test_real_lenses_are_valid_in_the_whole_image():
    lenses = [
        ('plumb_bob', [-0.28340811, 0.07395907, 0.00019359, 1.762e-05], 780.0),
        ('rational_polynomial', [0.6236, -2.7566, 0.0006, -0.0003, 1.5880, 0.4983, -2.5762,
                                 1.5133], 915.0),  # the pattern of a depth camera's colour lens
        ('equidistant', [-0.0073, 0.0431, -0.0407, 0.0076], 520.0),
    ]
    for model, coefficients, focal in lenses:
        camera = CameraModel.from_calibration(
            [[focal, 0, 640], [0, focal, 360], [0, 0, 1]], coefficients, model, SIZE)
        assert check_against_opencv(camera).all(), model


def test_beats_the_default_opencv_inverse_in_the_corner():
    camera = CameraModel.from_calibration(
        [[780, 0, 640], [0, 780, 360], [0, 0, 1]], [-0.28340811, 0.07395907, 0.00019359, 1.8e-05],
        'plumb_bob', SIZE)
    corner = np.array([[0.0, 0.0]])
    stopped_early = cv2.undistortPoints(corner[None], camera.K, camera.distortion)[0]
    assert np.abs(camera.distort(stopped_early) - corner).max() > 0.05
    assert np.abs(camera.distort(camera.undistort(corner)) - corner).max() < 1e-6


def test_outside_the_field_of_the_model_is_nan():
    # r (1 - 0.5 r^2) folds back at r = 0.816, where the distorted radius is 0.544
    camera = CameraModel.from_calibration(
        [[500, 0, 640], [0, 500, 360], [0, 0, 1]], [-0.5, 0, 0, 0], 'plumb_bob', SIZE)
    distorted_radius = np.array([0.0, 0.3, 0.54, 0.5445, 0.6, 1.0])
    pixels = np.stack([640 + 500 * distorted_radius, np.full(6, 360.0)], axis=-1)
    assert np.isfinite(camera.undistort(pixels)).all(axis=-1).tolist() == [True] * 3 + [False] * 3
    points = np.array([[0.8, 0, 1], [0.85, 0, 1], [2.0, 0, 1]])
    assert np.isfinite(camera.project(points)).all(axis=-1).tolist() == [True, False, False]


@pytest.mark.parametrize('model, coefficients', [
    ('plumb_bob', []), ('plumb_bob', [-0.3, 0.1, 0.001, 0.001, 0]),
    ('rational_polynomial', [0.3, -0.02, 0.001, 0, 0.01, 0.5, -0.01, 0.002]),
    ('equidistant', [0.02, 0, 0, 0])])
def test_nan_comes_through_without_warnings(model, coefficients):
    camera = CameraModel.from_calibration(K, coefficients, model, SIZE)
    pixels = image_points().astype(np.float32)
    pixels[0, 0] = np.nan
    pixels[3, 4, 1] = np.nan
    pixels[5, 6] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        normalised = camera.undistort(pixels)
        camera.project([[0, 0, -1.0], [0, 0, 0], [np.nan, 0, 1]])
    assert np.isnan(normalised[0, 0]).all()
    assert not np.isfinite(normalised[3, 4, 1]) and not np.isfinite(normalised[5, 6]).any()
    assert np.isfinite(normalised).all(axis=-1).sum() == pixels[..., 0].size - 3
    assert normalised.dtype == np.float64
    # the same as one by one
    assert np.allclose(camera.undistort(pixels[7, 7]), normalised[7, 7], atol=1e-12)


def test_float32_pixels_lose_nothing_more_than_float32():
    camera = CameraModel.from_calibration(K, INFO['d'], 'plumb_bob', SIZE)
    pixels = image_points()
    assert np.array_equal(camera.undistort(pixels.astype(np.float32)),
                          camera.undistort(pixels.astype(np.float32).astype(np.float64)))


def test_points_behind_the_camera_do_not_project():
    camera = CameraModel.from_calibration(K, [], '', SIZE)
    assert np.isnan(camera.project([[0.1, 0.1, -2], [0.1, 0.1, 0]])).all()
    assert np.allclose(camera.project([0, 0, 2.0]), K[:2, 2])


def test_no_distortion_in_all_its_spellings():
    pixels = image_points()
    pinhole = (pixels - K[:2, 2]) / [900, 905]
    for model, coefficients in (('', []), ('plumb_bob', []), ('plumb_bob', [0] * 5), ('', [0] * 5),
                                ('rational_polynomial', [0] * 8), ('equidistant', [])):
        camera = CameraModel.from_calibration(K, coefficients, model, SIZE)
        assert np.allclose(camera.undistort(pixels), pinhole, atol=1e-12), (model, coefficients)
    fisheye = CameraModel.from_calibration(K, [0] * 4, 'equidistant', SIZE)
    angle = np.hypot(*pinhole[0, 0])
    assert np.hypot(*fisheye.undistort(pixels[0, 0])) == pytest.approx(np.tan(angle))


def test_resized_image_sees_the_same_rays():
    full = camera_from_fields(**INFO)
    half = camera_from_fields(**INFO, image_size=(640, 360))
    assert half.image_size == (640, 360) and half.focal_length == pytest.approx(
        full.focal_length / 2)
    # The corner between pixels stays the corner: centres are whole numbers.
    corner = np.array([[-0.5, -0.5], [639.5, 359.5]])
    assert np.allclose(half.undistort(corner), full.undistort([[-0.5, -0.5], [1279.5, 719.5]]),
                       atol=1e-9)
    image = np.zeros((720, 1280), np.float32)
    image[300:340, 500:560] = 1  # a blob: its centroid, before and after resizing
    rows, columns = np.nonzero(image)
    small_image = cv2.resize(image, (640, 360), interpolation=cv2.INTER_AREA)
    small_rows, small_columns = np.nonzero(small_image)
    assert np.allclose(full.undistort([columns.mean(), rows.mean()]),
                       half.undistort([small_columns.mean(), small_rows.mean()]), atol=1e-6)
    again = full.with_image_size((640, 360))
    assert again == half and hash(again) == hash(half)


def test_region_of_interest_and_binning():
    full = camera_from_fields(**INFO)
    roi = camera_from_fields(**INFO, roi=(320, 180, 640, 360))
    assert roi.image_size == (640, 360)
    assert np.allclose(roi.undistort([100.0, 50.0]), full.undistort([420.0, 230.0]), atol=1e-12)
    binned = camera_from_fields(
        **INFO, roi=(320, 180, 640, 360), binning_x=2, binning_y=2, image_size=(320, 180))
    assert binned.image_size == (320, 180)
    # pixel 10 of the binned image is the mean of 20 and 21
    assert np.allclose(binned.undistort([10.0, 30.0]), roi.undistort([20.5, 60.5]), atol=1e-9)
    whole = camera_from_fields(**INFO, roi=(0, 0, 0, 0), binning_x=1, binning_y=0)
    assert whole == full


def test_rectified_image_uses_p_and_no_distortion():
    camera = camera_from_fields(**INFO, rectified=True)
    assert np.allclose(camera.undistort([640.0 + 85, 360.0]), [0.1, 0])
    with pytest.raises(InputError, match='P is zero'):
        camera_from_fields(**{**INFO, 'p': [0.0] * 12}, rectified=True)


def test_a_camera_knows_what_its_images_would_have_been_seen_by_had_they_been_rectified():
    raw = camera_from_fields(**INFO, image_size=(640, 360))
    rectified = camera_from_fields(**INFO, image_size=(640, 360), rectified=True)
    assert raw.counterpart == rectified and rectified.counterpart == raw
    assert raw.cropped(8, 9, 64, 48).counterpart == rectified.cropped(8, 9, 64, 48)
    assert camera_from_fields(**{**INFO, 'p': [0.0] * 12}).counterpart is None
    same = {**INFO, 'd': [0.0] * 5, 'p': np.hstack([K, np.zeros((3, 1))]).ravel()}
    assert camera_from_fields(**same).counterpart is None


def test_rectification_of_a_stereo_pair_agrees_with_opencv():
    turn = cv2.Rodrigues(np.array([0.01, -0.02, 0.005]))[0]
    camera = camera_from_fields(**{**INFO, 'r': turn.ravel()})
    pixels = image_points().reshape(-1, 1, 2)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)
    expected = cv2.undistortPointsIter(pixels, K, np.array(INFO['d']), turn, None, criteria)
    assert np.allclose(camera.undistort(pixels), expected, atol=1e-7)
    assert np.allclose(camera.distort(camera.undistort(pixels)), pixels, atol=1e-6)


def test_zero_rectification_means_none():
    assert camera_from_fields(**{**INFO, 'r': [0.0] * 9}) == (
        camera_from_fields(**INFO))


def test_a_model_cannot_be_changed():
    camera = camera_from_fields(**INFO)
    with pytest.raises(ValueError):
        camera.K[0, 0] = 1
