# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How cv_bridge makes messages, and what it does with compressed images."""

import inspect

import cv2
import numpy as np
import pytest
from std_msgs.msg import Header

cv_bridge = pytest.importorskip('cv_bridge')

BRIDGE = cv_bridge.CvBridge()
PICTURE = np.dstack(np.meshgrid(np.arange(20), np.arange(30))[:1] * 3).astype(np.uint8) * 9


@pytest.mark.parametrize('encoding', [
    'bgr8', 'rgb8', 'mono8', 'mono16', 'bgra8', 'bgr16', 'bayer_gbrg8', 'yuv422', '32FC1', '16UC1',
    '8UC3', '64FC4'])
def test_images_survive_the_way_there_and_back(encoding):
    dtype, channels = BRIDGE.encoding_to_dtype_with_channels(encoding)
    pixels = np.random.default_rng(1).integers(0, 200, (6, 8, channels)).astype(dtype)
    pixels = pixels[..., 0] if channels == 1 else pixels
    header = Header(frame_id='camera')
    header.stamp.sec = 7
    made = BRIDGE.cv2_to_imgmsg(pixels, encoding, header)
    assert (made.height, made.width, made.encoding) == (6, 8, encoding)
    assert made.step == 8 * channels * np.dtype(dtype).itemsize
    assert len(made.data) == made.step * 6 and not made.is_bigendian
    assert made.header == header
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(made), pixels)


def test_the_encoding_follows_from_the_type_unless_given():
    assert BRIDGE.cv2_to_imgmsg(PICTURE).encoding == '8UC3'
    assert BRIDGE.cv2_to_imgmsg(PICTURE[..., 0].astype(np.float32)).encoding == '32FC1'
    # A view with gaps is packed.
    made = BRIDGE.cv2_to_imgmsg(PICTURE[::2, ::3], 'bgr8')
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(made), PICTURE[::2, ::3])
    big_endian = BRIDGE.cv2_to_imgmsg(PICTURE[..., 0].astype('>u2'), 'mono16')
    assert big_endian.is_bigendian and bytes(big_endian.data[2:4]) == b'\x00\x09'


@pytest.mark.parametrize(('pixels', 'encoding'), [
    (PICTURE, 'mono8'), (PICTURE, 'bgra8'), (PICTURE, 'bgr16'), (PICTURE[..., 0], 'bgr8'),
    (PICTURE, 'no such')])
def test_an_encoding_that_does_not_fit_is_refused(pixels, encoding):
    with pytest.raises(cv_bridge.CvBridgeError):
        BRIDGE.cv2_to_imgmsg(pixels, encoding)


def test_only_arrays_are_taken():
    for convert in (BRIDGE.cv2_to_imgmsg, BRIDGE.cv2_to_compressed_imgmsg):
        with pytest.raises(TypeError):
            convert([[1, 2], [3, 4]])


def test_png_is_exact_and_jpeg_is_near():
    png = BRIDGE.cv2_to_compressed_imgmsg(PICTURE, 'png')
    assert png.format == 'png'
    assert np.array_equal(BRIDGE.compressed_imgmsg_to_cv2(png), PICTURE)
    assert np.array_equal(BRIDGE.compressed_imgmsg_to_cv2(png, 'rgb8'), PICTURE[..., ::-1])
    assert np.array_equal(BRIDGE.compressed_imgmsg_to_cv2(png, 'mono8'),
                          cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY))
    jpeg = BRIDGE.cv2_to_compressed_imgmsg(PICTURE)
    assert jpeg.format == 'jpg'
    found = BRIDGE.compressed_imgmsg_to_cv2(jpeg, 'bgr8')
    assert found.shape == PICTURE.shape
    assert np.abs(found.astype(int) - PICTURE).mean() < 4


def test_deep_and_grey_png_stay_as_they_are():
    for pixels in (PICTURE[..., 0].astype(np.uint16) * 257, PICTURE[..., 0]):
        sent = BRIDGE.cv2_to_compressed_imgmsg(pixels, 'png')
        for desired in ('passthrough', 'bgr8'):
            found = BRIDGE.compressed_imgmsg_to_cv2(sent, desired)
            assert found.dtype == pixels.dtype and np.array_equal(found, pixels)


def test_garbage_gives_none_and_no_data_an_error_of_opencv():
    sent = BRIDGE.cv2_to_compressed_imgmsg(PICTURE)
    sent.data = b'this is no image'
    assert BRIDGE.compressed_imgmsg_to_cv2(sent) is None
    assert BRIDGE.compressed_imgmsg_to_cv2(sent, 'bgr8') is None
    with pytest.raises(cv_bridge.CvBridgeError):
        BRIDGE.compressed_imgmsg_to_cv2(sent, 'rgb8')
    sent.data = b''
    with pytest.raises(cv2.error):
        BRIDGE.compressed_imgmsg_to_cv2(sent)


def test_the_helpers_translate_between_the_names_of_types():
    assert BRIDGE.encoding_to_cvtype2('bgr8') == cv2.CV_8UC3
    assert BRIDGE.encoding_to_cvtype2('32FC1') == cv2.CV_32FC1
    assert BRIDGE.cvtype2_to_dtype_with_channels(cv2.CV_16SC2) == ('int16', 2)
    assert BRIDGE.dtype_with_channels_to_cvtype2(np.dtype('uint16'), 3) == '16UC3'
    assert BRIDGE.encoding_to_dtype_with_channels('yuv422') == ('uint8', 2)
    with pytest.raises(cv_bridge.CvBridgeError):
        BRIDGE.encoding_to_cvtype2('no such')
    assert issubclass(cv_bridge.CvBridgeError, TypeError)


@pytest.mark.parametrize(('method', 'arguments'), [
    ('imgmsg_to_cv2', {'img_msg': None, 'desired_encoding': 'passthrough'}),
    ('compressed_imgmsg_to_cv2', {'cmprs_img_msg': None, 'desired_encoding': 'passthrough'}),
    ('cv2_to_imgmsg', {'cvim': None, 'encoding': 'passthrough', 'header': None}),
    ('cv2_to_compressed_imgmsg', {'cvim': None, 'dst_format': 'jpg'}),
])
def test_arguments_have_the_names_and_defaults_of_upstream(method, arguments):
    parameters = inspect.signature(getattr(cv_bridge.CvBridge, method)).parameters
    assert list(parameters)[1:] == list(arguments)
    for name, default in list(arguments.items())[1:]:
        assert parameters[name].default == default
