# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How much the clocks of two records of the same motion differ, from the motion itself.

Distances within the body do not depend on the world of the joints. Their normalised
cross-correlation is largest at the right offset.
"""

from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.evaluation.motion_matching import one_person, people_pairs
from mocap23_ros.skeletons.formats import COCO17

_RATE = 60.0  # Hz, at which motions are laid over each other
_DISTANCES = (('left_ankle', 'right_ankle'), ('left_wrist', 'right_wrist'),
              ('left_wrist', 'left_hip'), ('right_wrist', 'right_hip'),
              ('left_ankle', 'left_hip'), ('right_ankle', 'right_hip'),
              ('left_knee', 'right_knee'), ('left_elbow', 'right_elbow'))
_LONGEST_GAP = 0.25  # s that are interpolated
_LEAST_OVERLAP = 2.0  # s
_LEAST_SHARE = 0.4  # of the shorter motion
_LONGEST = 4 * 3600.0  # s
_MATCH, _APART = 0.5, 0.3  # least correlation; s from the best offset where another one may be
_UNIQUE = 0.05  # by how much the best must be better than others
# Stamps are doubted where the motions fit so much later or earlier (s), are so much alike there,
# and so many times less as they are.
_LATE, _ALIKE, _WORSE = 0.06, 0.7, 2.0
_MOST_PAIRS = 16  # of people


def estimate_time_offset(pred: MotionArrays, true: MotionArrays) -> tuple[float, float]:
    """Return seconds to add to the stamps of ``true``, and the correlation there.

    Raises InputError where the motions do not overlap, are not alike, or repeat themselves.
    """
    candidates = [_offset(one_person(pred, p), one_person(true, t))
                  for p, t in people_pairs(pred, true)]
    found = [c for c in candidates if c is not None]
    if not found:
        raise InputError(f'the time offset cannot be estimated: the motions do not overlap for '
                         f'{_LEAST_OVERLAP:g} s with enough joints')
    offset, correlation, rival, rival_offset = max(found, key=lambda c: c[1])
    if correlation < _MATCH:
        raise InputError(f'the time offset cannot be estimated: the motions are nowhere alike '
                         f'(correlation {correlation:.2f} at {offset:+.2f} s); is it the truth of '
                         'this recording?')
    if rival > correlation - _UNIQUE:
        raise InputError(f'the time offset cannot be told: {offset:+.2f} and {rival_offset:+.2f} s '
                         f'fit alike (correlation {correlation:.2f} and {rival:.2f}), the motion '
                         'repeats itself; give the right one: --align-time SECONDS')
    return offset, correlation


def doubtful_time_offset(pred: MotionArrays, true: MotionArrays
                         ) -> tuple[float, float, float] | None:
    """Return what estimate_time_offset might, nearest to 0, where the motions fit clearly better
    there: seconds, the correlation there, and as the stamps are. None where the stamps may stand.
    """
    found = [c for p, t in islice(people_pairs(pred, true), _MOST_PAIRS)
             if (c := _curve(one_person(pred, p), one_person(true, t))) is not None]
    if not found:
        return None
    seconds, correlation = max(found, key=lambda c: c[1].max())
    likely = np.flatnonzero(_peaks(correlation) & (correlation > correlation.max() - _UNIQUE))
    if not len(likely) or not seconds[0] <= 0 <= seconds[-1]:
        return None
    best = int(likely[np.argmin(np.abs(seconds[likely]))])
    there, as_is = float(correlation[best]), float(np.interp(0, seconds, correlation))
    offset = float(seconds[best] + _peak(correlation, best) / _RATE)
    if abs(offset) < _LATE or there < _ALIKE or not 1 - as_is > _WORSE * (1 - there):
        return None
    return offset, there, as_is


def _offset(pred: MotionArrays, true: MotionArrays) -> tuple[float, float, float, float] | None:
    """Best offset, its correlation, and the best elsewhere; None where there is too little."""
    curve = _curve(pred, true)
    if curve is None:
        return None
    seconds, correlation = curve
    best = int(np.argmax(correlation))
    elsewhere = correlation.copy()
    near = int(_APART * _RATE)
    elsewhere[max(0, best - near):best + near + 1] = -np.inf
    # Only peaks are other answers, not the flanks of this one.
    elsewhere[~_peaks(elsewhere)] = -np.inf
    rival = int(np.argmax(elsewhere))
    return (float(seconds[best] + _peak(correlation, best) / _RATE), float(correlation[best]),
            float(elsewhere[rival]), float(seconds[rival]))


def _curve(pred: MotionArrays, true: MotionArrays
           ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Offsets [L] s and the correlation at each, -inf where too little is known on both sides;
    None where that is everywhere.
    """
    grids = []
    for motion in (pred, true):
        start, end = float(motion['stamps'][0]), float(motion['stamps'][-1])
        if end - start > _LONGEST:
            raise InputError(f'the motion spans {end - start:.0f} s; at most {_LONGEST:.0f} s are '
                             'laid over each other')
        times = start + np.arange(int((end - start) * _RATE) + 1) / _RATE
        grids.append((start, *_signals(motion, times)))
    (start, x, x_known), (own_start, y, y_known) = grids
    shared = min(x_known.sum(), y_known.sum())
    least = max(_LEAST_OVERLAP * _RATE, _LEAST_SHARE * shared)
    if shared < least:
        return None
    correlation, count = _correlate(x, x_known, y, y_known)
    correlation = np.where(count >= least, correlation, -np.inf)
    if not np.isfinite(correlation).any():
        return None
    lags = np.arange(len(correlation)) - (len(y) - 1)
    return start - own_start + lags / _RATE, correlation


