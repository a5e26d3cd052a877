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

# Numbers of coefficients of each model of sensor_msgs/CameraInfo; none at all = no distortion.
# 12 and 14 (thin prism, tilted sensor) are OpenCV's, published by some drivers as rational.
DISTORTION_MODELS = {
    'plumb_bob': (4, 5),
    'rational_polynomial': (8, 12, 14),
    'equidistant': (4,),
}

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
    """Return model name and coefficients float64 [N].

    Raises InputError for an unknown model and a number of coefficients that it cannot have.
    """
    coefficients = _numbers(distortion, 'the distortion coefficients')
    if model == '' and not coefficients.any():
        return 'plumb_bob', coefficients[:0]
    if model not in DISTORTION_MODELS:
        raise InputError(f'unknown distortion model {model!r}; known are '
                         f'{", ".join(DISTORTION_MODELS)}. Calibrate with one of them, or send '
                         'rectified images')
    counts = DISTORTION_MODELS[model]
    if coefficients.size not in (0, *counts):
        raise InputError(f'distortion model {model} has {" or ".join(map(str, counts))} '
                         f'coefficients (none = no distortion), not {coefficients.size}')
    return model, coefficients


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
