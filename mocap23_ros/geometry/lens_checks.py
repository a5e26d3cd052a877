# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of what drivers and calibration files call a calibration."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.distortion import (
    BrownConradyDistortion,
    Distortion,
    EquidistantDistortion,
)

DISTORTION_MODELS = ('plumb_bob', 'rational_polynomial', 'equidistant')
# What drivers and calibration tools call these models of sensor_msgs/CameraInfo.
_PLUMB_BOB = ('plumb_bob', 'plumbbob', 'radtan', 'radial_tangential', 'brown_conrady')
_RATIONAL = ('rational_polynomial', 'rational')
_EQUIDISTANT = ('equidistant', 'fisheye', 'equi', 'kannala_brandt', 'kannala_brandt4', 'kb4')
_NONE = ('none', 'no_distortion', 'undistorted', 'perspective', 'pinhole', 'ideal')
# Plumb bob and rational are one polynomial of OpenCV: the number of coefficients says which, as
# in OpenCV and image_geometry. 12 and 14 are those of a thin prism and of a tilted sensor.
_PLUMB_BOB_COUNTS = (4, 5)
_POLYNOMIAL_COUNTS = (4, 5, 8, 12, 14)
_EQUIDISTANT_COUNTS = (4,)

# Rational models of real lenses, whose numerator and denominator nearly cancel, reach 1400.
LARGEST_COEFFICIENT = 1e5

_UNCALIBRATED = (
    'the camera is uncalibrated (CameraInfo K[0] is 0): calibrate it, for example with '
    '"ros2 run camera_calibration cameracalibrator --size 8x6 --square 0.025", and give the '
    'resulting yaml file to the camera driver (camera_info_url)')


def check_intrinsics(K: ArrayLike) -> NDArray[np.float64]:
    """Return K as float64 [3,3]; InputError where it is not that of a calibrated camera."""
    matrix = check_matrix(K, 'the camera matrix K')
    if matrix[0, 0] == 0:
        raise InputError(_UNCALIBRATED)
    if matrix[0, 0] < 0 or matrix[1, 1] <= 0 or matrix[1, 0] != 0:
        raise InputError('the camera matrix K must have the form fx 0 cx / 0 fy cy / 0 0 1 '
                         f'with positive fx and fy, not {matrix.ravel().tolist()}')
    if not np.array_equal(matrix[2], (0, 0, 1)):
        raise InputError('the last row of the camera matrix K must be 0 0 1, '
                         f'not {matrix[2].tolist()}')
    return matrix


def make_lens(model: str, coefficients: NDArray[np.float64]) -> Distortion | None:
    """Return the distortion of checked coefficients, None for none."""
    if not coefficients.size:
        return None
    if model == 'equidistant':  # four zeros are an ideal fisheye, not a pinhole
        return EquidistantDistortion(coefficients)
    return BrownConradyDistortion(coefficients) if coefficients.any() else None


def check_distortion(model: str, distortion: ArrayLike) -> tuple[str, NDArray[np.float64]]:
    """Return the name of CameraInfo for the model, and its coefficients float64 [N].

    Zeros that a driver appends are dropped. Raises InputError for an unknown model, a number of
    coefficients that it cannot have, and coefficients that no lens has.
    """
    coefficients = _numbers(distortion, 'the distortion coefficients')
    name = '_'.join(model.lower().replace('-', ' ').replace('_', ' ').split())
    largest = np.abs(coefficients).max(initial=0.0)
    if largest > LARGEST_COEFFICIENT:
        raise InputError(f'the distortion coefficients reach {largest:.3g}, which no lens has; '
                         'check their order, or calibrate again')
    if name in _EQUIDISTANT:
        return 'equidistant', _without_padding(coefficients, model, _EQUIDISTANT_COUNTS)
    if name in ('', *_NONE) and not coefficients.any():
        return 'plumb_bob', coefficients[:0]
    if name == '' and coefficients.size in _EQUIDISTANT_COUNTS:
        raise InputError('there are four distortion coefficients but no distortion_model: name it, '
                         'plumb_bob or (fisheye) equidistant')
    if name not in ('', *_PLUMB_BOB, *_RATIONAL):
        raise InputError(f'unknown distortion model {model[:60]!r}; known are '
                         f'{", ".join(DISTORTION_MODELS)}. Calibrate with one of them, or send '
                         'rectified images')
    if name not in _RATIONAL and not coefficients[max(_PLUMB_BOB_COUNTS):].any():
        coefficients = _without_padding(coefficients, model or 'plumb_bob', _PLUMB_BOB_COUNTS)
    else:
        coefficients = _without_padding(coefficients, model, _POLYNOMIAL_COUNTS)
    rational = coefficients.size > max(_PLUMB_BOB_COUNTS)
    return 'rational_polynomial' if rational else 'plumb_bob', coefficients


def _without_padding(coefficients: NDArray[np.float64], model: str, counts: tuple[int, ...]
                     ) -> NDArray[np.float64]:
    """The coefficients without the zeros that exceed what the model can have."""
    size = coefficients.size
    used = int(np.flatnonzero(coefficients).max(initial=-1)) + 1
    fitting = [count for count in counts if used <= count <= size]
    if fitting:
        return coefficients[:max(fitting)]
    if size and (used or counts == _EQUIDISTANT_COUNTS):
        raise InputError(f'distortion model {model[:60]} has {" or ".join(map(str, counts))} '
                         f'coefficients (none = no distortion), not {size}')
    return coefficients[:0]


def _numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        given = np.array(values)
    except (TypeError, ValueError):
        given = np.array('no array')
    if given.dtype.kind not in 'fiu':  # complex numbers and text would be converted silently
        raise InputError(f'{name} must be numbers')
    numbers = given.astype(np.float64, copy=False).ravel()
    if not np.isfinite(numbers).all():
        raise InputError(f'{name} must be finite numbers')
    return numbers


def check_matrix(values: ArrayLike, name: str, shape: tuple[int, int] = (3, 3)
                 ) -> NDArray[np.float64]:
    """Return row-major numbers as a matrix; InputError, naming it, for another count."""
    numbers = _numbers(values, name)
    if numbers.size != shape[0] * shape[1]:
        raise InputError(f'{name} must have {shape[0] * shape[1]} numbers '
                         f'({shape[0]} x {shape[1]}), not {numbers.size}')
    return numbers.reshape(shape)
