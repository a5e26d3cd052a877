# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a detector reported of people whose keypoints are known, as errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import FACE
from mocap23_ros.skeletons.exchanged_sides import SIDES, exchanged_sides, with_sides_exchanged
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.person_scale import person_scale

_FEWEST_JOINTS = 6  # known ones, that tell a person's size
_FOLLOWED = 0.5  # of a clip in which the person must be found; too small ones are not
_APART = 0.15  # of the person's size: sides nearer to each other are not told apart
_FAR = 0.3  # of the person's size: an error beyond it says nothing about the sides


@dataclass(frozen=True, eq=False)
class DetectedClip:
    """One person in F images at a constant rate.

    truth: [F,17,2] px, NaN = not known. found: [F,17,3] px and confidence; not found: NaN or
    confidence 0. rate: images per second.
    """

    truth: NDArray
    found: NDArray
    rate: float


@dataclass(frozen=True, eq=False)
class ClipErrors:
    """error: [F,17,2] in parts of the person's size, exchanged sides put right, NaN = no keypoint.

    size: [F] px. known: bool [F,17] where there is a truth. confidence: [F,17], of the sides as
    they were put. exchanged: bool [F,2], arms and legs; decided: bool [F,2] where sides are apart.
    rate: images per second.
    """

    error: NDArray[np.float64]
    size: NDArray[np.float64]
    known: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    exchanged: NDArray[np.bool_]
    decided: NDArray[np.bool_]
    rate: float

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Where there is a keypoint with a truth, [F,17]."""
        return np.isfinite(self.error[..., 0])

    @property
    def distance(self) -> NDArray[np.float64]:
        """Length of the error [F,17]."""
        return np.hypot(self.error[..., 0], self.error[..., 1])


def clip_errors(clips: Sequence[DetectedClip]) -> list[ClipErrors]:
    """Errors of the clips in which the person was followed; InputError where there are none."""
    found = [errors for clip in clips if (errors := _errors(clip)) is not None]
    if not found:
        raise InputError('the detector followed nobody whose keypoints are known: a person counts '
                         "who is found in half of a clip's images")
    return found


def _errors(clip: DetectedClip) -> ClipErrors | None:
    truth = np.asarray(clip.truth, np.float64)
    known = np.asarray(np.isfinite(truth).all(axis=-1))
    usable = np.asarray(known.sum(axis=1) >= _FEWEST_JOINTS)
    confidence = np.nan_to_num(np.asarray(clip.found[..., 2], np.float64))
    found = np.where((confidence > 0)[..., None], clip.found[..., :2], np.nan).astype(np.float64)
    followed = np.asarray(np.isfinite(found[..., 0]).any(axis=1))
    if not usable.any() or followed[usable].mean() < _FOLLOWED:
        return None
    truth, found, confidence = truth[usable], found[usable], confidence[usable]
    known = known[usable]
    size = person_scale(np.where(known[..., None], truth, np.nan))
    decided: NDArray[np.bool_] = np.stack(
        [_apart(truth[:, joints]) > _APART * size for joints in SIDES.values()], axis=-1)
    exchanged: NDArray[np.bool_] = np.logical_and(
        exchanged_sides(truth, found, _FAR * size), decided)
    reported = np.concatenate([found, confidence[..., None]], axis=-1)
    for column, group in enumerate(SIDES):
        rows = exchanged[:, column]
        reported[rows] = with_sides_exchanged(reported[rows], (group,))
    _put_faces_right(reported, truth, np.logical_and(*exchanged.T))
    error = (reported[..., :2] - truth) / np.maximum(size, 1.0)[:, None, None]
    return ClipErrors(error, size, known, reported[..., 2], exchanged, decided, clip.rate)


def _put_faces_right(reported: NDArray, truth: NDArray, rows: NDArray[np.bool_]) -> None:
    """Where arms and legs are exchanged, the face may be too, in place."""
    face = list(FACE)
    own = reported[:, face]
    other = reported[:, [COCO17.mirror[joint] for joint in face]]
    with np.errstate(invalid='ignore'):
        better = _total(other, truth[:, face]) < _total(own, truth[:, face])
    reported[:, face] = np.where((rows & better)[:, None, None], other, own)


def _total(reported: NDArray, truth: NDArray) -> NDArray[np.float64]:
    return np.linalg.norm(reported[..., :2] - truth, axis=-1).sum(axis=1)


def _apart(points: NDArray) -> NDArray[np.float64]:
    """Mean distance of left and right [F] of one entry of SIDES, [F,6,2]; NaN = not known."""
    distance = np.linalg.norm(points[:, :3] - points[:, 3:], axis=-1)
    count = np.isfinite(distance).sum(axis=1)
    return np.nansum(distance, axis=1) / np.maximum(count, 1)
