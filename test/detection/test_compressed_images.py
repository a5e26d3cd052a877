# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""JPEG and PNG: pixels as stored, whole images only, and no more memory than the file can fill."""

import struct
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import one_line

from mocap23_ros.detection.compressed_images import decode_compressed
from mocap23_ros.detection.image_headers import read_image_header
from mocap23_ros.errors import InputError

WIDTH, HEIGHT = 200, 120
KINDS = {
    'plain': [],
    'whole colours': [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444],
    'progressive': [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    'restarts': [cv2.IMWRITE_JPEG_RST_INTERVAL, 3],
    'own tables': [cv2.IMWRITE_JPEG_OPTIMIZE, 1]}


def scene():
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    return cv2.GaussianBlur(noise, (5, 5), 0)


def jpeg(image=None, parameters=()):
    return cv2.imencode('.jpg', scene() if image is None else image, parameters)[1].tobytes()


def png(image=None):
    return cv2.imencode('.png', scene() if image is None else image)[1].tobytes()


def with_orientation(data, orientation):
    tags = struct.pack('<H', 1) + struct.pack('<HHII', 0x0112, 3, 1, orientation) + bytes(4)
    body = b'Exif\0\0II*\0\x08\0\0\0' + tags
    return data[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + data[2:]


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_does_not_turn_the_pixels(orientation):
    data = with_orientation(jpeg(), orientation)
    as_stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(decode_compressed(data), as_stored)


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('grey', [False, True])
def test_a_cut_jpeg_with_an_end_put_on_is_broken(kind, grey):
    image = cv2.cvtColor(scene(), cv2.COLOR_BGR2GRAY) if grey else scene()
    data = jpeg(image, KINDS[kind])
    header = read_image_header(data)
    assert (header.width, header.height) == (WIDTH, HEIGHT)
    assert decode_compressed(data).shape == (HEIGHT, WIDTH, 3)
    parts = (0.3, 0.5) if kind == 'progressive' else (0.3, 0.5, 0.8, 0.95)
    endings = [(part, end) for part in parts for end in (b'', b'\xff\xd9')]
    for part, end in [*endings, (0.3, bytes(16) + b'\xff\xd9')]:
        with one_line('cut off'):
            decode_compressed(data[:int(part * len(data))] + end)


def test_images_that_end_in_grey_are_whole():
    image = scene()
    image[-40:] = 128
    assert decode_compressed(jpeg(image)).shape == image.shape
    assert decode_compressed(jpeg(np.full_like(image, 128))).shape == image.shape
    image[-40:] = 0
    assert decode_compressed(jpeg(image, KINDS['progressive'])).shape == image.shape


def test_what_follows_the_end_does_not_count():
    data = jpeg()
    for rest in (bytes(512), b'\xff\xd9', data):
        assert np.array_equal(decode_compressed(data + rest), decode_compressed(data))
    with pytest.raises(InputError, match='cut off'):
        decode_compressed(data[:len(data) // 2] + b'\xff\xd9' + data)


def test_png_is_exact_and_whole():
    data = png()
    assert np.array_equal(decode_compressed(data), scene())
    deep = cv2.imencode('.png', scene().astype(np.uint16) * 257)[1].tobytes()
    assert np.array_equal(decode_compressed(deep), scene())
    with pytest.raises(InputError, match='cut off'):
        decode_compressed(data[:-500])
    with pytest.raises(InputError, match='cannot be decoded'):
        decode_compressed(data[:900] + data[1500:])


def bombs():
    gif = b'GIF89a' + struct.pack('<HH', 65000, 36000) + bytes(3) + b',' + bytes(8) + bytes(14)
    bmp = b'BM' + struct.pack('<IIIIiiHHI', 1080, 0, 54, 40, 40000, 50000, 1, 24, 0) + bytes(1050)
    small = jpeg(np.zeros((16, 16, 3), np.uint8))
    frame = small.index(b'\xff\xc0')

    def claiming(width, height, before=b''):
        size = height.to_bytes(2, 'big') + width.to_bytes(2, 'big')
        return small[:frame] + before + small[frame:frame + 5] + size + small[frame + 9:]
    flat = bytearray(png(np.zeros((16, 16, 3), np.uint8)))
    flat[16:24] = struct.pack('>II', 8000, 8000)
    return {'gif': gif, 'bmp': bmp, 'fill byte': claiming(45000, 45000, b'\xff'),
            'fill bytes': claiming(60000, 60000, b'\xff' * 50), 'as large as is read':
            claiming(8000, 8000), 'no height': claiming(8000, 0), 'png': bytes(flat),
            'nothing': b'', 'noise': bytes(range(256)) * 4}


PEAK = """
import pathlib, resource, sys
from mocap23_ros.detection.compressed_images import decode_compressed
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        decode_compressed(pathlib.Path(path).read_bytes())
    except ValueError:
        continue
    sys.exit(f'{path} was decoded')
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_small_files_never_take_much_memory(tmp_path):
    for name, data in bombs().items():
        assert len(data) < 1200
        with pytest.raises(InputError) as caught:
            decode_compressed(data)
        assert '\n' not in str(caught.value), name
        (tmp_path / name).write_bytes(data)
    run = subprocess.run([sys.executable, '-c', PEAK, *map(str, tmp_path.iterdir())],
                         capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 32_000, 'kilobytes more than before'


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(['jpeg', 'progressive', 'png']), st.integers(0, 2000),
       st.binary(max_size=6), st.integers(0, 8), st.integers(0, 3))
def test_damaged_files_are_an_image_or_one_line(kind, place, inserted, removed, cut):
    small = scene()[:40, :48]
    data = png(small) if kind == 'png' else jpeg(small, KINDS.get(kind, []))
    place %= len(data)
    data = data[:place] + inserted + data[place + removed:]
    data = data[:len(data) * (4 - cut) // 4]
    try:
        image = decode_compressed(data)
    except InputError as error:
        assert '\n' not in str(error)
    else:
        header = read_image_header(data)
        assert image.shape == (header.height, header.width, 3) and image.dtype == np.uint8


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n', b'']), st.binary(max_size=200))
def test_any_bytes_are_a_header_or_one_line(start, rest):
    try:
        header = read_image_header(start + rest)
    except InputError as error:
        assert '\n' not in str(error)
    else:
        assert header.width > 0 and header.height > 0
