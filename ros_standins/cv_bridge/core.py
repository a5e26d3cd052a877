# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Image messages to numpy arrays, as OpenCV uses them, and back."""

import sys

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from cv_bridge.conversion import convert
from cv_bridge.encodings import DEPTHS, Encoding, parse_encoding

_CHANNEL_SHIFT = 3  # of OpenCV 4: type = depth + (channels - 1) << 3


class CvBridgeError(TypeError):
    """A conversion is not possible."""


class CvBridge:
    """Converts between image messages and arrays [H,W] or [H,W,C] of native byte order."""

    def __init__(self) -> None:
        depths = list(DEPTHS.items())
        self.cvdepth_to_numpy_depth = {code: dtype for code, (dtype, _) in enumerate(depths)}
        self.cvtype_to_name = {
            code + ((channels - 1) << _CHANNEL_SHIFT): f'{depth}C{channels}'
            for code, (_, depth) in enumerate(depths) for channels in (1, 2, 3, 4)}
        self.numpy_type_to_cvtype = {**DEPTHS, **{depth: dtype for dtype, depth in depths}}

    def dtype_with_channels_to_cvtype2(self, dtype: np.dtype, n_channels: int) -> str:
        """Return the plain encoding, such as 8UC3, of a numpy type."""
        return f'{self.numpy_type_to_cvtype[dtype.name]}C{n_channels}'

    def cvtype2_to_dtype_with_channels(self, cvtype: int) -> tuple[str, int]:
        """Return name of the numpy type and channels of an OpenCV type."""
        depth = cvtype & ((1 << _CHANNEL_SHIFT) - 1)
        return self.cvdepth_to_numpy_depth[depth], (cvtype >> _CHANNEL_SHIFT) + 1

    def encoding_to_cvtype2(self, encoding: str) -> int:
        """Return the OpenCV type of an encoding; raises CvBridgeError for unknown ones."""
        known = _parse(encoding)
        return list(DEPTHS).index(known.dtype) + ((known.channels - 1) << _CHANNEL_SHIFT)

    def encoding_to_dtype_with_channels(self, encoding: str) -> tuple[str, int]:
        """Return name of the numpy type and channels of an encoding."""
        known = _parse(encoding)
        return known.dtype, known.channels

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = 'passthrough') -> NDArray:
        """Return the pixels of an image, converted if so desired.

        Rows may be padded, the byte order may be either. Without padding and conversion the array
        shares the memory of the message. Raises CvBridgeError for an unknown encoding and an
        impossible conversion, TypeError where the data are shorter than the image says.
        """
        dtype_name, channels = self.encoding_to_dtype_with_channels(img_msg.encoding)
        dtype = np.dtype(dtype_name).newbyteorder('>' if img_msg.is_bigendian else '<')
        data, pixel_size = img_msg.data, dtype.itemsize * channels
        rows = np.ndarray(
            shape=(img_msg.height, img_msg.step), dtype=np.uint8,
            buffer=np.asarray(data, dtype=np.uint8) if isinstance(data, list) else data)
        width = min(img_msg.width, img_msg.step // pixel_size)
        image = np.ascontiguousarray(rows[:, :width * pixel_size]).view(dtype)
        if channels > 1:
            image = image.reshape(img_msg.height, width, channels)
        if bool(img_msg.is_bigendian) == (sys.byteorder == 'little'):
            image = image.astype(dtype.newbyteorder('='))
        if desired_encoding == 'passthrough':
            return image
        return _convert(image, img_msg.encoding, desired_encoding)

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = 'passthrough'
    ) -> NDArray | None:
        """Return the decoded image, or None where the data are no image that OpenCV knows.

        Raises CvBridgeError for an impossible conversion, cv2.error where there are no data.
        """
        data = cmprs_img_msg.data
        buffer = np.ndarray(shape=(1, len(data)), dtype=np.uint8, buffer=data)
        image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
        if desired_encoding == 'passthrough' or (image is None and desired_encoding == 'bgr8'):
            return image
        # As upstream, whatever was decoded is taken for bgr8.
        return _convert(image, 'bgr8', desired_encoding)

    def cv2_to_imgmsg(
        self, cvim: NDArray, encoding: str = 'passthrough', header: Header | None = None
    ) -> Image:
        """Return an image as a message; raises CvBridgeError where the encoding does not fit it."""
        if not isinstance(cvim, np.ndarray | np.generic):
            raise TypeError('Your input type is not a numpy array')
        message = Image(height=cvim.shape[0], width=cvim.shape[1])
        if header is not None:
            message.header = header
        channels = cvim.shape[2] if len(cvim.shape) > 2 else 1
        plain = self.dtype_with_channels_to_cvtype2(cvim.dtype, channels)
        message.encoding = plain if encoding == 'passthrough' else encoding
        wanted = _parse(message.encoding)
        if f'{DEPTHS[wanted.dtype]}C{wanted.channels}' != plain:
            raise CvBridgeError(
                f'encoding specified as {encoding}, but image has incompatible type {plain}')
        message.is_bigendian = cvim.dtype.byteorder == '>'
        message.data.frombytes(cvim.tobytes())
        message.step = len(message.data) // message.height
        return message

    def cv2_to_compressed_imgmsg(self, cvim: NDArray, dst_format: str = 'jpg') -> CompressedImage:
        """Return an image as a message in a format of cv2.imencode, such as jpg or png."""
        if not isinstance(cvim, np.ndarray | np.generic):
            raise TypeError('Your input type is not a numpy array')
        message = CompressedImage(format=dst_format)
        message.data.frombytes(cv2.imencode('.' + dst_format, cvim)[1].tobytes())
        return message


def _parse(encoding: str) -> Encoding:
    try:
        return parse_encoding(encoding)
    except ValueError as error:
        raise CvBridgeError(str(error)) from None


def _convert(image: NDArray | None, source: str, target: str) -> NDArray:
    try:
        if image is None:
            raise ValueError(f'there is no image to convert from [{source}] to [{target}]')
        return convert(image, source, target)
    except (ValueError, cv2.error) as error:
        raise CvBridgeError(str(error)) from error
