# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Short videos with known people: the man of the sample, cut out, scaled and pasted into a room."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.demo.sample_video import read_frames
from mocap23_ros.demo.take import SampleTake
from mocap23_ros.skeletons.coco17 import ANKLES, BODY_BONES, FACE, HIPS, SHOULDERS
from mocap23_ros.skeletons.formats import COCO17

SIZE = (1920, 1080)  # px
FRAMES = 10  # of a video
EVERY = 2  # frames of the sample, which has 60 a second
_OVERLAP = 0.15  # of the boxes of people
_THICKNESS = 0.4  # of limbs, of the torso's length: the man with a rim of his surroundings
_FREE_ROWS = slice(1450, 1900)  # of cam03 and cam04: floor and mats, nobody
_DRAWN = [*BODY_BONES[:-1], *zip(SHOULDERS, HIPS[::-1], strict=True)]  # a cross for the hips' line


@dataclass(frozen=True)
class Cutout:
    """images: uint8 [F,h,w,3]; alpha: float32 [F,h,w], 1 where the man is; keypoints: float32
    [F,17,2] px in them, from the truth of the sample. height: px, middle over the frames.
    """

    images: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    height: float

    def resized(self, height: float, mirrored: bool) -> 'Cutout':
        """The man at another height in px, seen in a mirror if so said (left stays left)."""
        scale = height / self.height
        size = tuple(max(1, round(side * scale)) for side in self.images.shape[2:0:-1])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        images = np.stack([cv2.resize(image, size, interpolation=method)
                           for image in self.images])
        alpha = np.stack([cv2.resize(one, size, interpolation=method) for one in self.alpha])
        # Whole numbers are pixel centres.
        keypoints = (self.keypoints + 0.5) * (np.array(size) / self.images.shape[2:0:-1]) - 0.5
        if mirrored:
            images, alpha = images[:, :, ::-1], alpha[:, :, ::-1]
            keypoints = keypoints[:, list(COCO17.mirror)]
            keypoints[..., 0] = size[0] - 1 - keypoints[..., 0]
        return Cutout(images, alpha, keypoints.astype(np.float32), height)


