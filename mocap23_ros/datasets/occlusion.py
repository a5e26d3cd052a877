# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Draws which keypoints are hidden, and which of them a detector guesses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.random_processes import chance, intervals
from mocap23_ros.skeletons.keypoint_layout import COCO17_LAYOUT, KeypointLayout


@dataclass(frozen=True)
class Occlusion:
    """Levels of occlusion; probabilities are per window.

    limb: a body part (arm, leg, lower body, upper left side ...) is hidden for ``duration`` s;
    box: something stands between (covers everything below a line of the body);
    late: the person enters within the window; lower_body: the legs, of half of them the hips too,
    are never seen. guessed: share of hidden keypoints that the
    detector reports anyway, displaced by ``guess_error`` times the person's scale.
    """

    limb: float = 0.3
    box: float = 0.12
    late: float = 0.1
    lower_body: float = 0.0
    duration: tuple[float, float] = (0.3, 3.0)
    guessed: float = 0.4
    guess_error: float = 0.12


def hidden_keypoints(p_pixel: NDArray[np.float32], rate: float, occlusion: Occlusion,
                     rng: np.random.Generator, layout: KeypointLayout = COCO17_LAYOUT
                     ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw what is hidden, bool [B,T,J], and which samples [B,T] come before the person."""
    count, length = p_pixel.shape[:2]
    parts = layout.occluded_parts
    hidden = np.zeros(p_pixel.shape[:3], bool)
    for probability in (occlusion.limb, occlusion.limb / 2):
        when = intervals(rng, count, length, rate, occlusion.duration, probability)
        part = parts[rng.integers(len(parts), size=count)]
        hidden |= when[..., None] & part[:, None]
    when = intervals(rng, count, length, rate, (1.0, 6.0), occlusion.box)
    if when.any():
        v = p_pixel[..., 1]
        low, high = v.min(axis=(1, 2)), v.max(axis=(1, 2))
        line = low + rng.uniform(0.35, 0.9, (count,)).astype(np.float32) * (high - low)
        hidden |= when[..., None] & (v > line[:, None, None])
    if occlusion.lower_body > 0:
        part = layout.lower_body[rng.integers(2, size=count)]
        hidden |= (chance(rng, count, occlusion.lower_body)[:, None] & part)[:, None]
    entry = np.where(chance(rng, count, occlusion.late), rng.integers(0, length, count), 0)
    return hidden, np.arange(length) < entry[:, None]


def guess_hidden(observed: NDArray[np.float32], hidden: NDArray[np.bool_],
                 scale: NDArray[np.float32], occlusion: Occlusion, rng: np.random.Generator
                 ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Displace the guessed hidden keypoints in place; returns pixels and what stays unseen."""
    windows = hidden.any(axis=(1, 2))
    if not windows.any():
        return observed, hidden
    count, length, joints = hidden.shape
    # A detector guesses a hidden joint consistently: one displacement for the window.
    shift = rng.standard_normal((count, 1, joints, 2), dtype=np.float32) * occlusion.guess_error
    shift = shift + 0.3 * occlusion.guess_error * rng.standard_normal(
        (count, length, joints, 2), dtype=np.float32)
    guessed = hidden & chance(rng, (count, 1, joints), occlusion.guessed)
    observed[guessed] += (shift * scale[..., None, None])[guessed]
    return observed, hidden & ~guessed
