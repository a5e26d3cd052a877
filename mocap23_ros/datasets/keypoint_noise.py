# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of a 2D pose detector: bias, correlated jitter, peaks, swaps, confidence."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.random_processes import chance, intervals, smooth_noise
from mocap23_ros.skeletons.keypoint_layout import COCO17_LAYOUT, KeypointLayout

_LIMB_SHIFT = 0.3  # sd of a misplaced limb, in scales of the person


@dataclass(frozen=True)
class KeypointNoise:
    """Levels of every 2D error; probabilities are per window unless stated.

    exact_share: windows without any error and with confidence 1. spread: log-uniform factor on
    the format's spread that gives each window's error sd. bias, correlated, white: how that sd is
    split (their squares need not sum to 1). time_constant: s, of the correlated part.
    floor_px: least sd in pixels. offset: sd (m) of the offset between joint and visible keypoint,
    constant in the body. peak: per keypoint and sample. swap, grab, wrong_limb: left/right
    exchanges, jumps to another person, and arms or legs that lie elsewhere or upon the other one,
    with their durations (s). told: share of exchanges at low confidence. unsure: arms, legs
    or everybody at low confidence for as long as exchanges last, although nothing is wrong.
    missing: per keypoint and sample; dropped: per sample, share up to. stamp_jitter: s.
    overconfident: share of bad keypoints that claim high confidence; blind: windows whose
    confidence knows nothing of the errors. focal, principal_point: relative calibration error sd.
    """

    exact_share: float = 0.15
    spread: tuple[float, float] = (0.06, 0.5)
    bias: float = 0.5
    correlated: float = 0.6
    white: float = 0.35
    time_constant: tuple[float, float] = (0.1, 0.4)
    floor_px: float = 0.3
    offset: float = 0.015
    peak: float = 0.005
    peak_size: float = 8.0
    swap: float = 0.12
    swap_time: tuple[float, float] = (0.07, 0.4)
    told: float = 1.0
    unsure: float = 0.0
    grab: float = 0.03
    grab_time: tuple[float, float] = (0.07, 0.4)
    wrong_limb: float = 0.0
    wrong_limb_time: tuple[float, float] = (0.2, 3.0)
    missing: float = 0.02
    dropped: float = 0.08
    stamp_jitter: float = 0.003
    overconfident: float = 0.1
    blind: float = 0.0
    focal: float = 0.003
    principal_point: float = 0.002


