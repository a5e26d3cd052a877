# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Decodes image messages, of rclpy or a bag, to BGR arrays."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.compressed_images import decode_compressed
from mocap23_ros.detection.raw_images import decode_raw
from mocap23_ros.errors import InputError

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage, Image

DEPTH_TYPES = ('16UC1', '32FC1')


def decode_message(message: 'Image | CompressedImage') -> NDArray[np.uint8]:
    """Return an image of either type, see those below."""
    return decode_image(message) if hasattr(message, 'encoding') else (
        decode_compressed_image(message))


def decode_image(message: 'Image') -> NDArray[np.uint8]:
    """Return a raw image as uint8 [H,W,3] BGR; encodings and errors are those of decode_raw."""
    if message.encoding in DEPTH_TYPES:
        raise InputError(
            f'the image has encoding {message.encoding}, as depth images do; remap image to a '
            'colour or grey camera')
    return decode_raw(np.frombuffer(message.data, np.uint8), (message.width, message.height),
                      message.step, message.encoding, bool(message.is_bigendian))


def decode_compressed_image(message: 'CompressedImage') -> NDArray[np.uint8]:
    """Return a JPEG or PNG image as uint8 [H,W,3] BGR; raises InputError where it is damaged.

    Pixels as stored: CameraInfo is of these, whatever EXIF says of the camera's orientation.
    """
    if not len(message.data):
        raise InputError('the compressed image is empty; check the camera driver')
    if message.format.startswith(DEPTH_TYPES):
        raise InputError(f'the compressed image has the format "{message.format[:60]}", as depth '
                         'images do; remap image to a colour or grey camera')
    try:
        return decode_compressed(bytes(message.data))
    except InputError as error:
        raise InputError(
            f'the compressed image (format "{message.format[:60]}", {len(message.data)} bytes) '
            f'cannot be decoded: {error}; check the camera driver and the network, and send JPEG '
            'or PNG (for depth and theora, use raw)') from error
