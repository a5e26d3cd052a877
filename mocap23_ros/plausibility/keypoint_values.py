# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Cleans the keypoints of other detectors: one set of rules for files and topics."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.unobserved import UNOBSERVED, is_observed

# What detectors write for a keypoint that they did not find; no keypoint is there exactly.
_MISSING = ((0.0, 0.0), (-1.0, -1.0))
_PERCENT = 20.0  # no score of a scale up to 1 passes this, not even once
# Scores of SimCC and of heatmaps pass 1 by some tenths; logits (RTMW's 5 to 6) and scales of 10 do
# so on most keypoints.
_ABOVE_ONE, _MANY_ABOVE = 1.5, 0.25  # confidence; share of those above it
_VISIBILITY = (1.0, 2.0)  # of COCO's annotations: hidden, visible
_NORMALISED = 1.5  # largest coordinate of 0..1 or -1..1, some of it beyond the image
_FEWEST = 3  # keypoints without which nothing is said about units
_SMALLEST_IMAGE = 32  # pixels; in a smaller one the above may be pixels
_ABSURD = 1e6  # pixels; squares of more overflow float32
_MANY, _SURE, _FEW_SURE = 200, 0.3, 0.02  # keypoints; confidence; share of those above it
_POINT = 2.0  # pixels; a body at 60 m is larger


def clean_keypoints(keypoints: NDArray, image_size: Sequence[int] = (0, 0)
                    ) -> NDArray[np.float32]:
    """Keypoints [...,J,3] (x, y px, confidence) with unobserved ones as (NaN, NaN, 0).

    A keypoint counts as unobserved if it is not finite, has no confidence, lies at exactly (0, 0)
    or (-1, -1), or is further outside the image than its larger side. Confidence above 1, which
    some networks give, becomes 1. image_size: (width, height), 0 = unknown. Raises InputError for
    coordinates that are fractions of the image, and for confidences of another scale.
    """
    cleaned = np.array(keypoints, np.float32)
    x, y, confidence = np.moveaxis(cleaned, -1, 0)
    with np.errstate(invalid='ignore'):
        found = is_observed(cleaned)
        found &= (np.abs(cleaned[..., :2]) < _ABSURD).all(axis=-1)
        for missing in _MISSING:
            found &= (x != missing[0]) | (y != missing[1])
    if found.any():
        _check_units(x[found], y[found], confidence[found], max(image_size))
    if min(image_size) > 0:
        width, height = image_size
        reach = max(width, height)
        with np.errstate(invalid='ignore'):
            found &= (x >= -reach) & (x <= width + reach) & (y >= -reach) & (y <= height + reach)
    cleaned[~found] = UNOBSERVED
    np.minimum(cleaned[..., 2], 1.0, out=cleaned[..., 2])
    return cleaned


def in_image(keypoints: NDArray, image_size: Sequence[int] = (0, 0)) -> NDArray[np.bool_]:
    """Which people [...] of cleaned keypoints [...,J,3] can be seen in the image.

    Not people whose keypoints, three or more, are all at one pixel, and not people without a
    keypoint inside the image.
    """
    found = keypoints[..., 2] > 0
    points = np.where(found[..., None], keypoints[..., :2], np.nan)
    largest = np.where(found[..., None], points, -np.inf).max(axis=-2)
    smallest = np.where(found[..., None], points, np.inf).min(axis=-2)
    few = found.sum(axis=-1) < _FEWEST
    visible: NDArray[np.bool_] = np.asarray(found.any(axis=-1))
    visible &= few | ((largest - smallest).max(axis=-1) > _POINT)
    if min(image_size) > 0:
        with np.errstate(invalid='ignore'):
            inside = ((points >= -0.5) & (points <= np.asarray(image_size) - 0.5)).all(axis=-1)
        visible &= inside.any(axis=-1)
    return visible


def confidence_doubt(keypoints: NDArray) -> str:
    """Return what is odd about the confidences of cleaned keypoints [...,3], or ''."""
    found = keypoints[..., 2][keypoints[..., 2] > 0]
    if len(found) < _MANY or (found >= _SURE).mean() > _FEW_SURE:
        return ''
    return (f'the confidences of keypoints reach {found.max():.2g}, and hardly any is above '
            f'{_SURE:g}: they must lie between 0 and 1. Nothing can be said about the camera, and '
            'people come out unsure')


def has_other_scale(confidence: NDArray) -> bool:
    """Whether so many confidences of found keypoints are far above 1 that 1 is not their end."""
    return len(confidence) > 0 and bool(
        (confidence > _ABOVE_ONE).mean() > _MANY_ABOVE
        and not np.isin(confidence, _VISIBILITY).all())


def _check_units(x: NDArray, y: NDArray, confidence: NDArray, larger_side: int) -> None:
    if confidence.max() > _PERCENT or has_other_scale(confidence):
        raise InputError(f'confidences of keypoints reach {confidence.max():.3g}; they must lie '
                         'between 0 and 1: divide them by what clear keypoints reach '
                         '(percentages by 100, logits of RTMW by 6)')
    largest = max(float(np.abs(x).max()), float(np.abs(y).max()))
    if len(x) >= _FEWEST and larger_side >= _SMALLEST_IMAGE and largest <= _NORMALISED:
        raise InputError(f'no coordinate of the keypoints is above {largest:.3g} in an image of '
                         f'{larger_side} pixels: they look like fractions of the image (0..1); '
                         'multiply x by its width and y by its height')
