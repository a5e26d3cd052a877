# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How another clock and another world differ from ours, estimated from the motion itself."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.alignment import fit_similarity
from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.evaluation.motion_matching import match
from mocap23_ros.skeletons.formats import COCO17

RATE = 60.0  # Hz, at which motions are laid over each other
_DISTANCES = (('left_ankle', 'right_ankle'), ('left_wrist', 'right_wrist'),
              ('left_wrist', 'left_hip'), ('right_wrist', 'right_hip'),
              ('left_ankle', 'left_hip'), ('right_ankle', 'right_hip'),
              ('left_knee', 'right_knee'), ('left_elbow', 'right_elbow'))
_LONGEST_GAP = 0.25  # s that are interpolated
_LEAST_OVERLAP = 2.0  # s
_LEAST_SHARE = 0.4  # of the shorter motion
_LONGEST = 4 * 3600.0  # s
_MATCH, _APART = 0.5, 0.3  # least correlation; s from the best offset where another one may be
_MOST_PAIRS, _FAR = 16, 1.0  # pairs of people that are tried; m
_UNIQUE = 0.05  # by how much the best must be better than others


@dataclass(frozen=True)
class Alignment:
    """What was done to the truth: stamps + time_offset_s; turned and moved into the estimate's
    world.

    correlation: of the motions at the best offset, None where it was given. yaw, tilt: degrees of
    the turn about the vertical, and of the vertical. residual_mm: median distance left.
    world_T_truth: rows of the 4x4 pose, None where nothing was turned or moved.
    """

    time_offset_s: float | None = None
    correlation: float | None = None
    yaw_deg: float | None = None
    tilt_deg: float | None = None
    residual_mm: float | None = None
    world_T_truth: tuple[tuple[float, ...], ...] | None = None

    def words(self) -> str:
        """One sentence."""
        parts = []
        if self.time_offset_s is not None:
            how = 'as given' if self.correlation is None else f'correlation {self.correlation:.2f}'
            parts.append(f'its stamps were moved by {self.time_offset_s:+.3f} s ({how})')
        if self.world_T_truth is not None:
            x, y, z = (row[3] for row in self.world_T_truth[:3])
            parts.append(f'it was turned by {self.yaw_deg:.1f} degrees about the vertical, tilted '
                         f'by {self.tilt_deg:.1f} and moved by ({x:.3f}, {y:.3f}, {z:.3f}) m '
                         f'({self.residual_mm:.0f} mm are left, median); errors of the '
                         "camera's pose are not in the figures")
        return 'the truth was aligned: ' + '; '.join(parts)


@dataclass(frozen=True)
class AlignmentWanted:
    """time: seconds to add to the truth's stamps, 'estimate', or None. rigid: whether to estimate a
    rotation and a translation too. known: what another estimate of the same recording gave, so
    that one truth judges all.
    """

    time: float | str | None = None
    rigid: bool = False
    known: Alignment | None = None


NOTHING = AlignmentWanted()


def align_truth(pred: MotionArrays, true: MotionArrays, wanted: AlignmentWanted
                ) -> tuple[MotionArrays, Alignment]:
    """The truth with the clock and in the world of the estimate.

    Raises InputError where the motions do not tell.
    """
    if wanted.known is not None:
        return _applied(true, wanted.known), wanted.known
    alignment, time = Alignment(), wanted.time
    if time is not None:
        offset, correlation = _time_offset(pred, true) if time == 'estimate' else (time, None)
        alignment = Alignment(float(offset), correlation)
        true = _applied(true, alignment)
    if not wanted.rigid:
        return true, alignment
    rotation, translation = _by_one_person(pred, true)
    pairs = match(pred, _moved(true, rotation, translation))
    second, shift = _fit(np.concatenate([p['joints'][:, :17] for _, p, _ in pairs]),
                         np.concatenate([t['joints'][:, :17] for _, _, t in pairs]))
    rotation, translation = second @ rotation, second @ translation + shift
    moved = _moved(true, rotation, translation)
    left = _distances(pred, moved)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, translation
    yaw = np.degrees(Rotation.from_matrix(rotation).as_euler('ZYX')[0])
    tilt = np.degrees(np.arccos(np.clip(rotation[2, 2], -1, 1)))
    return moved, replace(alignment, yaw_deg=float(yaw), tilt_deg=float(tilt),
                          residual_mm=float(1e3 * np.nanmedian(left)),
                          world_T_truth=tuple(map(tuple, pose.tolist())))


def _applied(true: MotionArrays, alignment: Alignment) -> MotionArrays:
    if alignment.time_offset_s is not None:
        true = true | {'stamps': true['stamps'] + alignment.time_offset_s}
    if alignment.world_T_truth is not None:
        pose = np.array(alignment.world_T_truth)
        true = _moved(true, pose[:3, :3], pose[:3, 3])
    return true


def _moved(true: MotionArrays, rotation: NDArray[np.float64], translation: NDArray[np.float64]
           ) -> MotionArrays:
    return true | {key: true[key] @ rotation.T + translation
                   for key in ('joints', 'camera_position') if key in true}