def add_detector_errors(p_pixel: NDArray[np.float32], scale: NDArray[np.float32], rate: float,
                        noise: KeypointNoise, exact: NDArray[np.bool_], rng: np.random.Generator,
                        layout: KeypointLayout = COCO17_LAYOUT
                        ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Add a detector's errors to true keypoints.

    p_pixel: [B,T,J,2]; scale: [B,T] from person_scale; exact: [B] windows to leave untouched.
    Returns observed pixels, the expected error sd in pixels, [B,T,J], and the pixels that the
    detector takes for true: those of the other side where it does not know of an exchange.
    """
    count, length, joints = p_pixel.shape[:3]
    shape = (count, length, joints, 2)
    level = np.exp(
        rng.uniform(np.log(noise.spread[0]), np.log(noise.spread[1]), count)).astype(np.float32)
    sigma = np.maximum(level[:, None, None] * layout.spread * scale[..., None], noise.floor_px)
    time = rng.uniform(*noise.time_constant, count)
    unit = np.float32(noise.correlated) * smooth_noise(rng, shape, np.exp(-1.0 / (rate * time)))
    unit += np.float32(noise.white) * rng.standard_normal(shape, dtype=np.float32)
    unit += noise.bias * rng.standard_normal((count, 1, joints, 2), dtype=np.float32)
    peaks = chance(rng, shape[:3], noise.peak)
    where = np.nonzero(peaks)
    unit[where] += noise.peak_size * rng.standard_normal((len(where[0]), 2), dtype=np.float32)
    observed = p_pixel + unit * sigma[..., None]
    if length > 1 and noise.stamp_jitter > 0:
        late = rng.standard_normal((count, length, 1, 1), dtype=np.float32)
        late *= np.float32(noise.stamp_jitter * rate)
        observed += late * np.gradient(p_pixel, axis=1)

    swapped = intervals(rng, count, length, rate, noise.swap_time, noise.swap)
    parts = layout.swap_parts[rng.integers(3, size=count)]
    exchange = swapped[..., None] & parts[:, None]
    if exchange.any():
        observed[exchange] = observed[:, :, layout.mirror][exchange]
    meant = _meant_sides(p_pixel, exchange, rate, noise, rng, layout)
    grabbed = intervals(rng, count, length, rate, noise.grab_time, noise.grab)
    if grabbed.any():
        shift = rng.uniform(0.6, 2.0, (count, 1, 1, 1)) * rng.choice((-1, 1), (count, 1, 1, 1))
        shift = shift * scale[..., None, None] * np.array([1, 0.1], np.float32)
        taken = grabbed[..., None] & parts[:, None]
        observed[taken] += np.broadcast_to(shift, observed.shape)[taken]
    if noise.wrong_limb > 0:
        _misplace_limbs(observed, scale, rate, noise, rng, layout)
    observed = observed.astype(np.float32, copy=False)
    observed[exact] = p_pixel[exact]
    return observed, sigma.astype(np.float32, copy=False), meant


def _meant_sides(p_pixel: NDArray[np.float32], exchange: NDArray[np.bool_], rate: float,
                 noise: KeypointNoise, rng: np.random.Generator, layout: KeypointLayout
                 ) -> NDArray[np.float32]:
    """Pixels [B,T,J,2] that a detector takes for true.

    Those of the other side where it does not know of an exchange, or is unsure of right sides.
    """
    count, length = exchange.shape[:2]
    other = np.zeros_like(exchange)
    if noise.told < 1:
        other |= exchange & ~chance(rng, count, noise.told)[:, None, None]
    if noise.unsure > 0:
        when = intervals(rng, count, length, rate, noise.swap_time, noise.unsure)
        parts = layout.swap_parts[rng.integers(len(layout.swap_parts), size=count)]
        other |= when[..., None] & parts[:, None] & ~exchange
    return np.where(other[..., None], p_pixel[:, :, layout.mirror], p_pixel)


def _misplace_limbs(observed: NDArray[np.float32], scale: NDArray[np.float32], rate: float,
                    noise: KeypointNoise, rng: np.random.Generator, layout: KeypointLayout) -> None:
    """Put one arm or leg of some windows onto the other one, or elsewhere, in place."""
    count, length = observed.shape[:2]
    limb = layout.limbs[rng.integers(len(layout.limbs), size=count)]
    when = intervals(rng, count, length, rate, noise.wrong_limb_time, noise.wrong_limb)
    wrong = when[..., None] & limb[:, None]
    doubled = wrong & chance(rng, count, 0.5)[:, None, None]
    away = rng.standard_normal((count, 1, 1, 2), dtype=np.float32)
    away = away + 0.5 * rng.standard_normal((count, 1, len(layout), 2), dtype=np.float32)
    moved = observed + _LIMB_SHIFT * scale[..., None, None] * away
    observed[wrong] = np.where(doubled[..., None], observed[:, :, layout.mirror], moved)[wrong]


def draw_confidence(error: NDArray[np.float32], sigma: NDArray[np.float32],
                    scale: NDArray[np.float32], noise: KeypointNoise, rng: np.random.Generator,
                    layout: KeypointLayout = COCO17_LAYOUT) -> NDArray[np.float32]:
    """Confidence [B,T,J] that a detector would state for keypoints with this error (pixels).

    Falls with the error relative to the spread and to the window's own sd; a share of the bad
    ones is stated with high confidence all the same.
    """
    shape = error.shape
    relative = error / (np.float32(0.6) * layout.spread * scale[..., None] + 2 * sigma)
    if noise.blind > 0:
        relative[chance(rng, shape[0], noise.blind)] = 0.3
    top = rng.uniform(0.75, 1.0, (shape[0], 1, 1)).astype(np.float32)
    confidence = top * np.exp(np.float32(-0.35) * relative * relative)
    confidence += np.float32(0.05) * rng.standard_normal(shape, dtype=np.float32)
    bad = relative > 1.0
    lies = bad & chance(rng, shape, noise.overconfident)
    confidence[lies] = rng.uniform(0.6, 0.95, int(lies.sum()))
    return np.clip(confidence, 0.05, 1.0, out=confidence)
