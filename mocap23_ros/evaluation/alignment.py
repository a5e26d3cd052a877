# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Alignments that remove what a metric should not see; points in metres, masks mark what counts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import HIPS

_CHUNK = 100  # frames


def finite_points(points: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the points [...,3] are known, bool [...]."""
    return np.asarray(np.isfinite(points).all(axis=-1))


def pelvis(joints: NDArray[Any]) -> NDArray[np.float64]:
    """Mid-hip of joints [...,J,3]; NaN where a hip is."""
    return (np.asarray(joints[..., HIPS[0], :], np.float64) + joints[..., HIPS[1], :]) / 2


def fit_similarity(source: NDArray[Any], target: NDArray[Any], valid: NDArray[np.bool_],
                   with_scale: bool = True
                   ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Least-squares similarity (Umeyama 1991) from source to target point sets.

    source, target: [...,N,3]; valid: bool [...,N], the pairs that count. with_scale=False keeps
    the scale at 1. Returns scale [...], rotation [...,3,3], translation [...,3] with
    target ~ scale * rotation @ source + translation; NaN where fewer than three pairs count.
    """
    weight = valid[..., None].astype(np.float64)
    number = weight.sum(axis=-2)
    count = np.maximum(number, 1.0)
    x = np.where(valid[..., None], source, 0.0)
    y = np.where(valid[..., None], target, 0.0)
    mean_x, mean_y = x.sum(axis=-2) / count, y.sum(axis=-2) / count
    x, y = (x - mean_x[..., None, :]) * weight, (y - mean_y[..., None, :]) * weight
    u, singular, vt = np.linalg.svd(np.swapaxes(y, -1, -2) @ x)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    fix = np.ones((*sign.shape, 3))
    fix[..., 2] = np.where(sign == 0, 1.0, sign)
    rotation = (u * fix[..., None, :]) @ vt
    spread = (x * x).sum(axis=(-1, -2))
    scale = np.ones(sign.shape)
    if with_scale:
        scale = (singular * fix).sum(axis=-1) / np.maximum(spread, 1e-12)
    translation = mean_y - scale[..., None] * (rotation @ mean_x[..., None])[..., 0]
    few = number[..., 0] < 3
    return (np.where(few, np.nan, scale), np.where(few[..., None, None], np.nan, rotation),
            np.where(few[..., None], np.nan, translation))


def apply_similarity(points: NDArray[Any], scale: NDArray[np.float64],
                     rotation: NDArray[np.float64], translation: NDArray[np.float64]
                     ) -> NDArray[np.float64]:
    """Move points [...,N,3] by a similarity as returned by fit_similarity."""
    moved = np.asarray(points, np.float64) @ np.swapaxes(rotation, -1, -2)
    return np.asarray(scale)[..., None, None] * moved + translation[..., None, :]


def procrustes_error(pred: NDArray[Any], true: NDArray[Any], valid: NDArray[np.bool_]
                     ) -> NDArray[np.float64]:
    """Joint errors [F,J] after one similarity per frame (PA-MPJPE); NaN where invalid."""
    moved = apply_similarity(np.where(valid[..., None], pred, 0.0),
                             *fit_similarity(pred, true, valid))
    error = np.linalg.norm(moved - np.where(valid[..., None], true, 0.0), axis=-1)
    return np.where(valid, error, np.nan)


def chunk_error(pred: NDArray[Any], true: NDArray[Any], valid: NDArray[np.bool_],
                fit_frames: int | None = None, with_scale: bool = True) -> NDArray[np.float64]:
    """Joint errors [F,J] after one alignment per chunk of frames, as SLAHMR and WHAM do.

    fit_frames: align on this many frames of each chunk, the first with any valid joint (2 for
    W-MPJPE); None aligns on all (WA-MPJPE). with_scale=False fits rotation and translation only
    (W-rigid). NaN where invalid or where a chunk cannot be aligned.
    """
    error = np.full(valid.shape, np.nan)
    for first in range(0, len(pred), _CHUNK):
        part = slice(first, first + _CHUNK)
        used = valid[part].copy()
        if fit_frames is not None:
            seen = np.flatnonzero(used.any(axis=1))
            if len(seen) > fit_frames:
                used[seen[fit_frames]:] = False
        x, y = pred[part], true[part]
        fit = fit_similarity(x.reshape(-1, 3), y.reshape(-1, 3), used.ravel(), with_scale)
        moved = apply_similarity(np.where(valid[part][..., None], x, 0.0).reshape(-1, 3), *fit)
        distance = np.linalg.norm(
            moved - np.where(valid[part][..., None], y, 0.0).reshape(-1, 3), axis=-1)
        error[part] = np.where(valid[part], distance.reshape(x.shape[:2]), np.nan)
    return error
