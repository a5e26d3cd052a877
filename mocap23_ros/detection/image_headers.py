# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the headers of JPEG and PNG files before a decoder allocates anything.

The names of markers and chunks are those of ITU-T T.81 and of the PNG specification.
"""

import re
from dataclasses import dataclass

from mocap23_ros.errors import InputError

MAXIMUM_PIXELS = 64_000_000

_JPEG_START, _PNG_START = b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n'
# Markers inside the data of a scan: not stuffed zeros, restarts or fill bytes.
_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
_SCAN, _END = 0xDA, 0xD9
# Start of frame: C0 to CF but for the tables C4, C8, CC. 3 and 7, B, F are lossless or
# hierarchical, which no decoder here takes.
_FRAMES = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
_OTHER_FRAMES = (0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF)
_STANDALONE = (0x01, 0xD8)
# A bit for each block of 64 pixels in one component is the least that a scan can do with.
_JPEG_PIXELS_PER_BYTE = 1024
_DEFLATE_RATIO = 1032  # the most that zlib's format can do
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type


@dataclass(frozen=True)
class ImageHeader:
    """Kind ('JPEG' or 'PNG') and size in pixels, as stored: EXIF does not turn it.

    end: place of the end marker of a JPEG; what follows it does not count.
    """

    kind: str
    width: int
    height: int
    end: int


def read_image_header(data: bytes) -> ImageHeader:
    """Read the header of a JPEG or PNG file and walk through the markers of a JPEG.

    Raises InputError for other kinds, files that are cut off, and sizes that are too large for
    this reader or for the length of the file.
    """
    if data.startswith(_JPEG_START):
        header, room = _read_jpeg(data)
    elif data.startswith(_PNG_START):
        header, room = _read_png(data)
    else:
        raise InputError(f'it begins with {data[:8].hex()}, which is neither JPEG nor PNG')
    pixels = header.width * header.height
    if pixels == 0:
        raise InputError(f'the {header.kind} image says it is {header.width}x{header.height}')
    if pixels > MAXIMUM_PIXELS:
        raise InputError(f'the {header.kind} image says it is {header.width}x{header.height}; at '
                         f'most {MAXIMUM_PIXELS} pixels are taken')
    if pixels > room:
        raise InputError(f'the {header.kind} image says it is {header.width}x{header.height}, for '
                         f'which {len(data)} bytes are too few: it is cut off')
    return header


def _read_png(data: bytes) -> tuple[ImageHeader, float]:
    if data[8:16] != b'\x00\x00\x00\rIHDR' or len(data) < 33:
        raise InputError('the PNG image has no header: it is cut off')
    if data.rfind(b'IEND', max(0, len(data) - 4096)) < 0:
        raise InputError(f'the PNG image is cut off after {len(data)} bytes (no end)')
    width, height = int.from_bytes(data[16:20], 'big'), int.from_bytes(data[20:24], 'big')
    bits = data[24] * _PNG_CHANNELS.get(data[25], 1)
    header = ImageHeader('PNG', width, height, len(data))
    return header, 8 * _DEFLATE_RATIO * len(data) / max(1, bits)


def _read_jpeg(data: bytes) -> tuple[ImageHeader, float]:
    size: tuple[int, int] | None = None
    missing: dict[int, set[int]] = {}  # coefficients that no scan has brought, by component
    position = 2
    while True:
        marker, position = _next_marker(data, position)
        if marker in _STANDALONE:
            continue
        if marker == _END:
            break
        length = int.from_bytes(data[position:position + 2], 'big')
        segment = data[position + 2:position + length]
        if length < 2 or len(segment) < length - 2:
            raise _cut(data)
        if marker in _OTHER_FRAMES:
            raise InputError('the JPEG image is of a kind (lossless or hierarchical) that is not '
                             'read')
        if marker in _FRAMES:
            if size is not None or len(segment) < 6 or len(segment) < 6 + 3 * segment[5]:
                raise InputError('the JPEG image has a damaged header')
            size = int.from_bytes(segment[3:5], 'big'), int.from_bytes(segment[1:3], 'big')
            missing = {segment[6 + 3 * i]: set(range(64)) for i in range(segment[5])}
        position += length
        if marker == _SCAN:
            if size is None:
                raise InputError('the JPEG image has no header')
            _strike_out(missing, segment)
            # Fill bytes and stuffing are skipped; the next marker ends the scan.
            found = _MARKER.search(data, position)
            if found is None:
                raise _cut(data)
            position = found.start()
    if size is None:
        raise InputError('the JPEG image has no header')
    if not missing or any(missing.values()):
        raise _cut(data)
    return ImageHeader('JPEG', *size, position - 2), _JPEG_PIXELS_PER_BYTE * len(data)


def _next_marker(data: bytes, position: int) -> tuple[int, int]:
    """The marker at the position, behind any number of fill bytes, and the place after it."""
    if data[position:position + 1] != b'\xff':
        raise InputError('the JPEG image has a damaged header') if position < len(data) \
            else _cut(data)
    while data[position:position + 1] == b'\xff':
        position += 1
    if position >= len(data):
        raise _cut(data)
    return data[position], position + 1


def _strike_out(missing: dict[int, set[int]], scan: bytes) -> None:
    """Note the coefficients that a scan brings to their last bit."""
    count = scan[0] if scan else 0
    if len(scan) < 4 + 2 * count:
        raise InputError('the JPEG image has a damaged scan')
    first, last, precision = scan[1 + 2 * count:4 + 2 * count]
    if precision & 15:  # later scans refine these
        return
    for component in scan[1:1 + 2 * count:2]:
        missing.get(component, set()).difference_update(range(first, last + 1))


def _cut(data: bytes) -> InputError:
    return InputError(f'the JPEG image is cut off: its {len(data)} bytes end before the image')
