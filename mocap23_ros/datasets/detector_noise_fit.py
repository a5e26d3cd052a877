# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The noise of a detector from what it reported of people who are known.

Few data: every number is drawn towards what COCO's sigmas, at the detector's own level, or the
general noise model say, as much as counts are small.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from mocap23_ros.datasets.confidence_fit import fit_error_tables, fit_stated
from mocap23_ros.datasets.detected_clips import ClipErrors, DetectedClip, clip_errors
from mocap23_ros.datasets.episode_fit import fit_dropped, fit_exchanges, fit_outliers
from mocap23_ros.detection.detector_noise import OUTLIER, DetectorNoise, JointNoise, growth
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.formats import COCO17

_MEDIAN = 1.1774  # of the length of a vector with two parts of deviation 1
_LEVEL = 0.2  # of COCO's sigmas, where nothing is known
_SPLIT = {'bias': 0.33, 'correlated': 0.5, 'white': 0.17}  # of the variance, likewise
_PRIOR_CLIPS = 4.0  # as many as the prior counts for
_LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)  # images
_TIMES = np.geomspace(0.03, 2.0, 36)  # s
_TIME, _LEAST_PAIRS = 0.25, 200  # s where fewer pairs of samples tell
_RESOLUTIONS = np.concatenate([[0], np.geomspace(3, 600, 54)])  # px
_LEAST_CLIPS, _SIZE_RATIO = 8, 1.5  # that the errors of small people are judged by


def fit_detector_noise(clips: Sequence[DetectedClip], detector: str, made: str) -> DetectorNoise:
    """Fit the whole model; made: a line on how the clips came about. InputError as clip_errors."""
    errors = clip_errors(clips)
    resolution = _resolution(errors)
    scaled = [clip.error / growth(resolution, clip.size)[:, None, None] for clip in errors]
    limit = OUTLIER * _robust_deviation(scaled)
    away = [np.hypot(e[..., 0], e[..., 1]) > limit for e in scaled]
    time_constant, parts, seen_in = _parts(scaled, away, errors)
    seen, known = (np.concatenate([value[clip.seen.any(axis=1)] for clip, value in zip(
        errors, values, strict=True)]) for values in (
            [clip.seen for clip in errors], [clip.known for clip in errors]))
    missing = np.minimum(1 - seen.sum(axis=0) / np.maximum(known.sum(axis=0), 1), 0.9)
    missing[known.sum(axis=0) == 0] = 0
    joints = {name: JointNoise(
        float(parts['bias'][j]), float(parts['correlated'][j]), float(parts['white'][j]),
        float(missing[j]), int(seen_in[j])) for j, name in enumerate(COCO17.joint_names)}
    return DetectorNoise(
        detector, made, len(errors), int(sum(clip.seen.sum() for clip in errors)), time_constant,
        float(resolution), fit_dropped(errors), fit_exchanges(errors),
        fit_outliers(errors, scaled, away, limit), joints, fit_stated(errors),
        fit_error_tables(errors))


def _robust_deviation(scaled: Sequence[NDArray]) -> NDArray[np.float64]:
    """Deviation of each joint along one axis [17], from the median length of its error."""
    everything = np.concatenate([np.hypot(e[..., 0], e[..., 1]) for e in scaled])
    prior = _LEVEL * COCO_SIGMAS
    median = np.array([np.median(values[np.isfinite(values)]) if np.isfinite(values).any()
                       else _MEDIAN * prior[j] for j, values in enumerate(everything.T)])
    return np.maximum(median / _MEDIAN, 0.05 * prior)


def _resolution(errors: Sequence[ClipErrors]) -> float:
    """Size in px at which errors are sqrt(2) of those of large people; 0 where it is not known.

    The logarithms of each clip's and joint's median error, with a level per joint, least absolute
    deviations.
    """
    size = np.array([np.median(clip.size) for clip in errors])
    if len(size) < _LEAST_CLIPS or size.max() < _SIZE_RATIO * size.min():
        return 0.0
    with np.errstate(all='ignore'):
        logarithm = np.array([[np.log(np.median(column[np.isfinite(column)])) if np.isfinite(
            column).any() else np.nan for column in clip.distance.T] for clip in errors])
    logarithm[~np.isfinite(logarithm)] = np.nan
    measured = np.isfinite(logarithm).any(axis=0)
    logarithm = logarithm[:, measured]

    def misfit(resolution: float) -> float:
        rest = logarithm - 0.5 * np.log1p((resolution / size[:, None]) ** 2)
        return float(np.nansum(np.abs(rest - np.nanmedian(rest, axis=0))))

    return float(min(_RESOLUTIONS, key=misfit))


