# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""BlazePose's landmark network (Bazarevsky et al., 2020): 33 landmarks of the person in a region.

The network is Google's, from MediaPipe (Apache-2.0); packaged_weights says where it comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.regions import PersonLandmarks, PersonRegion
from mocap23_ros.detection.silhouettes import paint_out
from mocap23_ros.engines.backend import Backend
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.formats import BLAZEPOSE33

INPUT_SIDE = 256  # px
LARGEST_BATCH = 16
_BODY = 33  # of 39 landmarks; then hip centre and a point on the circle around the person
_MIRROR = [*BLAZEPOSE33.mirror, *range(_BODY, 39)]
_LEAST_PRESENCE = 0.5  # of a person in the region, as MediaPipe has it
_HEATMAP_REACH = 3  # cells around a landmark that refine it
_LEAST_HEAT = 0.5  # a weaker heatmap refines nothing


@dataclass(frozen=True)
class Look:
    """A region to look at; landmarks [33,2+] px of other people in reach, and of the person's own
    last pose: the others are painted out, for the network takes the person that it likes best.
    mirrored: the network sees the region in a mirror; the landmarks are the image's all the same.
    """

    region: PersonRegion
    others: Sequence[NDArray] = field(default=())
    own: NDArray | None = None
    mirrored: bool = False


class BlazePose:
    """Runs the landmark network once for all regions of an image."""

    def __init__(self, backend: Backend) -> None:
        names = {spec.name for spec in backend.outputs}
        if backend.inputs[0].shape[1:] != (INPUT_SIDE, INPUT_SIDE, 3) or not {
                'landmarks', 'presence', 'heatmaps'} <= names:
            raise InputError('the landmark network has other inputs or outputs than BlazePose; '
                             'run mocap23 fetch-weights blazepose --force')
        self._backend = backend
        self._crops = np.zeros((0, INPUT_SIDE, INPUT_SIDE, 3), np.uint8)

    def run(self, image_bgr: NDArray[np.uint8], looks: Sequence[Look]
            ) -> list[PersonLandmarks | None]:
        """Return the person in each region of an image uint8 [H,W,3]; None where nobody is."""
        people: list[PersonLandmarks | None] = []
        for start in range(0, len(looks), LARGEST_BATCH):
            people += self._run_batch(image_bgr, looks[start:start + LARGEST_BATCH])
        return people

    def close(self) -> None:
        """Free the network."""
        self._backend.close()

    def _run_batch(self, image_bgr: NDArray[np.uint8], looks: Sequence[Look]
                   ) -> list[PersonLandmarks | None]:
        if len(self._crops) < len(looks):
            self._crops = np.zeros((len(looks), *self._crops.shape[1:]), np.uint8)
        crops = self._crops[:len(looks)]
        for look, crop in zip(looks, crops, strict=True):
            _cut(image_bgr, look, crop)
        output = self._backend.run({'images': crops})
        marks = np.array(output['landmarks'], np.float64).reshape(len(looks), -1, 5)
        presence = np.asarray(output['presence']).reshape(-1)
        _refine(marks, np.asarray(output['heatmaps']))
        mirrored = [look.mirrored for look in looks]
        marks[mirrored] = marks[mirrored][:, _MIRROR]
        marks[mirrored, :, 0] = INPUT_SIDE - marks[mirrored, :, 0]
        marks[..., 3:] = 1.0 / (1.0 + np.exp(-np.clip(marks[..., 3:], -60.0, 60.0)))
        largest = 64.0 * max(image_bgr.shape[:2])
        return [_person(own, look.region, largest) if sure >= _LEAST_PRESENCE else None
                for own, look, sure in zip(marks, looks, presence, strict=True)]


def _cut(image_bgr: NDArray[np.uint8], look: Look, out: NDArray[np.uint8]) -> None:
    """Write the upright crop of a region [256,256,3], without the other people."""
    matrix = look.region.crop_T_image(INPUT_SIDE)
    # warpAffine counts from the centres of pixels.
    centred = matrix.copy()
    centred[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
    cv2.warpAffine(image_bgr, centred, (INPUT_SIDE, INPUT_SIDE), dst=out, flags=cv2.INTER_LINEAR,
                   borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0))
    if look.others:
        others = [points[:, :2] @ matrix[:, :2].T + matrix[:, 2] for points in look.others]
        own = None if look.own is None else look.own[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        paint_out(out, others, own)
    if look.mirrored:
        out[:] = out[:, ::-1].copy()


def _refine(marks: NDArray[np.float64], heatmaps: NDArray) -> None:
    """Move landmarks [N,39,5] (px of the crop) to the centre of mass of the heat around them.

    heatmaps: [N,39,h,w], before the sigmoid. As MediaPipe does it: landmarks whose heat is weak
    or that lie outside stay.
    """
    people, count, height, width = heatmaps.shape
    cells = marks[..., :2] * (np.array([width, height]) / INPUT_SIDE)
    with np.errstate(invalid='ignore'):
        centre = np.clip(np.nan_to_num(cells), -1, max(width, height)).astype(np.int64)
    inside = ((centre >= 0) & (centre < (width, height))).all(axis=2)
    step = np.arange(-_HEATMAP_REACH, _HEATMAP_REACH + 1)
    x = centre[..., 0, None] + step
    y = centre[..., 1, None] + step
    valid = (((y >= 0) & (y < height))[..., :, None] & ((x >= 0) & (x < width))[..., None, :])
    person = np.arange(people)[:, None, None, None]
    joint = np.arange(count)[None, :, None, None]
    patch = heatmaps[person, joint, np.clip(y, 0, height - 1)[..., :, None],
                     np.clip(x, 0, width - 1)[..., None, :]].astype(np.float64)
    heat = np.where(valid, 1.0 / (1.0 + np.exp(-np.clip(patch, -60.0, 60.0))), 0.0)
    total = heat.sum(axis=(2, 3))
    moved = inside & (heat.max(axis=(2, 3)) >= _LEAST_HEAT)
    scale = INPUT_SIDE / np.array([width, height]) / np.maximum(total, 1e-9)[..., None]
    mass = np.stack([np.einsum('njyx,njx->nj', heat, x.astype(np.float64)),
                     np.einsum('njyx,njy->nj', heat, y.astype(np.float64))], axis=2)
    marks[..., :2] = np.where(moved[..., None], mass * scale, marks[..., :2])


def _person(marks: NDArray[np.float64], region: PersonRegion, largest: float
            ) -> PersonLandmarks | None:
    points = region.to_image(marks[:, :2], INPUT_SIDE)
    hips, top = points[_BODY], points[_BODY + 1]
    fresh = PersonRegion.from_alignment(*hips, *top)
    rows = np.concatenate([points[:_BODY], marks[:_BODY, 3:]], axis=1)
    if not np.isfinite(rows).all() or not 1.0 < fresh.side < largest:
        return None
    return PersonLandmarks(rows, fresh)
