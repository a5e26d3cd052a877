# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of one measured detector (detection/detector_noise.py), drawn for true keypoints."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mocap23_ros.datasets.random_processes import chance, episodes, smooth_noise
from mocap23_ros.detection.detector_noise import (
    ERROR_EDGES,
    EXCHANGES,
    GROUP_OF,
    GROUPS,
    OUTLIER,
    QUANTILES,
    DetectorNoise,
)
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.keypoint_layout import COCO17_LAYOUT, KeypointLayout

_PARTS = {'legs': 0, 'arms': 1, 'both': 2}  # rows of KeypointLayout.swap_parts
_CONSTANT = 0.5  # share of confidence's variance that is constant in a window, whatever the error


def detector_keypoints(p_pixel: NDArray[np.float32], scale: NDArray[np.float32], rate: float,
                       noise: DetectorNoise, rng: np.random.Generator,
                       layout: KeypointLayout = COCO17_LAYOUT
                       ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """What the detector would report of true keypoints [B,T,J,2] px.

    scale: [B,T] px from person_scale. Returns pixels [B,T,J,2], confidence [B,T,J], and what it
    misses, bool [B,T,J]. Joints that COCO-17 lacks err as those that they lie at.
    """
    count, length, joints = p_pixel.shape[:3]
    shape = (count, length, joints, 2)

    def of_joints(field: str) -> NDArray[np.float32]:
        return layout.from_coco(noise.of_joints(field))

    def of_groups(field: str) -> NDArray[np.float32]:
        return layout.from_coco(noise.of_groups(field))

    memory = np.full(count, np.exp(-1 / (rate * noise.time_constant)))
    error = smooth_noise(rng, shape, memory) * of_joints('correlated')[:, None]
    error += rng.standard_normal(shape, dtype=np.float32) * of_joints('white')[:, None]
    error += rng.standard_normal((count, 1, joints, 2), dtype=np.float32) \
        * of_joints('bias')[:, None]
    away = episodes(rng, shape[:3], rate, of_groups('share'), of_groups('seconds'))
    error += _held(away, OUTLIER * layout.from_coco(noise.usual), of_groups('size'), rng)
    error *= noise.growth(scale)[..., None, None].astype(np.float32)

    relative = np.hypot(error[..., 0], error[..., 1]) / layout.from_coco(COCO_SIGMAS)
    confidence = _stated(relative, memory, noise, rng, layout)
    observed = p_pixel + error * scale[..., None, None]
    for name in EXCHANGES:
        exchange = noise.exchanges[name]
        when = episodes(rng, (count, length), rate, exchange.share, exchange.seconds)
        which = when[..., None] & layout.swap_parts[_PARTS[name]]
        observed[which] = observed[:, :, layout.mirror][which]
        confidence[which] = confidence[:, :, layout.mirror][which]
    missed = chance(rng, shape[:3], of_joints('missing'))
    missed |= episodes(rng, (count, length), rate, noise.dropped.share,
                       noise.dropped.seconds)[..., None]
    return observed.astype(np.float32, copy=False), confidence, missed


def _held(away: NDArray[np.bool_], least: NDArray[np.float32], more: NDArray[np.float32],
          rng: np.random.Generator) -> NDArray[np.float32]:
    """Random offsets [B,T,J,2], constant within a stretch, 0 outside.

    least: shortest length [J]; more: mean of what is longer [J].
    """
    fresh = rng.standard_normal((*away.shape, 2), dtype=np.float32)
    begins = away.copy()
    begins[:, 1:] &= ~away[:, :-1]
    sample = np.arange(away.shape[1])[:, None]
    last = np.maximum.accumulate(np.where(begins, sample, 0), axis=1)
    fresh = np.take_along_axis(fresh, last[..., None], axis=1)
    square = (fresh ** 2).sum(axis=-1)
    # Half the square of a normal vector's length is an exponential number.
    length = (least + 0.5 * more * square) / np.sqrt(np.maximum(square, 1e-12))
    return np.where(away[..., None], fresh * length[..., None], 0)


def _stated(relative: NDArray[np.float32], memory: NDArray, noise: DetectorNoise,
            rng: np.random.Generator, layout: KeypointLayout) -> NDArray[np.float32]:
    """Confidence [B,T,J] of errors in COCO sigmas, from the quantiles of their bin."""
    count, _, joints = relative.shape
    normal = np.sqrt(1 - _CONSTANT) * smooth_noise(rng, relative.shape, memory)
    normal += np.sqrt(_CONSTANT) * rng.standard_normal((count, 1, joints))
    place = np.interp(ndtr(normal), QUANTILES, np.arange(len(QUANTILES)))
    below = np.minimum(place.astype(int), len(QUANTILES) - 2)
    tables = np.array([noise.confidence[group].quantiles for group in GROUPS], np.float32)
    rows = np.digitize(relative, ERROR_EDGES)
    group = _groups(layout)
    low, high = tables[group, rows, below], tables[group, rows, below + 1]
    stated = low + (high - low) * (place - below)
    return np.clip(stated, 0.01, 1.0).astype(np.float32)  # 0 would mean: not seen


def _groups(layout: KeypointLayout) -> NDArray[np.intp]:
    """Which of GROUPS each joint of the layout belongs to, [J]; pelvis and neck: the trunk."""
    return np.rint(layout.from_coco(GROUP_OF)).astype(np.intp)
