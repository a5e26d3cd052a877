# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The encodings of sensor_msgs/image_encodings that cv_bridge knows, as data."""

import re
from typing import NamedTuple

# OpenCV depth names by numpy dtype, in the order of OpenCV's codes 0 to 6.
DEPTHS = {
    'uint8': '8U', 'int8': '8S', 'uint16': '16U', 'int16': '16S', 'int32': '32S',
    'float32': '32F', 'float64': '64F'}
_DTYPES = {depth: dtype for dtype, depth in DEPTHS.items()}
_PLAIN = re.compile(r'(8U|8S|16U|16S|32S|32F|64F)(?:C([0-9]+))?')
MAX_CHANNELS = 512  # of OpenCV


class Encoding(NamedTuple):
    """What the pixels of an encoding are."""

    name: str
    dtype: str
    channels: int
    colour: str  # family of colours; empty for plain numbers such as 32FC1

    @property
    def bits(self) -> int:
        """Bits of one channel."""
        return int(DEPTHS[self.dtype][:-1])


def _colours() -> dict[str, Encoding]:
    channels = {'mono': 1, 'bgr': 3, 'rgb': 3, 'bgra': 4, 'rgba': 4}
    channels.update({f'bayer_{order}': 1 for order in ('rggb', 'bggr', 'gbrg', 'grbg')})
    table = [
        Encoding(f'{colour}{bits}', f'uint{bits}', count, colour)
        for colour, count in channels.items() for bits in (8, 16)]
    # UYVY and YUYV: two pixels share their colour, so each has two channels.
    table += [Encoding(name, 'uint8', 2, name) for name in ('yuv422', 'yuv422_yuy2')]
    return {encoding.name: encoding for encoding in table}


COLOURS = _colours()


def parse_encoding(name: str) -> Encoding:
    """Return what is known of an encoding; raises ValueError for unknown ones.

    nv12, nv21, nv24, uyvy and yuyv are unknown, as they are upstream.
    """
    if name in COLOURS:
        return COLOURS[name]
    plain = _PLAIN.fullmatch(name)
    channels = int(plain[2] or 1) if plain is not None else 0
    if plain is None or not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f'Unrecognized image encoding [{name}]')
    return Encoding(name, _DTYPES[plain[1]], channels, '')
