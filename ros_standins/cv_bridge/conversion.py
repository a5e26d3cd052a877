# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of pixels between encodings, with OpenCV."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cv_bridge.encodings import Encoding, parse_encoding

_TARGETS = ('mono', 'bgr', 'rgb', 'bgra', 'rgba')
_OPENCV_NAMES = {
    'mono': 'GRAY', 'bgr': 'BGR', 'rgb': 'RGB', 'bgra': 'BGRA', 'rgba': 'RGBA',
    # OpenCV names a Bayer pattern after its second row, ROS after its first.
    'bayer_rggb': 'BayerBG', 'bayer_bggr': 'BayerRG', 'bayer_gbrg': 'BayerGR',
    'bayer_grbg': 'BayerGB'}
_YUV_NAMES = {'yuv422': 'UYVY', 'yuv422_yuy2': 'YUY2'}


def convert(image: NDArray, source_name: str, target_name: str) -> NDArray:
    """Return an image in another encoding; 8 and 16 bits are scaled to each other's range.

    Raises ValueError for a conversion that makes no sense, cv2.error for pixels that do not fit
    the encoding.
    """
    if target_name in (source_name, ''):
        return image.copy()
    source, target = parse_encoding(source_name), parse_encoding(target_name)
    if not (source.colour and target.colour):
        _check_plain(source, target)
        return _change_depth(image, source, target)
    if source.colour == target.colour:
        if source.colour not in _TARGETS:  # as upstream: no Bayer in another depth
            raise ValueError(f'Unsupported conversion from [{source_name}] to [{target_name}]')
        return _change_depth(image, source, target)
    converted = cv2.cvtColor(image, _colour_code(source, target))
    if source.bits == target.bits:
        return converted
    return _change_depth(converted, source, target)


def _check_plain(source: Encoding, target: Encoding) -> None:
    if not source.colour and target.colour:
        raise ValueError(
            f'[{source.name}] is not a color format. but [{target.name}] is. The conversion does '
            'not make sense')
    if source.channels != target.channels:
        kind = 'is a color format but' if source.colour else 'and'
        raise ValueError(
            f'[{source.name}] {kind} [{target.name}] do not have the same number of channels')


def _colour_code(source: Encoding, target: Encoding) -> int:
    unsupported = f'Unsupported conversion from [{source.name}] to [{target.name}]'
    if target.colour not in _TARGETS:
        raise ValueError(unsupported)
    to = _OPENCV_NAMES[target.colour]
    if source.colour in _YUV_NAMES:
        return getattr(cv2, f'COLOR_YUV2{to}_{_YUV_NAMES[source.colour]}')
    if source.colour.startswith('bayer') and target.colour not in ('mono', 'bgr', 'rgb'):
        raise ValueError(unsupported)
    return getattr(cv2, f'COLOR_{_OPENCV_NAMES[source.colour]}2{to}')


def _change_depth(image: NDArray, source: Encoding, target: Encoding) -> NDArray:
    dtype = np.dtype(target.dtype)
    if source.bits == 8 and target.bits == 16:
        return _saturate(image.astype(np.float32) * 257.0, dtype)
    if source.bits == 16 and target.bits == 8:
        return _saturate(image.astype(np.float32) * np.float32(1.0 / 257.0), dtype)
    return image.copy() if image.dtype == dtype else _saturate(image, dtype)


def _saturate(image: NDArray, dtype: np.dtype) -> NDArray:
    """Round to nearest and clip, as OpenCV does."""
    if dtype.kind == 'f':
        return image.astype(dtype)
    limits = np.iinfo(dtype)
    if image.dtype.kind == 'f':
        image = np.rint(image.astype(np.float64))
    return np.clip(image, limits.min, limits.max).astype(dtype)
