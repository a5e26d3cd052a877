# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks what every detector asks of an image."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

SMALLEST_SIDE = 32
"""px; nobody can be found in less, and the networks' resampling is undefined near one pixel."""

LARGEST_SIDE = 16384
"""px; OpenCV's warps address with 16 bits."""


def check_image(image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the image uint8 [H,W,3] with contiguous rows; raises InputError for anything else."""
    if not isinstance(image_bgr, np.ndarray):
        raise InputError(f'the image is a {type(image_bgr).__name__}; pass a numpy array uint8 '
                         '[height, width, 3] in BGR order')
    shape = 'x'.join(map(str, image_bgr.shape))
    if image_bgr.size == 0:
        raise InputError(f'the image is empty ({shape}); check the camera driver')
    if image_bgr.dtype != np.uint8:
        raise InputError(f'the image has {image_bgr.dtype} pixels; convert it to uint8 first')
    if image_bgr.ndim == 2 or image_bgr.shape[-1] == 1:
        raise InputError(f'the image is grey ({shape}); convert it to BGR first, for instance with '
                         'cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)')
    if image_bgr.ndim != 3 or image_bgr.shape[2] != 3:
        raise InputError(f'the image has the shape {shape}; pass [height, width, 3] in BGR order')
    height, width = image_bgr.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise InputError(f'the image is too small ({width}x{height}); at least '
                         f'{SMALLEST_SIDE} px a side are needed')
    if max(height, width) > LARGEST_SIDE:
        raise InputError(f'the image is too large ({width}x{height}); at most '
                         f'{LARGEST_SIDE} px a side are taken')
    return np.ascontiguousarray(image_bgr)
