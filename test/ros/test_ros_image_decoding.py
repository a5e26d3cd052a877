# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every encoding that cameras send becomes BGR; damaged images are refused in one line."""

import cv2
import numpy as np
import pytest
from refusals import one_line
from sensor_msgs.msg import CompressedImage, Image

from mocap23_ros.errors import InputError
from mocap23_ros.ros.image_decoding import decode_compressed_image, decode_image

WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope='module')
def bgr():
    """Smooth, so that Bayer patterns and halved chrominance lose little."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = np.stack([80 + x, 60 + 2 * y, 200 - x - y], axis=-1)
    return image.astype(np.uint8)


def message(array, encoding, step=None, padding=0):
    height, width = array.shape[:2]
    rows = array.reshape(height, -1).view(np.uint8)
    if padding:
        rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=255)
    return Image(height=height, width=width, encoding=encoding, step=step or rows.shape[1],
                 data=rows.tobytes())


def bayer(bgr, pattern):
    image = np.empty(bgr.shape[:2], np.uint8)
    for i, colour in enumerate(pattern):
        channel = 'bgr'.index(colour)
        image[i // 2::2, i % 2::2] = bgr[i // 2::2, i % 2::2, channel]
    return image


def semi_planar(bgr, code):
    i420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    luma = i420[:HEIGHT]
    u, v = i420[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    order = (u, v) if code == 'nv12' else (v, u)
    planes = np.vstack([luma, np.stack(order, axis=-1).reshape(HEIGHT // 2, WIDTH)])
    return Image(height=HEIGHT, width=WIDTH, encoding=code, step=WIDTH, data=planes.tobytes())


@pytest.mark.parametrize(('encoding', 'make', 'tolerance'), [
    ('bgr8', lambda b: b, 0),
    ('8UC3', lambda b: b, 0),
    ('rgb8', lambda b: b[..., ::-1].copy(), 0),
    ('rgba8', lambda b: cv2.cvtColor(b, cv2.COLOR_BGR2RGBA), 0),
    ('bgra8', lambda b: cv2.cvtColor(b, cv2.COLOR_BGR2BGRA), 0),
    ('8UC4', lambda b: cv2.cvtColor(b, cv2.COLOR_BGR2BGRA), 0),
    ('bayer_rggb8', lambda b: bayer(b, 'rggb'), 6),
    ('bayer_bggr8', lambda b: bayer(b, 'bggr'), 6),
    ('bayer_gbrg8', lambda b: bayer(b, 'gbrg'), 6),
    ('bayer_grbg8', lambda b: bayer(b, 'grbg'), 6),
])
def test_colour_encodings(bgr, encoding, make, tolerance):
    decoded = decode_image(message(make(bgr), encoding))
    assert decoded.dtype == np.uint8 and decoded.flags.c_contiguous
    inner = np.s_[2:-2, 2:-2]
    difference = np.abs(decoded[inner].astype(int) - bgr[inner])
    assert difference.max() <= tolerance


@pytest.mark.parametrize('code', ['nv12', 'nv21'])
def test_semi_planar_yuv(bgr, code):
    difference = np.abs(decode_image(semi_planar(bgr, code)).astype(int) - bgr)
    assert difference.mean() < 3


def test_yuv422_packed(bgr):
    yuv = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV)
    chroma = np.where(np.arange(WIDTH) % 2 == 0, yuv[..., 1], yuv[..., 2])
    uyvy = np.stack([chroma, yuv[..., 0]], axis=-1)
    for encoding, array in (('yuv422', uyvy), ('yuv422_yuy2', uyvy[..., ::-1].copy()),
                            ('uyvy', uyvy), ('yuyv', uyvy[..., ::-1].copy())):
        decoded = decode_image(message(array, encoding))
        # Studio against full range: the colours must be the same, not the contrast.
        assert np.corrcoef(decoded.ravel(), bgr.ravel())[0, 1] > 0.95, encoding


def test_grey_images(bgr):
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    for array, encoding in ((grey, 'mono8'), (grey, '8UC1'),
                            (grey.astype(np.uint16) * 257, 'mono16')):
        decoded = decode_image(message(array, encoding))
        assert decoded.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(decoded.astype(int) - grey[..., None]).max() <= 1, encoding


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize(('encoding', 'order'), [('rgb16', [2, 1, 0]), ('bgra16', [0, 1, 2, 2])])
def test_sixteen_bits_of_either_byte_order(bgr, encoding, order, big_endian):
    pixels = (bgr[..., order].astype(np.uint16) * 257).astype('>u2' if big_endian else '<u2')
    sent = message(pixels, encoding)
    sent.is_bigendian = int(big_endian)
    np.testing.assert_array_equal(decode_image(sent), bgr)


@pytest.mark.parametrize('bits', [10, 12, 14])
@pytest.mark.parametrize('encoding', ['mono16', 'bayer_rggb16'])
def test_sensors_that_leave_the_upper_bits_empty_are_not_black(bits, encoding):
    grey = np.random.default_rng(0).integers(0, 256, (48, 64)).astype(np.uint16)
    grey[0, 0] = 255
    left, right = (decode_image(Image(
        height=48, width=64, encoding=encoding, step=128,
        data=(grey * scale).astype('<u2').tobytes())) for scale in (257, (2**bits - 1) // 255))
    assert np.abs(left.astype(int) - right).max() <= 3
    if encoding == 'mono16':
        for scale in (257, (2**bits - 1) // 255):
            data = cv2.imencode('.png', grey * np.uint16(scale))[1].tobytes()
            png = decode_compressed_image(CompressedImage(format='mono16; png', data=data))
            assert np.abs(left.astype(int) - png).max() <= 3


def test_a_compressed_depth_image_is_refused():
    data = cv2.imencode('.png', np.full((48, 64), 2000, np.uint16))[1].tobytes()
    with pytest.raises(InputError, match='depth'):
        decode_compressed_image(CompressedImage(format='16UC1; png compressed ', data=data))


@pytest.mark.parametrize('padding', [1, 3, 16])
def test_padded_rows(bgr, padding):
    np.testing.assert_array_equal(decode_image(message(bgr, 'bgr8', padding=padding)), bgr)


@pytest.mark.parametrize(('bad', 'reason'), [
    (Image(), 'empty'),
    (Image(height=48, width=64, encoding='bgr8', step=192), 'empty'),
    (Image(height=48, width=64, encoding='bgr8', step=192, data=bytes(100)), 'cut off'),
    (Image(height=48, width=64, encoding='nv12', step=64, data=bytes(64 * 48)), 'cut off'),
    (Image(height=48, width=64, encoding='bgr8', step=3, data=bytes(9216)), 'rows of 192 bytes'),
    (Image(height=48, width=64, encoding='holo8', step=192, data=bytes(9216)), 'holo8'),
    (Image(height=48, width=64, encoding='', step=192, data=bytes(9216)), 'unknown encoding'),
    (Image(height=48, width=64, encoding='16UC1', step=128, data=bytes(6144)), 'depth'),
])
def test_bad_images_are_refused_in_one_line(bad, reason):
    with one_line(reason):
        decode_image(bad)


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
def test_compressed_images(bgr, extension):
    data = cv2.imencode(extension, bgr)[1].tobytes()
    decoded = decode_compressed_image(CompressedImage(format=extension[1:], data=data))
    assert np.abs(decoded.astype(int) - bgr).mean() < (3 if extension == '.jpg' else 1e-9)
