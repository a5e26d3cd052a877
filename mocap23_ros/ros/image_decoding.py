# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Image messages to BGR arrays, whatever the camera sends."""

import cv2
import numpy as np
from cv_bridge import CvBridge, CvBridgeError
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from mocap23_ros.detection.compressed_images import decode_compressed
from mocap23_ros.errors import InputError

# OpenCV type names without a meaning of colour; cameras that send them mean these.
_COLOUR_OF_TYPE = {'8UC3': 'bgr8', '8UC1': 'mono8', '8UC4': 'bgra8'}
_DEPTH_TYPES = ('16UC1', '32FC1')

_bridge = CvBridge()


def decode_image(message: Image) -> NDArray[np.uint8]:
    """Return a raw image as uint8 [H,W,3] BGR.

    Takes every encoding of cv_bridge with a conversion to bgr8 (rgb, bgr, mono, Bayer, YUV 4:2:2),
    nv12, nv21, and the plain 8-bit OpenCV types. mono16 is scaled to 8 bits. Raises InputError
    for an empty image, one that is shorter than it says, and an unknown encoding.
    """
    height, width, encoding = message.height, message.width, message.encoding
    if not (height and width and len(message.data)):
        raise InputError(
            f'the image is empty ({width}x{height}, {len(message.data)} bytes); check the camera '
            'driver')
    if encoding in _DEPTH_TYPES:
        raise InputError(
            f'the image has encoding {encoding}, as depth images do; remap image to a colour or '
            'grey camera')
    if encoding in ('nv12', 'nv21'):
        return _decode_semi_planar(message)
    message = _without_padding(message)
    try:
        if encoding in _COLOUR_OF_TYPE:
            plain = _bridge.imgmsg_to_cv2(message, desired_encoding='passthrough')
            return _plain_to_bgr(plain, _COLOUR_OF_TYPE[encoding])
        image = _bridge.imgmsg_to_cv2(message, desired_encoding='bgr8')
    # The bridge lets errors of numpy, OpenCV and its own tables through as they come.
    except (CvBridgeError, cv2.error, TypeError, ValueError, KeyError, AttributeError) as error:
        reason = ' '.join(str(error).split())
        raise InputError(
            f'cannot convert an image of encoding "{encoding[:60]}" ({width}x{height}) to bgr8: '
            f'{reason[:200]}; have the camera send rgb8 or bgr8') from error
    return np.ascontiguousarray(image)


def decode_compressed_image(message: CompressedImage) -> NDArray[np.uint8]:
    """Return a JPEG or PNG image as uint8 [H,W,3] BGR; raises InputError where it is damaged.

    Pixels as stored: CameraInfo is of these, whatever EXIF says of the camera's orientation.
    """
    if not len(message.data):
        raise InputError('the compressed image is empty; check the camera driver')
    try:
        return decode_compressed(bytes(message.data))
    except InputError as error:
        raise InputError(
            f'the compressed image (format "{message.format[:60]}", {len(message.data)} bytes) '
            f'cannot be decoded: {error}; check the camera driver and the network, and send JPEG '
            'or PNG (for depth and theora, use raw)') from error


def _without_padding(message: Image) -> Image:
    """Check the length of the data and cut off what follows each row.

    cv_bridge takes row lengths that are whole numbers of pixels only, and others as garbage.
    """
    height, width, step, encoding = message.height, message.width, message.step, message.encoding
    try:
        dtype, channels = _bridge.encoding_to_dtype_with_channels(encoding)
    except (CvBridgeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f'the image has the unknown encoding "{encoding[:60]}"; have the camera send rgb8 or '
            'bgr8'
        ) from error
    row = width * channels * np.dtype(dtype).itemsize
    if step < row or step * height > len(message.data):
        raise InputError(
            f'the image is cut off: {width}x{height} {encoding} needs {height} rows of {row} '
            f'bytes, and {len(message.data)} bytes in rows of {step} came; check the camera driver')
    if step == row:
        return message
    rows = np.frombuffer(message.data, np.uint8, step * height).reshape(height, step)
    return Image(
        header=message.header, height=height, width=width, encoding=encoding,
        is_bigendian=message.is_bigendian, step=row, data=rows[:, :row].tobytes())


def _plain_to_bgr(image: NDArray, colour: str) -> NDArray[np.uint8]:
    if colour == 'bgra8':
        return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)  # type: ignore[return-value]
    if colour != 'bgr8':
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]
    return np.ascontiguousarray(image)


def _decode_semi_planar(message: Image) -> NDArray[np.uint8]:
    """NV12 and NV21: a plane of luminance, then one of interleaved chrominance."""
    height, width = message.height, message.width
    step = message.step or width
    rows = height * 3 // 2
    if height % 2 or width % 2 or step < width or len(message.data) < rows * step:
        raise InputError(
            f'the {message.encoding} image is cut off or of odd size ({width}x{height}, {step} '
            f'bytes a row, {len(message.data)} bytes); check the camera driver')
    data = np.frombuffer(message.data, np.uint8, rows * step).reshape(rows, step)[:, :width]
    code = cv2.COLOR_YUV2BGR_NV12 if message.encoding == 'nv12' else cv2.COLOR_YUV2BGR_NV21
    return cv2.cvtColor(np.ascontiguousarray(data), code)  # type: ignore[return-value]

