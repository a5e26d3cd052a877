# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Raw pixels in the encodings of sensor_msgs/image_encodings to BGR arrays."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError


class _Encoding(NamedTuple):
    """channels: of one pixel. bits: of one channel. code: of cv2.cvtColor, None where BGR."""

    channels: int
    bits: int
    code: int | None


def _encodings() -> dict[str, _Encoding]:
    table: dict[str, _Encoding] = {}
    for bits in (8, 16):
        table |= {f'mono{bits}': _Encoding(1, bits, cv2.COLOR_GRAY2BGR),
                  f'bgr{bits}': _Encoding(3, bits, None),
                  f'rgb{bits}': _Encoding(3, bits, cv2.COLOR_RGB2BGR),
                  f'bgra{bits}': _Encoding(4, bits, cv2.COLOR_BGRA2BGR),
                  f'rgba{bits}': _Encoding(4, bits, cv2.COLOR_RGBA2BGR),
                  # OpenCV names a Bayer pattern after its second row, ROS after its first.
                  f'bayer_rggb{bits}': _Encoding(1, bits, cv2.COLOR_BayerBG2BGR),
                  f'bayer_bggr{bits}': _Encoding(1, bits, cv2.COLOR_BayerRG2BGR),
                  f'bayer_gbrg{bits}': _Encoding(1, bits, cv2.COLOR_BayerGR2BGR),
                  f'bayer_grbg{bits}': _Encoding(1, bits, cv2.COLOR_BayerGB2BGR)}
    # Two pixels share their colour, so each has two channels. The older names come first.
    for name in ('yuv422', 'uyvy'):
        table[name] = _Encoding(2, 8, cv2.COLOR_YUV2BGR_UYVY)
    for name in ('yuv422_yuy2', 'yuyv'):
        table[name] = _Encoding(2, 8, cv2.COLOR_YUV2BGR_YUY2)
    # OpenCV's own names have no meaning of colour; cameras that send them mean these.
    return table | {'8UC1': table['mono8'], '8UC3': table['bgr8'], '8UC4': table['bgra8']}


_ENCODINGS = _encodings()
_SEMI_PLANAR = {'nv12': cv2.COLOR_YUV2BGR_NV12, 'nv21': cv2.COLOR_YUV2BGR_NV21}


def decode_raw(data: NDArray[np.uint8], size: tuple[int, int], step: int, encoding: str,
               big_endian: bool = False) -> NDArray[np.uint8]:
    """Return uint8 [H,W,3] BGR.

    data: bytes [N]. size: width, height. step: bytes from row to row, which may be padded.
    Encodings: mono, rgb, bgr, rgba, bgra, Bayer of 8 and 16 bits (scaled to 8; of 10, 12
    and 14 bits where no more are used), YUV 4:2:2, nv12,
    nv21 and the plain 8-bit types of OpenCV. Raises InputError for an empty image, one that is
    shorter than it says, and an unknown encoding.
    """
    width, height = size
    if not (width and height and len(data)):
        raise InputError(f'the image is empty ({width}x{height}, {len(data)} bytes); check the '
                         'camera driver')
    if encoding in _SEMI_PLANAR:
        return _semi_planar(data, size, step or width, encoding)
    known = _ENCODINGS.get(encoding)
    if known is None:
        raise InputError(f'the image has the unknown encoding "{encoding[:60]}"; have the camera '
                         'send rgb8 or bgr8')
    row = width * known.channels * known.bits // 8
    if step < row or step * height > len(data):
        raise InputError(
            f'the image is cut off: {width}x{height} {encoding} needs {height} rows of {row} '
            f'bytes, and {len(data)} bytes in rows of {step} came; check the camera driver')
    pixels = np.ascontiguousarray(data[:step * height].reshape(height, step)[:, :row])
    if known.bits == 16:
        pixels = pixels.view('>u2' if big_endian else '<u2').astype(np.uint16, copy=False)
    if known.channels > 1:
        pixels = pixels.reshape(height, width, known.channels)
    try:
        image = pixels if known.code is None else cv2.cvtColor(pixels, known.code)
    except cv2.error as error:  # an odd width of YUV 4:2:2, a Bayer image of one row
        raise InputError(
            f'cannot convert an image of encoding "{encoding}" ({width}x{height}) to bgr8: '
            f'{" ".join(str(error).split())[:200]}; have the camera send rgb8 or bgr8') from None
    if known.bits == 16:
        image = eight_bits(image, int(pixels.max()))
    return np.ascontiguousarray(image, np.uint8)


def eight_bits(image: NDArray, brightest: int) -> NDArray[np.uint8]:
    """Reduce an image of 16 bits whose brightest number is known.

    Drivers of sensors of 10, 12 and 14 bits often leave the upper bits empty: all would be black.
    """
    full = next(full for full in (1023, 4095, 16383, 65535) if brightest <= full)
    return np.asarray(cv2.convertScaleAbs(image, alpha=255 / full), np.uint8)


def _semi_planar(data: NDArray[np.uint8], size: tuple[int, int], step: int, encoding: str
                 ) -> NDArray[np.uint8]:
    """NV12 and NV21: a plane of luminance, then one of interleaved chrominance."""
    width, height = size
    rows = height * 3 // 2
    if height % 2 or width % 2 or step < width or len(data) < rows * step:
        raise InputError(
            f'the {encoding} image is cut off or of odd size ({width}x{height}, {step} bytes a '
            f'row, {len(data)} bytes); check the camera driver')
    planes = np.ascontiguousarray(data[:rows * step].reshape(rows, step)[:, :width])
    return np.asarray(cv2.cvtColor(planes, _SEMI_PLANAR[encoding]), np.uint8)