def _parts(scaled: Sequence[NDArray], away: Sequence[NDArray], errors: Sequence[ClipErrors]
           ) -> tuple[float, dict[str, NDArray], NDArray[np.intp]]:
    """Time constant, {part: deviation [17]} and clips of each joint [17].

    Half the mean square of differences at a lag t is white^2 + correlated^2 (1 - exp(-t / T)),
    whatever the bias; the mean square itself has the bias too.
    """
    clean = [np.where(out[..., None], np.nan, e) for e, out in zip(scaled, away, strict=True)]
    lags, sums, counts = _differences(clean, errors)
    total = np.array([[np.nansum(e ** 2, axis=(0, 2)) / 2,
                       np.isfinite(e[..., 0]).sum(axis=0)] for e in clean])
    square = total[:, 0].sum(axis=0) / np.maximum(total[:, 1].sum(axis=0), 1)
    seen_in = (total[:, 1] > 0).sum(axis=0)
    scale = np.maximum(square, 1e-12)
    time_constant = _TIME
    if counts.sum() >= _LEAST_PAIRS:
        misfits = [_fit_lags(lags, sums / scale, counts, time)[1] for time in _TIMES]
        time_constant = float(_TIMES[int(np.argmin(misfits))])
    solution, _ = _fit_lags(lags, sums / scale, counts, time_constant)
    white, correlated = solution * scale
    measured = {'bias': np.maximum(square - white - correlated, 0), 'correlated': correlated,
                'white': white}
    level = _level(square, seen_in)
    weight = seen_in / (seen_in + _PRIOR_CLIPS)
    return time_constant, {part: np.sqrt(
        weight * measured[part] + (1 - weight) * share * (level * COCO_SIGMAS) ** 2)
        for part, share in _SPLIT.items()}, seen_in


def _level(square: NDArray, seen_in: NDArray) -> float:
    """The detector's error in COCO sigmas, the middle over joints."""
    ratio = np.sqrt(square[seen_in > 0]) / COCO_SIGMAS[seen_in > 0]
    return float(np.median(ratio)) if len(ratio) else _LEVEL


def _differences(clean: Sequence[NDArray], errors: Sequence[ClipErrors]
                 ) -> tuple[NDArray, NDArray, NDArray]:
    """Lags [N] s; half the mean square of differences [N,17] along one axis; pairs [N,17]."""
    sums: dict[float, list[NDArray]] = {}
    for values, clip in zip(clean, errors, strict=True):
        for lag in _LAGS:
            if lag >= len(values):
                break
            step = values[lag:] - values[:-lag]
            entry = sums.setdefault(round(lag / clip.rate, 4), [np.zeros(17), np.zeros(17)])
            entry[0] += np.nansum(step ** 2, axis=(0, 2)) / 4
            entry[1] += np.isfinite(step[..., 0]).sum(axis=0)
    lags = np.array(sorted(sums))
    if not len(lags):
        return lags, np.zeros((0, 17)), np.zeros((0, 17))
    total = np.array([sums[lag][0] for lag in lags])
    count = np.array([sums[lag][1] for lag in lags])
    return lags, total / np.maximum(count, 1), count


def _fit_lags(lags: NDArray, squares: NDArray, counts: NDArray, time: float
              ) -> tuple[NDArray, float]:
    """Variances, white and correlated, [2,17], in units of the joint's own; and the misfit."""
    solution, misfit = np.zeros((2, 17)), 0.0
    if not len(lags):
        return solution, misfit
    design = np.stack([np.ones(len(lags)), 1 - np.exp(-lags / time)], axis=1)
    for j in range(17):
        # Samples near each other say the same, so many pairs are worth little more than some.
        weight = np.sqrt(counts[:, j]) / np.maximum(squares[:, j], 0.02)
        if counts[:, j].any():
            solution[:, j], rest = nnls(design * weight[:, None], squares[:, j] * weight)
            misfit += float(rest) ** 2
    return solution, misfit
