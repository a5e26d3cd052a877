# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Videos as they come from phones and drivers: right, or refused in one line."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from default_detector import require_default_detector
from drawn_person import FPS, draw, pixels, write_video
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mocap23_ros.cli.main import main
from mocap23_ros.detection.mediapipe_detector import MediapipeDetector
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.recordings.video_file import VideoFile
from mocap23_ros.recordings.video_recording import record_video
from mocap23_ros.skeletons.formats import COCO17

SIZE = (160, 120)


def picture(number, size=SIZE):
    """A ramp with a bright square that moves: upright and mirrored pictures differ."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(40, 120, width)
    image[..., 1] = np.linspace(40, 200, height)[:, None]
    image[10:30, 10 + number:30 + number] = 250
    return image


def encode(path, times, *, codec='mpeg4', pixels='yuv420p', size=SIZE, container='mp4', aspect=None,
           metadata=None, draw=picture):
    """times: in units of 1/600 s."""
    options = {'movflags': 'use_metadata_tags+faststart'} if container == 'mp4' else {}
    with av.open(str(path), 'w', format=container, options=options) as output:
        output.metadata.update(metadata or {})
        stream = output.add_stream(codec, rate=Fraction(30), options={'g': '5'})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = Fraction(1, 600)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(draw(number), format='bgr24').reformat(
                format=pixels)
            frame.pts, frame.time_base = int(time), Fraction(1, 600)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def turned(path, degrees):
    """Write a turn into the track header of an mp4 file, as phones do; anticlockwise."""
    data = bytearray(path.read_bytes())
    cos, sin = (round(f(np.radians(degrees))) for f in (np.cos, np.sin))
    matrix = [cos << 16, -sin * 65536, 0, sin * 65536, cos << 16, 0, 0, 0, 1 << 30]
    start = data.index(b'tkhd') + 44
    data[start:start + 36] = struct.pack('>9i', *matrix)
    path.write_bytes(data)
    return path


def read(path, rate=None):
    with VideoFile(path, rate) as video:
        frames = list(video)
        return [stamp for stamp, _ in frames], [image for _, image in frames], video


REGULAR = np.arange(30) * 20


def test_stamps_are_those_of_the_container(tmp_path):
    times = np.concatenate([np.arange(10) * 20, 200 + np.arange(10) * 60, [1000, 1001, 1400]])
    stamps, images, video = read(encode(tmp_path / 'phone.mp4', 600 + times))
    assert np.allclose(stamps, times / 600, atol=1e-6) and not video.shortfall
    assert len(images) == len(times) and images[0].shape == (120, 160, 3)
    for container in ('matroska', 'avi'):
        stamps, _, _ = read(encode(tmp_path / container, REGULAR, container=container))
        assert np.allclose(stamps, REGULAR / 600, atol=2e-3), container
    assert np.allclose(read(tmp_path / 'phone.mp4', 240)[0], np.arange(len(times)) / 240)


@pytest.mark.parametrize(('codec', 'container'), [('mpeg4', 'm4v'), ('mjpeg', 'mjpeg')])
def test_a_rate_that_nobody_knows_is_asked_for(tmp_path, codec, container):
    pixels = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
    bare = encode(tmp_path / f'pi.{container}', REGULAR, codec=codec, pixels=pixels,
                  container=container)
    with pytest.raises(InputError, match='give their rate with --fps'):
        read(bare)
    stamps, _, _ = read(bare, 90)
    assert np.allclose(stamps, np.arange(30) / 90)


def test_slow_motion_is_asked_about(tmp_path):
    slow = encode(tmp_path / 'slow.mp4', REGULAR, metadata={'com.android.capture.fps': '240.0'})
    with pytest.raises(InputError, match='slow motion, taken at 240 and shown at 30'):
        read(slow)
    assert read(slow, 240)[0][-1] == pytest.approx(29 / 240)
    usual = encode(tmp_path / 'usual.mp4', REGULAR, metadata={'com.android.capture.fps': '30.0'})
    assert len(read(usual)[0]) == 30


@pytest.mark.parametrize('part', [0.5, 0.8])
def test_a_video_that_breaks_off_says_how_much_was_read(tmp_path, part):
    path = encode(tmp_path / 'cut.mp4', REGULAR)
    data = path.read_bytes()
    path.write_bytes(data[:int(part * len(data))])
    stamps, images, video = read(path)
    assert 5 < len(images) < 28
    assert video.shortfall.startswith(f'{len(images)} of 30 frames could be read')
    assert np.allclose(stamps, REGULAR[:len(stamps)] / 600, atol=1e-6)


def test_a_video_that_was_trimmed_is_whole(tmp_path):
    stamps, images, video = read(encode(tmp_path / 'cut.mp4', REGULAR - 200))
    assert len(images) == 20 and video.shortfall == ''
    assert np.abs(picture(10).astype(int) - images[0]).mean() < 12


def test_pictures_are_no_videos(tmp_path):
    for name, rate in (('still.png', None), ('still.jpg', 30.0)):
        cv2.imwrite(str(tmp_path / name), picture(0))
        with pytest.raises(InputError, match='motion needs a video'):
            read(tmp_path / name, rate)


def test_damage_in_the_middle_is_said(tmp_path):
    path = encode(tmp_path / 'hole.mp4', REGULAR, codec='mjpeg', pixels='yuvj420p')
    data = bytearray(path.read_bytes())
    data[len(data) // 2:len(data) // 2 + 4000] = bytes(4000)
    path.write_bytes(data)
    _, images, video = read(path)
    assert 20 < len(images) < 30
    assert video.shortfall.startswith(f'{len(images)} of 30 frames')


@pytest.mark.parametrize(('codec', 'pixels', 'container', 'size'), [
    ('ffv1', 'yuv420p10le', 'matroska', SIZE), ('ffv1', 'gray', 'matroska', SIZE),
    ('ffv1', 'yuv444p', 'matroska', (161, 121)), ('mjpeg', 'yuvj420p', 'avi', SIZE),
    ('libx264', 'yuv420p', 'mp4', SIZE), ('libx265', 'yuv420p10le', 'mp4', SIZE)])
def test_codings_give_the_same_pictures(tmp_path, codec, pixels, container, size):
    if codec not in av.codecs_available:
        pytest.skip(f'this PyAV has no {codec}')
    path = encode(tmp_path / 'video', REGULAR[:8], codec=codec, pixels=pixels, container=container,
                  size=size, draw=lambda number: picture(number, size))
    stamps, images, _ = read(path)
    assert len(stamps) == 8
    grey = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(int) for image in images]
    for number, image in enumerate(grey):
        wanted = cv2.cvtColor(picture(number, size), cv2.COLOR_BGR2GRAY)
        assert np.abs(image - wanted).mean() < 12, number


@pytest.mark.parametrize('degrees', [90, 180, 270])
def test_a_turn_in_the_metadata_is_applied_as_others_do(tmp_path, degrees):
    path = turned(encode(tmp_path / 'turned.mp4', REGULAR[:5]), degrees)
    _, images, video = read(path)
    assert video.turn == degrees
    capture = cv2.VideoCapture(str(path))
    theirs = capture.read()[1]
    assert theirs.shape == images[0].shape
    assert np.abs(theirs.astype(int) - images[0]).mean() < 3
    assert np.abs(np.rot90(picture(0), degrees // 90).astype(int) - images[0]).mean() < 12


@pytest.mark.parametrize(('content', 'words'), [
    (b'', 'not a video'), (b'hello' * 100, 'not a video'), (None, 'no such file'),
    (b'#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://localhost:9/a.ts\n', 'not a video')])
def test_what_is_no_video_is_one_line(tmp_path, content, words):
    path = tmp_path / 'video.mp4'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read(path)
    assert '\n' not in str(caught.value) and str(path) in str(caught.value)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    return encode(tmp_path_factory.mktemp('video') / 'whole.mp4', REGULAR[:12]).read_bytes()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0, 1), st.binary(max_size=40), st.floats(0.1, 1))
def test_damaged_videos_are_frames_or_one_line(whole, tmp_path_factory, place, inserted, kept):
    at = int(place * len(whole))
    path = Path(tmp_path_factory.getbasetemp()) / 'damaged.mp4'
    data = whole[:at] + inserted + whole[at + len(inserted):]
    path.write_bytes(data[:int(kept * len(data))])
    try:
        stamps, images, _ = read(path)
    except InputError as error:
        assert '\n' not in str(error)
    else:
        assert len(images) == len(stamps) and (np.diff(stamps) > 0).all()


def lift(tmp_path, video, camera, capsys, *options):
    status = main(['lift', '--video', str(video), '--camera', str(camera), '--lifter', 'geometric',
                   '--out', str(tmp_path / 'out.npz'), *options])
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith('mocap23')]
    return status, '\n'.join(lines)


def write_camera(path, size, K=None):
    K = [[150, 0, size[0] / 2], [0, 150, size[1] / 2], [0, 0, 1]] if K is None else K
    pose = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.5], [0, 0, 0, 1.0]])
    save_camera_file(path, CameraFile(CameraModel.from_calibration(K, image_size=size), pose))
    return path


class Nobody:
    """The detector of an empty scene, which notes what it is shown."""

    format = COCO17

    def __init__(self):
        self.shapes = set()

    def detect(self, image):
        self.shapes.add(image.shape)
        return []

    def close(self):
        pass


def test_a_video_that_is_turned_against_the_calibration_is_refused(tmp_path, capsys):
    require_default_detector()
    path = turned(encode(tmp_path / 'turned.mp4', REGULAR[:5]), 90)
    status, says = lift(tmp_path, path, write_camera(tmp_path / 'stored.yaml', SIZE), capsys)
    assert status == 2 and 'turned against the calibration' in says and '\n' not in says
    lines = []
    recording = record_video(path, write_camera(tmp_path / 'shown.yaml', SIZE[::-1]), Nobody(),
                             say=lines.append)
    assert recording.cameras[0].image_size == SIZE[::-1] and 'turns the picture' in lines[0]


def test_anamorphic_pixels_go_by_the_shape_of_the_calibration(tmp_path):
    path = encode(tmp_path / 'wide.mp4', REGULAR[:5], aspect=Fraction(3, 2))
    nobody = Nobody()
    shown = record_video(path, write_camera(tmp_path / 'shown.yaml', (240, 120)), nobody)
    assert shown.cameras[0].image_size == (240, 120) and nobody.shapes == {(120, 240, 3)}
    stored = record_video(path, write_camera(tmp_path / 'stored.yaml', SIZE), Nobody())
    assert stored.cameras[0].image_size == SIZE
    with pytest.raises(InputError, match='another shape'):
        record_video(path, write_camera(tmp_path / 'other.yaml', (200, 200)), Nobody())


def test_options_of_videos_go_with_videos(tmp_path, capsys):
    for option, words in ((['--fps', '30'], '--fps goes with'), (['--rectified'], '--rectified')):
        assert main(['lift', '--keypoints', 'in.npz', '--out', 'out.npz', *option]) == 2
        assert words in capsys.readouterr().err
    assert main(['lift', '--video', 'v', '--camera', 'c', '--out', 'o', '--fps', '0']) == 2
    assert 'give 0.1 to 1000' in capsys.readouterr().err


@pytest.mark.parametrize('degrees', [90, 180, 270])
def test_a_camera_on_its_side_gives_the_same_keypoints(tmp_path, degrees):
    """Images, intrinsics and pose turned alike: the world, and so the people, are the same."""
    require_default_detector()
    _, camera_file = write_video(tmp_path, 6)
    contents = load_camera_file(camera_file)
    (fx, _, cx), (_, fy, cy), _ = contents.camera.K.tolist()
    width, height = contents.camera.image_size
    times = np.arange(6) * 600 / FPS
    drawn = [draw(points, scale) for points, scale in zip(*pixels(6), strict=True)]
    images = [np.ascontiguousarray(np.rot90(image, degrees // 90)) for image in drawn]
    K, turn = {
        90: ([[fy, 0, cy], [0, fx, width - 1 - cx], [0, 0, 1]], [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
        180: ([[fx, 0, width - 1 - cx], [0, fy, height - 1 - cy], [0, 0, 1]],
              np.diag([-1, -1, 1])),
        270: ([[fy, 0, height - 1 - cy], [0, fx, cx], [0, 0, 1]],
              [[0, -1, 0], [1, 0, 0], [0, 0, 1]])}[degrees]
    pose = contents.world_T_camera.copy()
    pose[:3, :3] = pose[:3, :3] @ np.array(turn, float).T
    size = images[0].shape[1::-1]
    upright = encode(tmp_path / 'upright.mkv', times, codec='ffv1', pixels='bgr0',
                     container='matroska', size=(width, height), draw=lambda number: drawn[number])
    side = encode(tmp_path / 'side.mkv', times, codec='ffv1', pixels='bgr0', container='matroska',
                  size=size, draw=lambda number: images[number])
    side_file = tmp_path / 'side.yaml'
    save_camera_file(side_file, CameraFile(
        CameraModel.from_calibration(K, image_size=size), pose, contents.floor_height))
    detector = MediapipeDetector()
    try:
        one = record_video(upright, camera_file, detector)
        detector.reset()
        other = record_video(side, side_file, detector)
    finally:
        detector.close()
    assert one.people == other.people == 1

    def directions(recording):
        flat = recording.undistorted()[:, 0, :, :2]
        rays = np.concatenate([flat, np.ones((*flat.shape[:-1], 1))], axis=-1)
        return rays @ recording.world_T_camera[0, :3, :3].T
    apart = np.linalg.norm(directions(one) - directions(other), axis=-1)
    assert np.isfinite(apart).any()
    assert np.nanmax(apart) < 1e-6, 'the detector must see the very same pixels'