def _by_one_person(pred: MotionArrays, true: MotionArrays
                   ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation and translation from the pair of people that brings everybody together best.

    Several people who walk look alike; only together do they tell who is who.
    """
    best, found = np.inf, None
    # Who is seen longest tells most, and a crowd has too many pairs.
    candidates = sorted(_people(pred, true), key=lambda pair: -_known(pred, pair[0])
                        * _known(true, pair[1]))[:_MOST_PAIRS]
    for p, t in candidates:
        _, one, other = match(_column(pred, p), _column(true, t))[0]
        try:
            pose = _fit(one['joints'][:, :17], other['joints'][:, :17])
        except InputError:
            continue
        # Far is far: a person who is not there must not count more than one who is elsewhere.
        left = np.minimum(np.nan_to_num(_distances(pred, _moved(true, *pose)), nan=_FAR), _FAR)
        if left.mean() < best:
            best, found = left.mean(), pose
    if found is None:
        raise InputError('the truth cannot be aligned: fewer than 10 joints are known on both '
                         'sides at the same time')
    return found


def _known(motion: MotionArrays, person: int) -> int:
    return int(np.isfinite(motion['joints'][:, person, :17, 0]).sum())


def _distances(pred: MotionArrays, true: MotionArrays) -> NDArray[np.float64]:
    """Between all known joints of the truth and the estimate; NaN where it has none."""
    return np.concatenate([
        np.linalg.norm(p['joints'][:, :17] - t['joints'][:, :17], axis=-1)[
            np.isfinite(t['joints'][:, :17]).all(axis=-1)] for _, p, t in match(pred, true)])


def _fit(pred: NDArray[np.float64], true: NDArray[np.float64]
         ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation and translation from the truth to the estimate, hardly drawn by far joints."""
    source, target = true.reshape(-1, 3), pred.reshape(-1, 3)
    known = np.isfinite(source).all(axis=1) & np.isfinite(target).all(axis=1)
    source, target = source[known], target[known]
    if len(source) < 10:
        raise InputError('the truth cannot be aligned: fewer than 10 joints are known on both '
                         'sides at the same time')
    kept = np.ones(len(source), bool)
    rotation, translation = np.eye(3), np.zeros(3)
    for _ in range(10):
        _, rotation, translation = fit_similarity(source, target, kept, with_scale=False)
        residual = np.linalg.norm(source @ rotation.T + translation - target, axis=1)
        kept = residual <= max(3 * float(np.median(residual)), 1e-6)
    return rotation, translation


def _time_offset(pred: MotionArrays, true: MotionArrays) -> tuple[float, float]:
    """Seconds to add to the truth's stamps, and the correlation there; InputError."""
    candidates = [_offset(_column(pred, p), _column(true, t)) for p, t in _people(pred, true)]
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


def _offset(pred: MotionArrays, true: MotionArrays) -> tuple[float, float, float, float] | None:
    """Best offset, its correlation, and the best elsewhere; None where there is too little."""
    grids = []
    for motion in (pred, true):
        start, end = float(motion['stamps'][0]), float(motion['stamps'][-1])
        if end - start > _LONGEST:
            raise InputError(f'the motion spans {end - start:.0f} s; at most {_LONGEST:.0f} s are '
                             'laid over each other')
        times = start + np.arange(int((end - start) * RATE) + 1) / RATE
        grids.append((start, *_signals(motion, times)))
    (start, x, x_known), (own_start, y, y_known) = grids
    shared = min(x_known.sum(), y_known.sum())
    least = max(_LEAST_OVERLAP * RATE, _LEAST_SHARE * shared)
    if shared < least:
        return None
    correlation, count = _correlate(x, x_known, y, y_known)
    correlation = np.where(count >= least, correlation, -np.inf)
    best = int(np.argmax(correlation))
    if not np.isfinite(correlation[best]):
        return None
    elsewhere = correlation.copy()
    near = int(_APART * RATE)
    elsewhere[max(0, best - near):best + near + 1] = -np.inf
    # Only peaks are other answers, not the flanks of this one.
    peaks = np.zeros(len(elsewhere), bool)
    peaks[1:-1] = (elsewhere[1:-1] >= elsewhere[:-2]) & (elsewhere[1:-1] >= elsewhere[2:])
    elsewhere[~peaks] = -np.inf
    rival = int(np.argmax(elsewhere))

    def seconds(lag: float) -> float:
        return start - own_start + (lag - (len(y) - 1)) / RATE

    return (seconds(best + _peak(correlation, best)), float(correlation[best]),
            float(elsewhere[rival]), seconds(rival))


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


def _people(pred: MotionArrays, true: MotionArrays) -> product:
    return product(range(pred['joints'].shape[1]), range(true['joints'].shape[1]))


def _column(motion: MotionArrays, person: int) -> MotionArrays:
    """One person alone."""
    return {'joints': motion['joints'][:, [person], :17], 'stamps': motion['stamps']}


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
