# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion drawn over the images that it comes from, as mp4."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import replacing
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import resized_pixels
from mocap23_ros.geometry.poses import invert_transform, transform_points
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.skeletons.coco17 import COCO_JOINTS
from mocap23_ros.viewers.overlay import (
    FloorMap,
    VideoWriter,
    draw_caption,
    draw_inset,
    draw_keypoints,
    draw_skeleton,
)

_LONGEST_SIDE = 1280  # px
_MAP = 0.3  # of the image's longer side
_MOST_HELD = 10  # s; longer gaps between images are cut
_DARK = 40


def save_overlay(path: Path, name: str, motion: RecordedMotion, observed: KeypointRecording,
                 images: Iterable[tuple[float, NDArray[np.uint8]]],
                 progress: Progress = silent) -> None:
    """Write keypoints, reprojected skeletons and a view from above, in the time of the stamps.

    name: shown above. motion, observed: floor at z = 0. images: stamps [s] and pixels BGR; without
    any the drawing is on dark ground. Raises InputError where the file cannot be written.
    """
    size = _size(observed.camera(0).image_size)
    spots = np.concatenate([motion.joints[..., :2].reshape(-1, 2),
                            observed.world_T_camera[:, :2, 3]])
    floor_map = FloorMap(spots, round(_MAP * max(size)))
    motion_row = {stamp: row for row, stamp in enumerate(motion.stamps.tolist())}
    camera_row = {stamp: row for row, stamp in enumerate(observed.stamps.tolist())}
    period = float(np.median(np.diff(observed.stamps))) if observed.frames > 1 else 1 / 30
    rate = float(np.clip(1 / period, 1, 60))
    written, start = 0, float(motion.stamps[0])
    try:
        with (replacing(path, keep_suffix=True) as part,
              VideoWriter(part, size, rate) as writer):
            for number, (stamp, image) in enumerate(_or_dark(images, observed, size), 1):
                image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
                known = stamp in camera_row and stamp in motion_row
                people = 0
                if known:
                    people = _draw(image, motion, motion_row[stamp], observed, camera_row[stamp],
                                   floor_map)
                draw_caption(image, (name, f'{stamp - start:7.2f} s   ' + (
                    f'people: {people}' if known else 'not lifted')))
                # The rate of the file is constant, that of the images need not be.
                due = max(round((stamp - start) * rate) + 1 - written, 1)
                for _ in range(min(due, round(_MOST_HELD * rate))):
                    writer.write(image)
                written += due
                progress(number, len(motion.stamps))
    except OSError as error:
        raise InputError(f'{path} cannot be written ({error.strerror})') from None


def _draw(image: NDArray[np.uint8], motion: RecordedMotion, row: int,
          observed: KeypointRecording, frame: int, floor_map: FloorMap) -> int:
    """Draw one moment; returns how many people are lifted."""
    camera, pose = observed.camera(frame), observed.world_T_camera[frame]
    joints = motion.joints[row, :, COCO_JOINTS].astype(np.float64)
    people = [person for person in joints if np.isfinite(person).any()]
    scale = np.array(image.shape[1::-1]) / camera.image_size
    for person in people:
        p_pixel = camera.project(transform_points(invert_transform(pose), person))
        draw_skeleton(image, resized_pixels(p_pixel, scale))
    for keypoints in observed.keypoints[frame]:
        drawn = keypoints.astype(np.float64)
        drawn[:, :2] = resized_pixels(drawn[:, :2], scale)
        draw_keypoints(image, drawn)
    draw_inset(image, floor_map.draw(people, [], camera, pose))
    return len(people)


def _or_dark(images: Iterable[tuple[float, NDArray[np.uint8]]], observed: KeypointRecording,
             size: tuple[int, int]) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """The images, or dark ones where there are none, as in bags of keypoints."""
    dark = True
    for item in images:
        dark = False
        yield item
    if dark:
        for stamp in observed.stamps.tolist():
            yield stamp, np.full((size[1], size[0], 3), _DARK, np.uint8)


def _size(image_size: tuple[int, int]) -> tuple[int, int]:
    """Even numbers of pixels, as codecs want them."""
    scale = min(1.0, _LONGEST_SIDE / max(image_size))
    width, height = (max(2, 2 * round(scale * side / 2)) for side in image_size)
    return width, height