def _peaks(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where no neighbour is larger, apart from both ends."""
    peaks = np.zeros(len(values), bool)
    peaks[1:-1] = (values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])
    return peaks


def _correlate(x: NDArray[np.float64], x_known: NDArray[np.bool_], y: NDArray[np.float64],
               y_known: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correlation over all signals at every lag, of the samples known on both sides; counts."""
    a, b = x_known.astype(float), y_known[::-1].astype(float)
    count = np.maximum(np.round(fftconvolve(a, b)), 0)
    number = np.maximum(count, 1)
    cross = spread_x = spread_y = 0.0
    for column in range(x.shape[1]):
        u = np.where(x_known, x[:, column], 0)
        v = np.where(y_known, y[:, column], 0)[::-1]
        sum_u, sum_v = fftconvolve(u, b), fftconvolve(a, v)
        cross = cross + fftconvolve(u, v) - sum_u * sum_v / number
        spread_x = spread_x + fftconvolve(u * u, b) - sum_u ** 2 / number
        spread_y = spread_y + fftconvolve(a, v * v) - sum_v ** 2 / number
    size = np.sqrt(np.maximum(spread_x, 1e-6) * np.maximum(spread_y, 1e-6))
    return cross / size, count


def _peak(values: NDArray[np.float64], best: int) -> float:
    """Where between the samples the top of a parabola lies, -0.5 to 0.5."""
    if not 0 < best < len(values) - 1 or not np.isfinite(values[best - 1:best + 2]).all():
        return 0.0
    before, top, after = values[best - 1:best + 2]
    bend = before - 2 * top + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _signals(motion: MotionArrays, times: NDArray[np.float64]
             ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Distances within the body [F,D] (m) at some times, and where all of them are known [F]."""
    joints, stamps = motion['joints'][:, 0], motion['stamps']
    pairs = [[COCO17.index(name) for name in pair] for pair in _DISTANCES]
    own = np.stack([np.linalg.norm(joints[:, i] - joints[:, j], axis=-1) for i, j in pairs], axis=1)
    good = np.isfinite(own).all(axis=1)
    if good.sum() < 2:
        return np.zeros((len(times), len(pairs))), np.zeros(len(times), bool)
    stamps, own = stamps[good], own[good]
    after = np.clip(np.searchsorted(stamps, times), 1, len(stamps) - 1)
    known = (times >= stamps[0]) & (times <= stamps[-1]) \
        & (stamps[after] - stamps[after - 1] <= _LONGEST_GAP)
    return np.stack([np.interp(times, stamps, column) for column in own.T], axis=1), known
