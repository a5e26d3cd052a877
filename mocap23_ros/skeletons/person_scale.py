# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How large people are in the image, by their keypoints."""

import numpy as np
from numpy.typing import NDArray

_NARROWEST = 0.35  # of the longer side: people stand behind one another's width
_AREA = 0.73  # root of a person's part of the box around the joints


def person_scale(p_pixel: NDArray) -> NDArray:
    """Square root of the area of each person in pixels, [...], from all keypoints [...,J,2].

    NaN is not seen; a person of whom nothing is seen has the size NaN.
    """
    size = np.fmax.reduce(p_pixel, axis=-2) - np.fmin.reduce(p_pixel, axis=-2)
    width = np.maximum(size[..., 0], _NARROWEST * size[..., 1])
    return _AREA * np.sqrt(width * np.maximum(size[..., 1], _NARROWEST * size[..., 0]) + 1e-6)
