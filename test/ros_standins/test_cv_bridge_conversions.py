# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What cv_bridge must do with the pixels of every encoding that cameras send."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

cv_bridge = pytest.importorskip('cv_bridge')
from sensor_msgs.msg import Image  # noqa: E402

HEIGHT, WIDTH = 24, 32
BRIDGE = cv_bridge.CvBridge()
IS_STAND_IN = Path(cv_bridge.__file__).resolve().parent.parent.name == 'ros_standins'


def scene():
    """A smooth coloured picture, BGR: neighbours resemble each other, channels differ."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([40 + 3 * x, 200 - 4 * y, 90 + 2 * x + y], axis=-1).astype(np.uint8)


def message(pixels, encoding, padding=0, big_endian=False):
    """An image as a camera sends it: rows padded with noise, either byte order."""
    pixels = np.ascontiguousarray(pixels)
    pixels = pixels.astype(pixels.dtype.newbyteorder('>' if big_endian else '<'))
    rows = pixels.reshape(len(pixels), -1).view(np.uint8)
    noise = np.full((len(pixels), padding), 0xA5, np.uint8)
    return Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding,
                 step=rows.shape[1] + padding, is_bigendian=int(big_endian),
                 data=np.hstack([rows, noise]).tobytes())


def mosaic(order):
    """The Bayer picture of the scene; the order names its upper left 2x2 pixels row by row."""
    channel = {'b': 0, 'g': 1, 'r': 2}
    picture, result = scene(), np.empty((HEIGHT, WIDTH), np.uint8)
    for index, colour in enumerate(order):
        row, column = divmod(index, 2)
        result[row::2, column::2] = picture[row::2, column::2, channel[colour]]
    return result


def yuv422(first_is_colour):
    """UYVY (first_is_colour) or YUYV of the scene, by the formula of BT.601 in video range."""
    b, g, r = (scene()[..., index].astype(float) for index in range(3))
    luma = 16 + 0.257 * r + 0.504 * g + 0.098 * b
    u, v = 128 - 0.148 * r - 0.291 * g + 0.439 * b, 128 + 0.439 * r - 0.368 * g - 0.071 * b
    colour = np.empty_like(luma)
    colour[:, 0::2] = (u[:, 0::2] + u[:, 1::2]) / 2
    colour[:, 1::2] = (v[:, 0::2] + v[:, 1::2]) / 2
    pair = [colour, luma] if first_is_colour else [luma, colour]
    return np.rint(np.stack(pair, axis=-1)).astype(np.uint8)


def deep(pixels):
    return pixels.astype(np.uint16) * 257


GREY = cv2.cvtColor(scene(), cv2.COLOR_BGR2GRAY)
OPAQUE = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
# encoding: pixels as sent, what the scene is in it, tolerance in grey levels
CAMERAS = {
    'bgr8': (scene(), 0), 'rgb8': (scene()[..., ::-1], 0),
    'bgra8': (np.dstack([scene(), OPAQUE]), 0),
    'rgba8': (np.dstack([scene()[..., ::-1], OPAQUE]), 0),
    'bgr16': (deep(scene()), 0), 'rgb16': (deep(scene()[..., ::-1]), 0),
    'bgra16': (deep(np.dstack([scene(), OPAQUE])), 0),
    'rgba16': (deep(np.dstack([scene()[..., ::-1], OPAQUE])), 0),
    'yuv422': (yuv422(True), 6), 'yuv422_yuy2': (yuv422(False), 6),
    **{f'bayer_{order}8': (mosaic(order), 6) for order in ('rggb', 'bggr', 'gbrg', 'grbg')},
    **{f'bayer_{order}16': (deep(mosaic(order)), 6) for order in ('rggb', 'bggr', 'gbrg', 'grbg')},
}


def close(found, expected, tolerance):
    # Demosaicking and chroma have less to go by at the border.
    difference = np.abs(found.astype(int) - expected.astype(int))[2:-2, 2:-2]
    return found.dtype == expected.dtype and difference.max() <= tolerance


@pytest.mark.parametrize('padding', [0, 24])
@pytest.mark.parametrize('encoding', CAMERAS)
def test_every_camera_shows_the_same_scene(encoding, padding):
    pixels, tolerance = CAMERAS[encoding]
    sent = message(pixels, encoding, padding)
    assert close(BRIDGE.imgmsg_to_cv2(sent, 'bgr8'), scene(), tolerance)
    assert close(BRIDGE.imgmsg_to_cv2(sent, 'rgb8'), scene()[..., ::-1], tolerance)
    # YUV: the luminance as it was sent, in video range.
    luma = {'yuv422': 1, 'yuv422_yuy2': 0}.get(encoding)
    grey = GREY if luma is None else pixels[..., luma]
    assert close(BRIDGE.imgmsg_to_cv2(sent, 'mono8'), grey, tolerance + 1)
    assert close(BRIDGE.imgmsg_to_cv2(sent, 'bgr16'), deep(scene()), tolerance * 257)
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(sent), pixels)
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(sent, encoding), pixels)


@pytest.mark.skipif(
    not IS_STAND_IN, reason='the real cv_bridge shears rows that are no whole number of pixels')
@pytest.mark.parametrize('padding', [1, 8, 31])
def test_rows_may_be_padded_to_any_length(padding):
    for encoding in ('bgr8', 'rgba16', 'bayer_grbg16'):
        pixels, tolerance = CAMERAS[encoding]
        found = BRIDGE.imgmsg_to_cv2(message(pixels, encoding, padding), 'bgr8')
        assert close(found, scene(), tolerance)


@pytest.mark.parametrize(('encoding', 'pixels'), [('mono8', GREY), ('mono16', deep(GREY))])
def test_grey_cameras(encoding, pixels):
    sent = message(pixels, encoding, padding=6)
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(sent, 'bgr8'), np.dstack([GREY] * 3))
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(sent, 'mono8'), GREY)
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(sent, 'mono16'), deep(GREY))
    assert BRIDGE.imgmsg_to_cv2(sent, 'rgba8').shape == (HEIGHT, WIDTH, 4)
    assert BRIDGE.imgmsg_to_cv2(sent).shape == (HEIGHT, WIDTH)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 65535), min_size=4, max_size=4))
def test_sixteen_bits_are_scaled_to_eight_by_rounding(values):
    pixels = np.array([values], np.uint16)
    found = BRIDGE.imgmsg_to_cv2(message(pixels, 'mono16'), 'mono8')
    assert np.abs(found - pixels / 257).max() <= 0.5 + 1e-4


@pytest.mark.skipif(
    not IS_STAND_IN and not hasattr(np.ndarray, 'newbyteorder'),
    reason='the real cv_bridge cannot read big-endian images with numpy 2')
@pytest.mark.parametrize('padding', [0, 10])
def test_either_byte_order(padding):
    for encoding in ('mono16', 'bgr16', 'bayer_rggb16', '32FC1', '16UC1'):
        pixels = {'bgr16': deep(scene()), '32FC1': np.linspace(-1, 9, WIDTH * HEIGHT, dtype='f4')
                  .reshape(HEIGHT, WIDTH)}.get(encoding, deep(GREY))
        item = pixels.dtype.itemsize * (3 if encoding == 'bgr16' else 1)
        sent = message(pixels, encoding, padding * item, big_endian=True)
        found = BRIDGE.imgmsg_to_cv2(sent)
        assert np.array_equal(found, pixels) and found.dtype == pixels.dtype
    sent = message(deep(scene()), 'bgr16', big_endian=True)
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(sent, 'bgr8'), scene())


@pytest.mark.parametrize(('encoding', 'dtype', 'channels'), [
    ('8UC1', 'uint8', 1), ('8UC3', 'uint8', 3), ('8UC4', 'uint8', 4), ('8SC2', 'int8', 2),
    ('16UC1', 'uint16', 1), ('16SC3', 'int16', 3), ('32SC1', 'int32', 1), ('32FC1', 'float32', 1),
    ('32FC3', 'float32', 3), ('64FC2', 'float64', 2), ('8U', 'uint8', 1)])
def test_plain_numbers_pass_unchanged_and_have_no_colour(encoding, dtype, channels):
    shape = (HEIGHT, WIDTH, channels) if channels > 1 else (HEIGHT, WIDTH)
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    sent = message(pixels, encoding, padding=8 * channels * pixels.dtype.itemsize)
    found = BRIDGE.imgmsg_to_cv2(sent)
    assert np.array_equal(found, pixels) and found.dtype == dtype
    assert BRIDGE.encoding_to_dtype_with_channels(encoding) == (dtype, channels)
    with pytest.raises(cv_bridge.CvBridgeError):
        BRIDGE.imgmsg_to_cv2(sent, 'bgr8')


def test_depth_changes_its_type_but_not_its_unit():
    depth = np.array([[0, 1234, 65535]], np.uint16)
    metres = BRIDGE.imgmsg_to_cv2(message(depth, '16UC1'), '32FC1')
    assert metres.dtype == np.float32 and np.array_equal(metres, depth)
    back = BRIDGE.imgmsg_to_cv2(message(np.array([[1.4, 1.6, 7e4]], np.float32), '32FC1'), '16UC1')
    assert back.tolist() == [[1, 2, 65535]]


@pytest.mark.parametrize('encoding', ['nv12', 'nv21', 'nv24', 'no such', '', '8UC', 'rgb'])
def test_unknown_encodings_are_refused(encoding):
    sent = message(GREY, encoding)
    for desired in ('passthrough', 'bgr8'):
        with pytest.raises(cv_bridge.CvBridgeError):
            BRIDGE.imgmsg_to_cv2(sent, desired)
    with pytest.raises(cv_bridge.CvBridgeError):
        BRIDGE.imgmsg_to_cv2(message(scene(), 'bgr8'), encoding or 'none')


@pytest.mark.parametrize(('source', 'target'), [
    ('bgr8', 'yuv422'), ('mono8', 'bayer_rggb8'), ('bayer_rggb8', 'bgra8'), ('bgr8', '8UC1'),
    ('8UC3', 'bgr8'), ('bayer_rggb8', 'bayer_rggb16'), ('bayer_rggb8', 'bayer_bggr8')])
def test_conversions_without_a_meaning_are_refused(source, target):
    pixels = scene() if source in ('bgr8', '8UC3') else GREY
    with pytest.raises(cv_bridge.CvBridgeError):
        BRIDGE.imgmsg_to_cv2(message(pixels, source), target)


def test_a_cut_off_image_is_refused():
    sent = message(scene(), 'bgr8')
    sent.data = sent.data[:len(sent.data) // 2]
    with pytest.raises(TypeError):
        BRIDGE.imgmsg_to_cv2(sent, 'bgr8')


@pytest.mark.skipif(sys.byteorder == 'big', reason='needs a little-endian machine')
def test_images_without_padding_are_not_copied():
    sent = message(scene(), 'bgr8')
    assert np.shares_memory(BRIDGE.imgmsg_to_cv2(sent), np.frombuffer(sent.data, np.uint8))
    converted = BRIDGE.imgmsg_to_cv2(sent, 'bgr8')
    converted[:] = 0
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(sent), scene())
