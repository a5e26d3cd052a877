# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a video file with the container's own stamps, as every player shows them."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.images import LARGEST_SIDE
from mocap23_ros.errors import InputError
from mocap23_ros.optional_packages import optional_module

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAXIMUM_FRAMES = 200_000
# Bare streams hold no times; FFmpeg makes some up for a part of them.
_WITHOUT_TIMES = frozenset(('h264', 'hevc', 'vvc', 'av1', 'obu', 'mjpeg', 'm4v', 'h263', 'vc1',
                            'mpegvideo', 'dirac', 'cavsvideo', 'rawvideo'))
_CAPTURE_RATE = 'com.android.capture.fps'  # of slow motion, which plays slower than the motion was
_CAPTURE_TOLERANCE = 1.2
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class VideoFile:
    """An open video; iterate over it once for (stamp, image), and close it.

    Stamps are seconds since the first frame, images uint8 [H,W,3] BGR. Frames that are damaged
    are left out and counted.

    stored_size: (width, height) of the pixels as stored. turn: 0, 90, 180 or 270
    degrees anticlockwise, by which the metadata turns them for viewing; images come turned, as in
    other readers. pixel_aspect: width of a pixel over its height, as shown. frames: how many the
    container says there are, 0 = unknown; exact: whether it counts them. read, lost: frames
    so far that could be read and that could not.
    """

    def __init__(self, path: Path, rate: float | None = None) -> None:
        """rate: frames per second, in place of the container's stamps.

        Raises InputError for files that are not videos, for those without stamps unless a rate is
        given, and for slow motion.
        """
        av = optional_module('av', 'av', 'videos are read with the package')
        if not path.is_file():
            raise InputError(f'{path}: no such file')
        self._path, self._rate, self._error = path, rate, av.error.FFmpegError
        self.read = self.lost = self._uneven = 0
        self._span = 0.0
        try:
            # No other protocol: a playlist must not reach the network.
            self._container: InputContainer = av.open(
                f'file:{path.absolute()}', options={'protocol_whitelist': 'file'},
                metadata_errors='replace')
        except (self._error, OSError, ValueError) as error:
            raise InputError(f'{path} is not a video that can be read ({_reason(error)})') from None
        try:
            self._stream = self._find_stream()
            self._check_times()
            self._rest = self._decoded()
            first = next(self._rest, None)
            if first is None:
                raise InputError(f'{path} has no frames that can be read')
            self._first = first
            self.turn = self._orientation()
        except BaseException:
            self.close()
            raise
        self.frames, self.exact, self._length = self._expected_frames()

    def __enter__(self) -> 'VideoFile':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height of the pixels as stored."""
        return self._stream.codec_context.width, self._stream.codec_context.height

    @property
    def pixel_aspect(self) -> float:
        """Width of a pixel over its height in the images that are given out."""
        ratio = self._stream.sample_aspect_ratio or Fraction(1)
        return float(1 / ratio if self.turn in (90, 270) else ratio)

    @property
    def shortfall(self) -> str:
        """What to say after the last frame about frames that are missing, '' for nothing."""
        frames = self._frames_by_time()
        if not self.lost and (not frames or self.read >= frames * (
                1 if self.exact else 0.95) - (0 if self.exact else 2)):
            return ''
        total = max(frames, self.read + self.lost)
        about = '' if self.exact or not self.frames else 'about '
        return (f'{self.read} of {about}{total} frames could be read: the file is damaged or '
                'breaks off')

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        first, last, number = None, -math.inf, -1
        for frame in itertools.chain((self._first,), self._rest):
            number += 1
            if frame.is_corrupt:
                self.lost += 1
                continue
            if (frame.width, frame.height) != self.stored_size:
                raise InputError(f'{self._path} changes its size to {frame.width}x{frame.height} '
                                 f'after {number} frames; cut it there')
            stamp = number / self._rate if self._rate else self._time(frame)
            first = stamp if first is None else first
            if stamp <= last:  # repeated or out of order
                self.lost += 1
                continue
            if self.read == MAXIMUM_FRAMES:
                raise InputError(f'{self._path} is longer than {MAXIMUM_FRAMES} frames; cut it')
            if self.read:
                rate = float(self._stream.average_rate or 0)
                self._uneven += abs((stamp - last) * rate - 1) > 0.2
            last, self._span = stamp, stamp - first
            self.read += 1
            image = np.asarray(frame.to_ndarray(format='bgr24'), np.uint8)
            if self.turn:
                image = np.asarray(cv2.rotate(image, _TURNS[self.turn]), np.uint8)
            yield stamp - first, image

    def _decoded(self) -> Iterator['VideoFrame']:
        """All frames, going on behind damaged packets."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (self._error, EOFError):  # the container breaks off: what is inside is left
                packet = None
                self.lost += 1
            try:
                yield from self._stream.codec_context.decode(packet)
            except self._error:
                self.lost += 1
            except EOFError:
                return
            if packet is None:
                return

    def _find_stream(self) -> 'VideoStream':
        stream = cast('VideoStream | None', self._container.streams.best('video'))
        if stream is None:
            raise InputError(f'{self._path} has no video that can be read')
        if stream.codec_context is None:
            raise InputError(f'the coding of the video in {self._path} is not known here; convert '
                             'it (ffmpeg -i IN -c:v libx264 OUT.mp4)')
        if 'attached_pic' in (stream.disposition.name or '') or (
                self._container.format.name in ('image2', 'webp_pipe', 'png_pipe')):
            raise InputError(f'{self._path} holds a picture and no video: motion needs a video')
        width, height = stream.codec_context.width, stream.codec_context.height
        if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
            raise InputError(f'the video in {self._path} says it is {width}x{height}; at most '
                             f'{LARGEST_SIDE} px a side are taken')
        stream.thread_type = 'AUTO'
        return stream

    def _check_times(self) -> None:
        if self._rate:
            return
        kind = self._container.format.name
        if kind in _WITHOUT_TIMES or kind.endswith('_pipe'):
            raise self._without_times()
        capture = _number(self._container.metadata.get(_CAPTURE_RATE))
        shown = float(self._stream.average_rate or 0)
        if capture and shown and capture > _CAPTURE_TOLERANCE * shown:
            raise InputError(f'{self._path} is slow motion, taken at {capture:g} and shown at '
                             f'{shown:.3g} frames a second: say which holds with --fps')

    def _without_times(self) -> InputError:
        guess = self._stream.guessed_rate
        hint = f' (perhaps {float(guess):.4g})' if guess else ''
        return InputError(f'{self._path} does not say when its frames were taken: give their rate '
                          f'with --fps{hint}')

    def _time(self, frame: 'VideoFrame') -> float:
        if frame.pts is None or frame.time_base is None:
            raise self._without_times()
        return float(frame.pts * frame.time_base)

    def _frames_by_time(self) -> int:
        """How many frames there should be; a variable rate is what was read, not a nominal one."""
        if self.exact or self._rate or self._uneven <= 0.2 * self.read:
            return self.frames
        return round(1 + (self.read - 1) * self._length / self._span)

    def _expected_frames(self) -> tuple[int, bool, float]:
        """Number of frames, whether the container counts them, and their time in seconds."""
        stream, length = self._stream, (self._container.duration or 0) / 1e6
        if 'matroska' in self._container.format.name:  # its duration counts from zero, not from
            length -= max(0, self._container.start_time or 0) / 1e6  # the first frame
        shown = stream.frames
        if stream.duration and stream.time_base and stream.average_rate:
            shown = round(float(stream.duration * stream.time_base * stream.average_rate))
        if 0 < stream.frames <= shown + 1:
            return stream.frames, True, length
        if stream.frames:  # a part was cut off by an edit list, as phones trim videos
            return shown, False, float((stream.duration or 0) * (stream.time_base or 0))
        return round(max(0.0, length) * float(stream.average_rate or 0)), False, max(0.0, length)

    def _orientation(self) -> int:
        """Degrees anticlockwise, by the display matrix, which comes with the frames."""
        side_data = self._first.side_data.get('DISPLAYMATRIX')
        if side_data is None:
            return 0
        buffer = cast('bytes', side_data)  # a buffer, which PyAV's types do not say
        matrix = np.frombuffer(buffer, np.int32)[[0, 1, 3, 4]].reshape(2, 2) / 65536
        turn = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
        if np.linalg.det(matrix) < 0 or abs(turn - 90 * round(turn / 90)) > 1:
            raise InputError(f'{self._path} is mirrored, or turned by no quarter turn, by its '
                             'metadata: encode it as it is shown (ffmpeg -i IN OUT.mp4)')
        return 90 * round(turn / 90) % 360


def _reason(error: Exception) -> str:
    return ' '.join(str(getattr(error, 'strerror', None) or error).split())[:120]


def _number(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if 0 < value < 1e5 else 0.0
