# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics of absolute human motion against truth. All lengths go in as metres.

Definitions follow GVHMR, WHAM and SLAHMR at 30 fps (docs/METRICS.md); where the frame rate differs,
figures per frame are rescaled to 30 fps. A joint counts where both prediction and truth are
finite; a figure that cannot be had is None, never 0.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.alignment import (
    chunk_error,
    finite_points,
    fit_similarity,
    pelvis,
    procrustes_error,
)
from mocap23_ros.evaluation.postures import POSTURES, postures
from mocap23_ros.evaluation.smoothness import acceleration_error, foot_skate, jitter
from mocap23_ros.evaluation.uncertainty import (
    COVERAGE_68,
    COVERAGE_95,
    depth_nees,
    squared_mahalanobis,
)
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS

REPORT_KEYS = ('mpjpe_mm', 'pa_mpjpe_mm', 'w_mpjpe_mm', 'wa_mpjpe_mm', 'w_rigid_mpjpe_mm',
               'abs_mpjpe_mm', 'root_mm', 'accel_ms2', 'jitter_10ms3', 'foot_skate_mm',
               'coverage_95', 'limit_ratio', 'frames')
DISTANCE_EDGES = (0.0, 3.0, 5.0, 7.0, 10.0, float('inf'))


def _checked(pred: NDArray[Any], true: NDArray[Any], fps: float
             ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pred, true = np.asarray(pred, np.float64), np.asarray(true, np.float64)
    if pred.ndim != 3 or true.ndim != 3 or pred.shape[2] != 3 or true.shape[2] != 3:
        raise InputError(f'joints must be [frames, joints, 3], got {pred.shape} and {true.shape}')
    if len(pred) != len(true):
        raise InputError(f'prediction has {len(pred)} frames and truth {len(true)}; match them by '
                         f'time stamp first')
    common = min(pred.shape[1], true.shape[1])
    if common < 17:
        raise InputError(f'joints must begin with the 17 COCO joints, got {common}')
    if not fps > 0:
        raise InputError(f'frame rate {fps} must be positive')
    return pred[:, :common], true[:, :common]


def motion_errors(pred_joints: NDArray[Any], true_joints: NDArray[Any], fps: float,
                  covariance: NDArray[Any] | None = None, contact: NDArray[Any] | None = None,
                  true_contact: NDArray[Any] | None = None, stature: NDArray[Any] | None = None,
                  true_stature: float | None = None,
                  camera_position: NDArray[Any] | None = None,
                  limit: NDArray[Any] | None = None) -> dict[str, NDArray[np.float64]]:
    """Errors of one person's motion, entry by entry, in report units.

    pred_joints, true_joints: [F,J,3] metres in the world, frame by frame at the same times; NaN
    where unknown; the first 17 are COCO's; joints beyond the common ones are left out.
    covariance: [F,J,3,3] m^2. contact, true_contact: [F,2] probability, label. stature: [F] or a
    number, true_stature: a number, metres. camera_position: [3] or [F,3] metres, for errors along
    and across the ray. limit: [F] metres, the least Abs-MPJPE that the input allows
    (evaluation/limits.py). Arrays of several sequences are concatenated by summarise(), so that
    every frame weighs the same. Also holds ``distance`` [F] (m, camera to true pelvis) and
    ``posture`` [F] (index into POSTURES) for bins.
    Raises InputError for wrong shapes.
    """
    pred, true = _checked(pred_joints, true_joints, fps)
    valid = finite_points(pred) & finite_points(true)
    frame_valid = np.asarray(valid.any(axis=1))
    error = np.where(valid, np.linalg.norm(pred - true, axis=-1), np.nan)
    root, true_root = pelvis(pred), pelvis(true)
    local, true_local = pred - root[:, None], true - true_root[:, None]
    local_error = np.linalg.norm(local - true_local, axis=-1)
    out: dict[str, NDArray[np.float64]] = {
        'mpjpe_mm': 1e3 * local_error, 'pa_mpjpe_mm': 1e3 * procrustes_error(pred, true, valid),
        'w_mpjpe_mm': 1e3 * chunk_error(pred, true, valid, fit_frames=2),
        'wa_mpjpe_mm': 1e3 * chunk_error(pred, true, valid),
        'w_rigid_mpjpe_mm': 1e3 * chunk_error(pred, true, valid, fit_frames=2, with_scale=False),
        'abs_mpjpe_mm': 1e3 * error,
        'root_mm': np.asarray(1e3 * np.linalg.norm(root - true_root, axis=-1)),
        'accel_ms2': acceleration_error(local, true_local, fps),
        'jitter_10ms3': jitter(pred, fps), 'jitter_truth_10ms3': jitter(true, fps),
        'foot_skate_mm': 1e3 * foot_skate(pred[:, ANKLES], true[:, ANKLES], fps),
        'frame_valid': frame_valid.astype(np.float64), 'posture': postures(true),
    }
    root_valid = finite_points(root) & finite_points(true_root)
    fit = fit_similarity(root, true_root, root_valid, with_scale=False)
    residual = np.linalg.norm(
        np.where(root_valid[:, None], root, 0.0) @ fit[1].T + fit[2] - true_root, axis=-1)
    out['t_root_mm'] = 1e3 * np.where(root_valid, residual, np.nan)
    path = np.nansum(np.linalg.norm(np.diff(true_root, axis=0), axis=-1))
    # A person on the spot has no path to relate the error to.
    out['rte_percent'] = (100 * out['t_root_mm'] / 1e3 / path if path > 0.2
                          else np.full(len(pred), np.nan))
    if camera_position is not None:
        sight = true_root - np.broadcast_to(camera_position, true_root.shape)
        distance = np.linalg.norm(sight, axis=-1)
        ray = sight / np.maximum(distance, 1e-9)[:, None]
        along = ((root - true_root) * ray).sum(axis=-1)
        across = np.linalg.norm(root - true_root - along[:, None] * ray, axis=-1)
        out.update(distance=distance, root_depth_bias_mm=1e3 * along,
                   root_depth_mm=1e3 * np.abs(along), root_lateral_mm=1e3 * across)
        if covariance is not None:
            hips = np.asarray(covariance, np.float64)[:, HIPS].mean(axis=1)
            out['root_depth_nees'] = depth_nees(along, ray, hips)
    if covariance is not None:
        if np.shape(covariance)[:1] != (len(pred),) or np.shape(covariance)[2:] != (3, 3):
            raise InputError(f'covariance must be [frames, joints, 3, 3], got '
                             f'{np.shape(covariance)}')
        distance2 = squared_mahalanobis(pred - true,
                                        np.asarray(covariance)[:, :pred.shape[1]])
        known = np.isfinite(distance2)
        out['nees'] = distance2 / 3
        out['coverage_68'] = np.where(known, distance2 <= COVERAGE_68, np.nan)
        out['coverage_95'] = np.where(known, distance2 <= COVERAGE_95, np.nan)
    if stature is not None and true_stature is not None and np.isfinite(true_stature):
        given = np.atleast_1d(np.asarray(stature, np.float64))
        out['stature_error_percent'] = 100 * np.abs(given / true_stature - 1)
    if contact is not None and true_contact is not None:
        known = np.isfinite(contact) & np.isfinite(true_contact)
        said, is_so = np.asarray(contact) >= 0.5, np.asarray(true_contact) >= 0.5
        for name, hit in (('tp', said & is_so), ('fp', said & ~is_so), ('fn', ~said & is_so)):
            out[f'contact_{name}'] = (hit & known).astype(np.float64)
    if true_contact is not None:
        both = np.asarray((np.asarray(true_contact) >= 0.5).all(axis=1))
        out['abs_two_feet_mm'] = np.where(both[:, None], 1e3 * error, np.nan)
    if limit is not None:
        frame_error = np.full(len(pred), np.nan)
        frame_error[frame_valid] = np.nanmean(error[frame_valid], axis=1)
        out['limit_ratio'] = frame_error / np.broadcast_to(limit, len(pred))
        out['limit_mm'] = 1e3 * np.where(frame_valid, limit, np.nan)
    return out


def summarise(sequences: Iterable[Mapping[str, NDArray[np.float64]]]) -> dict[str, Any]:
    """Means over all entries of all sequences, as the values of report.json.

    ``frames`` counts the frames with an estimate, ``recall`` their share.
    """
    parts = list(sequences)
    joined = {key: np.concatenate([np.ravel(part[key]) for part in parts if key in part])
              for key in dict.fromkeys(key for part in parts for key in part)}
    valid = joined.pop('frame_valid', np.zeros(0))
    for bins in ('distance', 'posture'):
        joined.pop(bins, None)
    counts = {name: float(joined.pop(f'contact_{name}', np.zeros(0)).sum())
              for name in ('tp', 'fp', 'fn')}
    result: dict[str, Any] = {key: None for key in REPORT_KEYS}
    for key, values in joined.items():
        finite = values[np.isfinite(values)]
        result[key] = float(finite.mean()) if len(finite) else None
    total = 2 * counts['tp'] + counts['fp'] + counts['fn']
    result['contact_f1'] = 2 * counts['tp'] / total if total else None
    result['frames'] = int(valid.sum())
    result['recall'] = float(valid.mean()) if len(valid) else None
    return result


def evaluate_motion(*motion: Any, **further: Any) -> dict[str, Any]:
    """Every metric of one person's motion; takes what motion_errors takes.

    Returns REPORT_KEYS and, where they can be had, abs_two_feet_mm (frames with both feet on the
    floor), jitter_truth_10ms3, t_root_mm, rte_percent, root_depth_mm, root_depth_bias_mm,
    root_lateral_mm, root_depth_nees, nees, coverage_68, stature_error_percent, contact_f1,
    limit_mm, recall; None where not.
    """
    return summarise([motion_errors(*motion, **further)])


def by_distance(sequences: Iterable[Mapping[str, NDArray[np.float64]]]
                ) -> dict[str, dict[str, Any]]:
    """The per-frame figures of summarise() in bins of distance, e.g. ``3-5 m``."""
    bins = {f'{low:g}-{high:g} m' if np.isfinite(high) else f'over {low:g} m': (low, high)
            for low, high in pairwise(DISTANCE_EDGES)}
    return _in_bins(sequences, 'distance', bins)


def by_posture(sequences: Iterable[Mapping[str, NDArray[np.float64]]]
               ) -> dict[str, dict[str, Any]]:
    """The per-frame figures of summarise() by the true posture (POSTURES)."""
    return _in_bins(sequences, 'posture', {name: (index, index + 1)
                                           for index, name in enumerate(POSTURES)})


def _in_bins(sequences: Iterable[Mapping[str, NDArray[np.float64]]], key: str,
             bins: Mapping[str, tuple[float, float]]) -> dict[str, dict[str, Any]]:
    """Figures of the frames whose entry ``key`` lies in [low, high), bins without any left out."""
    parts = [part for part in sequences if key in part]
    result = {}
    for label, (low, high) in bins.items():
        chosen = []
        for part in parts:
            rows = (part[key] >= low) & (part[key] < high)
            if rows.any():
                chosen.append({name: values[rows] for name, values in part.items()
                               if len(values) == len(rows)})
        if chosen:
            result[label] = summarise(chosen)
    return result