@dataclass(frozen=True)
class Scene:
    """images: uint8 [H,W,3] one after another; keypoints: float32 [F,P,17,2] px of everybody."""

    people: list[tuple[Cutout, tuple[int, int]]]
    room: NDArray[np.uint8]

    @property
    def keypoints(self) -> NDArray[np.float32]:
        """Where everybody's joints are, [F,P,17,2] px."""
        return np.stack([cutout.keypoints + np.array(corner, np.float32)
                         for cutout, corner in self.people], axis=1)

    def images(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the images; people later in the list stand in front."""
        for frame in range(FRAMES):
            image = self.room.copy()
            for cutout, (x, y) in self.people:
                part = cutout.images[frame]
                x0, y0 = max(x, 0), max(y, 0)
                x1 = min(x + part.shape[1], image.shape[1])
                y1 = min(y + part.shape[0], image.shape[0])
                inside = np.s_[y0 - y:y1 - y, x0 - x:x1 - x]
                alpha = cutout.alpha[frame][inside][..., None]
                image[y0:y1, x0:x1] = np.rint(
                    alpha * part[inside] + (1 - alpha) * image[y0:y1, x0:x1])
            yield image


class SceneMaker:
    """Makes scenes from the sample, the same ones for a seed; without: cameras left out."""

    def __init__(self, take: SampleTake, seed: int, without: Collection[str] = ()) -> None:
        self._random = np.random.default_rng(seed)
        self._cutouts = [_cut_out(take, number, start)
                         for number, camera in enumerate(take.cameras)
                         if camera.name not in without for start in (0, 35, 70)]
        views = [next(read_frames(take.files.videos[name]))[_FREE_ROWS]
                 for name in ('cam03', 'cam04')]
        room = np.hstack([views[0], views[1]])[:, :SIZE[0]]
        self._room = np.asarray(cv2.resize(room, SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)

    def scene(self, heights: NDArray) -> Scene:
        """People of these heights in px at places of their own."""
        people: list[tuple[Cutout, tuple[int, int]]] = []
        boxes: list[NDArray] = []
        for height in heights:
            chosen = self._cutouts[int(self._random.integers(len(self._cutouts)))]
            cutout = chosen.resized(float(height), bool(self._random.random() < 0.5))
            low, high = cutout.keypoints.min(axis=(0, 1)), cutout.keypoints.max(axis=(0, 1))
            for _ in range(300):
                corner = [int(self._random.integers(-int(low[axis]), max(
                    SIZE[axis] - int(high[axis]), -int(low[axis]) + 1))) for axis in (0, 1)]
                box = np.concatenate([low + corner, high + corner])
                if all(_common(box, other) <= _OVERLAP for other in boxes):
                    break
            boxes.append(box)
            people.append((cutout, (corner[0], corner[1])))
        return Scene(people, self._room)

    def standing(self, feet: NDArray, heights: NDArray) -> Scene:
        """People with their feet at these pixels [P,2], of these heights [P] in px; the last one
        stands in front.
        """
        people: list[tuple[Cutout, tuple[int, int]]] = []
        for number, (place, height) in enumerate(zip(feet, heights, strict=True)):
            cutout = self._cutouts[number % len(self._cutouts)].resized(float(height), False)
            corner = np.rint(place - cutout.keypoints[:, ANKLES].mean(axis=(0, 1))).astype(int)
            people.append((cutout, (int(corner[0]), int(corner[1]))))
        return Scene(people, self._room)


def _common(first: NDArray, second: NDArray) -> float:
    """Part of the smaller box that lies in the other."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    least = min(np.prod(box[2:] - box[:2]) for box in (first, second))
    return float(np.prod(np.maximum(sides, 0)) / least)


def _cut_out(take: SampleTake, camera: int, start: int) -> Cutout:
    sample = take.cameras[camera]
    stop = start + EVERY * FRAMES
    keypoints = sample.project(take.truth.joints[start:stop:EVERY])
    frames = list(islice(read_frames(take.files.videos[sample.name]), start, stop, EVERY))
    height, width = frames[0].shape[:2]
    trunk = keypoints[:, SHOULDERS[0]] - keypoints[:, HIPS[1]]
    torso = float(np.median(np.linalg.norm(trunk, axis=1)))
    rim = 0.8 * torso
    low = np.maximum(keypoints.min(axis=(0, 1)) - rim, 0).astype(int)
    high = np.minimum(keypoints.max(axis=(0, 1)) + rim, (width, height)).astype(int)
    part = np.s_[low[1]:high[1], low[0]:high[0]]
    keypoints = keypoints - low
    alpha = np.stack([_outline(points, (high - low)[::-1], torso) for points in keypoints])
    tall = float(np.median(np.ptp(keypoints[..., 1], axis=1)))
    return Cutout(np.stack([frame[part] for frame in frames]), alpha,
                  keypoints.astype(np.float32), tall)


def _outline(keypoints: NDArray, shape: NDArray, torso: float) -> NDArray[np.float32]:
    mask = np.zeros(tuple(shape), np.float32)
    pixels = np.rint(keypoints).astype(int)
    for first, second in _DRAWN:
        cv2.line(mask, pixels[first].tolist(), pixels[second].tolist(), 1.0,
                 round(_THICKNESS * torso))
    head = pixels[list(FACE)].mean(axis=0)
    cv2.circle(mask, head.astype(int).tolist(), round(0.45 * torso), 1.0, -1)
    for ankle in pixels[ANKLES]:
        cv2.circle(mask, ankle.tolist(), round(0.35 * torso), 1.0, -1)
    blur = 2 * round(0.04 * torso) + 1
    return np.asarray(cv2.GaussianBlur(mask, (blur, blur), 0), np.float32)
