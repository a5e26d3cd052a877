# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""JPEG and PNG files to BGR arrays: the pixels as stored, whole images only."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.image_headers import ImageHeader, read_image_header
from mocap23_ros.detection.raw_images import eight_bits
from mocap23_ros.errors import InputError

# Pixels as stored, as image_transport gives them: CameraInfo is of these.
_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_PNG_DEPTH, _DEEP = 24, 16  # place of the byte that says the bits of a channel
_CORNER = 4  # pixels; beyond, chroma is mixed with that of the blocks above
_GREY = 128  # what libjpeg fills in for blocks that never came
# More data for any decoder that misses some: noise without markers, and every restart marker.
_NOISE = np.random.default_rng(0).integers(0, 255, 512, np.uint8).tobytes()
_FILLER = b''.join(_NOISE + bytes((0xFF, 0xD0 + number)) for number in range(8))


def decode_compressed(data: bytes) -> NDArray[np.uint8]:
    """Return a JPEG or PNG file as uint8 [H,W,3] BGR.

    Raises InputError for other kinds, for a file that is damaged or cut off (also where an end
    was put on it), and for images that are too large. A progressive JPEG may miss a part of its
    last scan, which is the last bit of the finest detail.
    """
    header = read_image_header(data)
    image = _decode(data, header)
    # A cut JPEG decodes to an image with a grey rest, in which people would be found by half.
    grey = header.kind == 'JPEG' and bool((image[-_CORNER:, -_CORNER:] == _GREY).all())
    if grey and _takes_more(data, header.end):
        raise InputError(f'the JPEG image is cut off: its {len(data)} bytes are the first part of '
                         'the image, the rest is grey')
    return image


def _decode(data: bytes, header: ImageHeader) -> NDArray[np.uint8]:
    reason = 'its data are damaged'
    try:
        deep = header.kind == 'PNG' and data[_PNG_DEPTH] == _DEEP
        image = cv2.imdecode(np.frombuffer(data, np.uint8),
                             _FLAGS | cv2.IMREAD_ANYDEPTH if deep else _FLAGS)
        if image is not None and image.dtype == np.uint16:
            image = eight_bits(image, int(image.max()))
    except cv2.error as error:
        image, reason = None, ' '.join(str(error).split())[:200]
    if image is None:
        raise InputError(f'the {header.kind} image of {header.width}x{header.height} cannot be '
                         f'decoded: {reason}')
    if image.shape != (header.height, header.width, 3):
        raise InputError(f'the {header.kind} image says it is {header.width}x{header.height}, but '
                         f'decodes to {image.shape[1]}x{image.shape[0]}')
    return image  # type: ignore[return-value]


def _takes_more(data: bytes, end: int) -> bool:
    """Whether a decoder would still have use for data before the end marker of a JPEG.

    It would not where the scan is complete: some images do end in grey.
    """
    # A last 0xFF, stuffed or a fill byte, would make a marker of what follows it.
    longer = np.frombuffer(data[:end].rstrip(b'\xff') + _FILLER + data[end:], np.uint8)
    whole, more = (cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)
                   for encoded in (np.frombuffer(data, np.uint8), longer))
    return whole is not None and more is not None and not np.array_equal(whole, more)
