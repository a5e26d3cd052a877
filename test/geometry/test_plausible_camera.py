# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrations as drivers send them: taken where they mean something, refused where they cannot."""

import numpy as np
import pytest
from refusals import one_line

from mocap23_ros.geometry.camera_info import camera_from_fields
from mocap23_ros.geometry.plausible_camera import camera_doubt

INFO = dict(width=1280, height=720, distortion_model='plumb_bob',
            k=[900.0, 0, 630.5, 0, 905.0, 371.2, 0, 0, 1], r=np.eye(3).ravel(),
            d=[-0.28, 0.09, 0.0008, -0.0006, -0.01],
            p=[850.0, 0, 640, 0, 0, 850, 360, 0, 0, 0, 1, 0])


@pytest.mark.parametrize('change, message', [
    (dict(k=[0.0] * 9), 'uncalibrated.*cameracalibrator'),
    (dict(distortion_model='thin_prism_fisheye'), "unknown distortion model 'thin_prism_fisheye'"),
    (dict(distortion_model='', d=[0.1, 0.2, 0, 0]), 'four distortion coefficients but no'),
    (dict(distortion_model='none'), "unknown distortion model 'none'"),
    (dict(d=[0.1, 0, 0, 0, 0, 0.1]), 'not 6'),
    (dict(d=[0.1, 0.2, 0.3]), 'plumb_bob has 4 or 5 coefficients.*not 3'),
    (dict(distortion_model='equidistant'), 'equidistant has 4'),
    (dict(d=[np.nan] * 5), 'distortion coefficients must be finite'),
    (dict(k=[900, 0, np.inf, 0, 900, 360, 0, 0, 1]), 'must be finite'),
    (dict(k=[900, 0, 640]), 'must have 9 numbers'),
    (dict(k=[-900, 0, 640, 0, 900, 360, 0, 0, 1]), 'positive fx'),
    (dict(k=[900, 0, 640, 0, 0, 360, 0, 0, 1]), 'positive fx'),
    (dict(k=[900, 0, 640, 0, 900, 360, 0, 0, 2]), 'last row'),
    (dict(width=0), 'no width and height'),
    (dict(image_size=(640, 480)), 'another shape'),
    (dict(image_size=(0, 0)), 'empty'),
    (dict(r=[2.0, 0, 0, 0, 1, 0, 0, 0, 1]), 'R is not a rotation'),
    (dict(r=[1e200, 0, 0, 0, 1, 0, 0, 0, 1]), 'R is not a rotation'),
    # Finite, but not true.
    (dict(k=[900, 0, 1500, 0, 900, 360, 0, 0, 1]), 'principal point.*K is of another image size'),
    (dict(k=[2e3, 0, 1276, 0, 2e3, 718, 0, 0, 1]), 'principal point'),
    (dict(k=[900, 0, -1e300, 0, 900, 360, 0, 0, 1]), 'principal point'),
    (dict(k=[1e12, 0, 640, 0, 1e12, 360, 0, 0, 1]), 'focal length.*absurd'),
    (dict(k=[9, 0, 640, 0, 9, 360, 0, 0, 1]), 'focal length.*absurd'),
    (dict(k=[900, 0, 640, 0, 90, 360, 0, 0, 1]), 'differ more'),
    (dict(d=[1e30, 0, 0, 0, 0]), 'which no lens has'),
    (dict(d=[-1520.0, 640, 0.3, -0.2, 2400]), 'coefficients that no lens has'),
    (dict(d=[9e4, 0, 0, 0, 0]), 'coefficients that no lens has'),
    (dict(width=4_000_000_000), 'no camera has'),
    (dict(roi=(4_000_000_000, 0, 640, 480)), 'reaches beyond'),
    (dict(roi=(700, 0, 640, 480)), 'reaches beyond'),
    (dict(roi=(-1, 0, 640, 480)), 'reaches beyond'),
    (dict(binning_x=4_000_000_000), 'leaves nothing'),
    (dict(rectified=True, p=[1e12, 0, 640, 0, 0, 1e12, 360, 0, 0, 0, 1, 0]), 'absurd'),
    (dict(rectified=True, p=[850, 0, 0, 0, 0, 850, 0, 0, 0, 0, 1, 0]), 'principal point'),
])
def test_bad_calibrations_are_refused_in_one_line(change, message):
    with one_line(message):
        camera_from_fields(**{**INFO, **change})


@pytest.mark.parametrize('given, used', [
    (('plumb_bob', [0.1, -0.2, 0, 0, 0.1, 0, 0, 0]), ('plumb_bob', [0.1, -0.2, 0, 0, 0.1])),
    (('Plumb Bob', [0.1, -0.2, 0, 0]), ('plumb_bob', [0.1, -0.2, 0, 0])),
    (('plumb_bob', [0.1, 0, 0, 0, 0, 0.1, 0, 0]), ('rational_polynomial', [0.1, 0, 0, 0, 0, 0.1, 0,
                                                                           0])),
    (('rational_polynomial', [0.1, -0.2, 0, 0, 0.1]), ('plumb_bob', [0.1, -0.2, 0, 0, 0.1])),
    (('rational_polynomial', [0.1, 0, 0, 0, 0, 0.1] + 12 * [0]),
     ('rational_polynomial', [0.1, 0, 0, 0, 0, 0.1] + 8 * [0])),
    (('', [0.1, -0.2, 0, 0, 0.1]), ('plumb_bob', [0.1, -0.2, 0, 0, 0.1])),
    (('fisheye', [0.1, 0.01, 0, 0]), ('equidistant', [0.1, 0.01, 0, 0])),
    (('equidistant', [0.0] * 5), ('equidistant', [0.0] * 4)),
    (('kannala-brandt', [0.1, 0.01, 0, 0, 0]), ('equidistant', [0.1, 0.01, 0, 0])),
    (('none', [0.0] * 5), ('plumb_bob', [])),
    (('plumb_bob', [0.0]), ('plumb_bob', [])),
])
def test_models_and_counts_as_drivers_send_them(given, used):
    info = {**INFO, 'distortion_model': given[0], 'd': given[1]}
    camera = camera_from_fields(**info)
    assert (camera.distortion_model, camera.distortion.tolist()) == used


def test_a_roi_may_lie_off_the_principal_point():
    corner = camera_from_fields(**INFO, roi=(900, 500, 380, 220))
    assert camera_doubt(corner, cropped=True) and corner.K[0, 2] == INFO['k'][2] - 900
    rest = camera_from_fields(**INFO, roi=(900, 500, 0, 0))
    assert rest == corner
    full = camera_from_fields(**INFO)
    assert not camera_doubt(full)
    exchanged = {**INFO, 'k': [900, 0, 360, 0, 905, 640, 0, 0, 1]}
    assert 'exchanged' in camera_doubt(camera_from_fields(**exchanged))


@pytest.mark.parametrize('scale', [0.5, 0.75, 4 / 3])
def test_k_of_a_size_near_this_one_is_doubted(scale):
    """Its principal point is off the middle in x and y alike."""
    k = np.reshape(INFO['k'], (3, 3)) * [[scale], [scale], [1]]
    assert 'K is of this image size' in camera_doubt(camera_from_fields(
        **INFO | dict(k=k.ravel())))
