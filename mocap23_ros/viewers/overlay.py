# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What overlays draw: 2D keypoints, the reprojected 3D skeleton, a view from above; and mp4."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.skeletons.coco17 import BODY_BONES, BONES, HIPS

# BGR
LEFT, RIGHT, MIDDLE = (60, 170, 255), (230, 160, 50), (235, 235, 235)
TRUTH, INK, PAPER = (150, 150, 150), (40, 32, 26), (250, 250, 250)
_MARGIN = 12  # px, of the inset
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class VideoWriter:
    """Writes an mp4 file; complete when the block has ended without error.

    H.264 with the ffmpeg program where there is one, or with OpenCV where it can; else MPEG-4
    part 2 (``codec`` says which), which VLC and mpv play but browsers do not.
    """

    def __init__(self, path: Path, image_size: tuple[int, int], fps: float) -> None:
        self._process: subprocess.Popen | None = None
        self._writer: cv2.VideoWriter | None = None
        self.codec = 'h264'
        width, height = image_size
        ffmpeg = shutil.which('ffmpeg')
        if ffmpeg and _has_x264(ffmpeg):
            self._process = subprocess.Popen(
                [ffmpeg, '-loglevel', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'bgr24', '-s',
                 f'{width}x{height}', '-r', f'{fps:g}', '-i', '-', '-c:v', 'libx264', '-preset',
                 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-movflags', '+faststart',
                 str(path)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            return
        for codec, code in (('h264', 'avc1'), ('mpeg4', 'mp4v')):
            with _silence():  # OpenCV complains on stderr about each codec that is not there
                writer = cv2.VideoWriter(
                    str(path), cv2.VideoWriter.fourcc(*code), fps, image_size)
            if writer.isOpened():
                self._writer, self.codec = writer, codec
                return
        raise InputError('OpenCV can write no mp4 video; install opencv-python-headless from PyPI')

    def __enter__(self) -> 'VideoWriter':
        return self

    def write(self, image: NDArray[np.uint8]) -> None:
        """Append an image uint8 [H,W,3] BGR."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(np.ascontiguousarray(image).tobytes())
        elif self._writer is not None:
            self._writer.write(image)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        code = 0
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            code = self._process.wait()
        elif self._writer is not None:
            self._writer.release()
        if kind is None and code != 0:
            raise InputError(f'ffmpeg could not write the video (exit status {code}); is there '
                             'room on the disk?')


def draw_keypoints(image: NDArray[np.uint8], keypoints: NDArray) -> None:
    """Draw 2D keypoints [17,3] as rings whose brightness is their confidence."""
    for x, y, confidence in keypoints:
        if np.isfinite([x, y]).all():
            centre = (round(float(x)), round(float(y)))
            shade = int(110 + 145 * min(max(float(confidence), 0.0), 1.0))
            cv2.circle(image, centre, 5, INK, -1, cv2.LINE_AA)
            cv2.circle(image, centre, 3, (shade, shade, shade), -1, cv2.LINE_AA)


def draw_skeleton(image: NDArray[np.uint8], p_pixel: NDArray) -> None:
    """Draw the bones of COCO-17 joints given in pixels [17,2]; left orange, right blue."""
    for outline in (True, False):
        for a, b in BONES:
            if np.isfinite(p_pixel[[a, b]]).all() and np.abs(p_pixel[[a, b]]).max() < 1e4:
                ends = [tuple(round(float(v)) for v in p_pixel[i]) for i in (a, b)]
                colour = INK if outline else _bone_colour(a, b)
                cv2.line(image, ends[0], ends[1], colour, 5 if outline else 3, cv2.LINE_AA)


class FloorMap:
    """View from above: camera, true people in grey, estimates in colour, a 1 m grid."""

    def __init__(self, spots: NDArray, size: int) -> None:
        """spots: [N,2] m, all that must be on the map, NaN left out; size: px."""
        self._size = size
        self._trail: list[NDArray] = []
        spots = spots[np.isfinite(spots).all(1)]
        low, high = ((spots.min(0) - 0.5, spots.max(0) + 0.5) if len(spots)
                     else (np.full(2, -2.0), np.full(2, 2.0)))
        self._origin = (low + high) / 2
        self._scale = size / float((high - low).max())
        self._base = self._background()

    def draw(self, people: Sequence[NDArray], truth: Sequence[NDArray], camera: CameraModel,
             world_T_camera: NDArray) -> NDArray[np.uint8]:
        """Return the map [size,size,3] with people and true people, each joints [17,3]."""
        canvas = self._base.copy()
        self._camera(canvas, camera, world_T_camera)
        hips = [person[HIPS, :2].mean(0) for person in (truth or people)]
        self._trail = [*self._trail[-90 * max(len(hips), 1):],
                       *(spot for spot in hips if np.isfinite(spot).all())]
        for spot in self._trail:
            cv2.circle(canvas, self._pixel(spot), 1, (205, 205, 205), -1, cv2.LINE_AA)
        for person in truth:
            self._person(canvas, person, True)
        for person in people:
            self._person(canvas, person, False)
        return canvas

    def _person(self, canvas: NDArray[np.uint8], joints: NDArray, is_truth: bool) -> None:
        for a, b in BODY_BONES:
            if np.isfinite(joints[[a, b]]).all():
                colour = TRUTH if is_truth else _bone_colour(a, b)
                cv2.line(canvas, self._pixel(joints[a]), self._pixel(joints[b]), colour,
                         3 if is_truth else 2, cv2.LINE_AA)

    def _pixel(self, p_world: NDArray) -> tuple[int, int]:
        x, y = (np.asarray(p_world[:2]) - self._origin) * self._scale
        return round(self._size / 2 + float(x)), round(self._size / 2 - float(y))

    def _background(self) -> NDArray[np.uint8]:
        canvas = np.full((self._size, self._size, 3), PAPER, np.uint8)
        reach = self._size / self._scale / 2
        for axis in range(2):
            low = int(np.ceil(self._origin[axis] - reach))
            for line in range(low, int(self._origin[axis] + reach) + 1):
                ends = np.array([self._origin - reach, self._origin + reach])
                ends[:, axis] = line
                cv2.line(canvas, self._pixel(ends[0]), self._pixel(ends[1]), (228, 228, 228), 1)
        cv2.putText(canvas, 'from above, 1 m grid', (8, self._size - 9), _FONT, 0.42,
                    (110, 110, 110), 1, cv2.LINE_AA)
        cv2.rectangle(canvas, (0, 0), (self._size - 1, self._size - 1), (190, 190, 190), 1)
        return canvas

    def _camera(self, canvas: NDArray[np.uint8], camera: CameraModel, world_T_camera: NDArray
                ) -> None:
        centre = world_T_camera[:2, 3]
        width, height = camera.image_size
        for x in (0.0, width - 1.0):
            ray = np.append(camera.undistort(np.array([x, height / 2])), 1.0)
            direction = (world_T_camera[:3, :3] @ ray)[:2]
            direction *= 1.2 / np.linalg.norm(direction)
            if np.isfinite(direction).all():
                cv2.line(canvas, self._pixel(centre), self._pixel(centre + direction),
                         (170, 170, 170), 1, cv2.LINE_AA)
        cv2.circle(canvas, self._pixel(centre), 6, INK, -1, cv2.LINE_AA)


def draw_inset(image: NDArray[np.uint8], inset: NDArray[np.uint8]) -> None:
    """Put a picture into the lower left corner."""
    height, width = inset.shape[:2]
    bottom = image.shape[0] - _MARGIN
    part = image[bottom - height:bottom, _MARGIN:_MARGIN + width]
    part[:] = cv2.addWeighted(inset, 0.93, part, 0.07, 0)


def draw_caption(image: NDArray[np.uint8], lines: Sequence[str]) -> None:
    """Write lines on a dark band at the top."""
    height = 12 + 24 * len(lines)
    image[:height] = (image[:height] * 0.35).astype(np.uint8)
    for number, line in enumerate(lines):
        cv2.putText(image, line, (14, 26 + 24 * number), _FONT, 0.56, (255, 255, 255), 1,
                    cv2.LINE_AA)


def _bone_colour(a: int, b: int) -> tuple[int, int, int]:
    if a > 4 and b > 4 and a % 2 == b % 2:
        return LEFT if a % 2 else RIGHT
    return MIDDLE


def _has_x264(ffmpeg: str) -> bool:
    done = subprocess.run([ffmpeg, '-hide_banner', '-encoders'], capture_output=True, text=True)
    return 'libx264' in done.stdout


class _silence:
    """Keep what native code writes to stderr away."""

    def __enter__(self) -> None:
        self._saved = os.dup(2)
        with open(os.devnull, 'wb') as nowhere:
            os.dup2(nowhere.fileno(), 2)

    def __exit__(self, *_: object) -> None:
        os.dup2(self._saved, 2)
        os.close(self._saved)


def resized_frames(frames: Iterator[NDArray[np.uint8]], image_size: tuple[int, int]
                   ) -> list[NDArray[np.uint8]]:
    """Frames of a short video at (width, height)."""
    return [np.asarray(cv2.resize(frame, image_size, interpolation=cv2.INTER_AREA), np.uint8)
            for frame in frames]
