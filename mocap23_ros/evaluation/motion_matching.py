# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Pairs estimated with true motion: frames, joints and people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.skeletons.coco17 import COCO_JOINTS, HIPS
from mocap23_ros.skeletons.formats import COCO17

_FASTER = 0.7  # of the estimate's period
_LONGEST_GAP = 0.1  # s
_BY_FRAME = ('contact', 'stature', 'camera_position', 'limit', 'covariance')


@dataclass(frozen=True)
class FrameMatch:
    """Frames of the truth and those of the estimate that are nearest in time.

    row: int [F] frame of the estimate. near: bool [F], within half a period of the truth.
    offset: float64 [F] seconds between the two.
    """

    row: NDArray[np.intp]
    near: NDArray[np.bool_]
    offset: NDArray[np.float64]


def match_frames(pred: MotionArrays, true: MotionArrays) -> FrameMatch:
    """The nearest frame of the estimate for every frame of the truth."""
    period = float(np.median(np.diff(true['stamps']))) if len(true['stamps']) > 1 else 0.1
    right = np.clip(np.searchsorted(pred['stamps'], true['stamps']), 0, len(pred['stamps']) - 1)
    left = np.maximum(right - 1, 0)
    nearer = np.abs(pred['stamps'][left] - true['stamps']) < np.abs(
        pred['stamps'][right] - true['stamps'])
    row = np.where(nearer, left, right)
    offset = np.abs(pred['stamps'][row] - true['stamps'])
    return FrameMatch(row, offset <= 0.5 * period, offset)


def unmatched(pairs: Sequence[tuple[str, MotionArrays, Path, MotionArrays]]) -> list[str]:
    """A sentence per method that lacks frames; InputError where it has none of a recording."""
    missing: dict[str, list[NDArray[np.float64]]] = {}
    frames: dict[str, int] = {}
    for name, estimate, path, true in pairs:
        found = match_frames(estimate, true)
        if not found.near.any():
            ends = [f'{stamps[0]:.3f} to {stamps[-1]:.3f} s' for stamps in
                    (estimate['stamps'], true['stamps'])]
            raise InputError(f'{name} has no frame at the time of one in {path}: its stamps are '
                             f'{ends[0]}, those of the truth {ends[1]}; where these are of another '
                             'clock, --align-time lays one over the other')
        missing.setdefault(name, []).append(found.offset[~found.near])
        frames[name] = frames.get(name, 0) + len(found.near)
    sentences = []
    for name, parts in missing.items():
        offsets = np.concatenate(parts)
        if len(offsets):
            sentences.append(
                f'{name}: {len(offsets)} of {frames[name]} frames of the truth have no estimate '
                f'within half a frame; the largest offset is {offsets.max():.3g} s')
    return sentences


def at_frames_of(pred: MotionArrays, true: MotionArrays) -> tuple[MotionArrays, str]:
    """The truth at the stamps of the estimate where its rate is higher; and a note that says so.

    Between frames of the truth that are at most _LONGEST_GAP apart, joints are interpolated.
    """
    if min(len(pred['stamps']), len(true['stamps'])) < 2:
        return true, ''
    period, own = (float(np.median(np.diff(m['stamps']))) for m in (pred, true))
    stamps = pred['stamps'][(pred['stamps'] >= true['stamps'][0])
                            & (pred['stamps'] <= true['stamps'][-1])]
    if own > _FASTER * period or not len(stamps):
        return true, ''
    after = np.clip(np.searchsorted(true['stamps'], stamps), 1, len(true['stamps']) - 1)
    before = after - 1
    step = true['stamps'][after] - true['stamps'][before]
    share = (stamps - true['stamps'][before]) / step
    nearest = np.where(share < 0.5, before, after)
    joints = true['joints']
    weight = share[:, None, None, None]
    between = np.where(weight <= 0, joints[before], np.where(
        weight >= 1, joints[after], (1 - weight) * joints[before] + weight * joints[after]))
    frames = len(true['stamps'])
    result = {key: values[nearest] if key in _BY_FRAME and values.shape[:1] == (frames,)
              and not (key == 'stature' and values.ndim == 1) else values
              for key, values in true.items()}
    result['joints'] = in_rows(step <= _LONGEST_GAP, between)
    result['stamps'] = stamps
    return result, (f'the truth of {1 / own:.0f} Hz was interpolated at the {len(stamps)} stamps '
                    'of the estimate')


def match(pred: MotionArrays, true: MotionArrays) -> list[tuple[int, MotionArrays, MotionArrays]]:
    """Put estimates beside the truth: frames by stamp, people by distance.

    Every frame of the truth gets the estimate of the nearest stamp within half a period. People are
    assigned at the least summed distance; several estimated ids may follow each other for one true
    person (a track that was lost and found). Joints beyond COCO's are kept where both sides name
    them.
    Returns (true person, estimate, truth) with arrays without the people axis.
    """
    frames = match_frames(pred, true)
    row = frames.row
    pred, true = _common_joints(pred, true)
    estimate: MotionArrays = {key: in_rows(frames.near, pred[key][row])
                        for key in ('joints', 'covariance', 'contact', 'stature')
                        if key in pred and pred[key].ndim > 1}
    roots = estimate['joints'][:, :, HIPS].mean(axis=2)
    true_roots = true['joints'][:, :, HIPS].mean(axis=2)
    if pred['joints'].shape[1] == true['joints'].shape[1] == 1:
        owner = np.zeros((len(row), 1), int)
    else:
        owner = _owners(roots, true_roots)
    result = []
    for person in range(true['joints'].shape[1]):
        chosen = owner[:, person]
        picked = {key: in_rows(chosen >= 0, value[np.arange(len(row)), np.maximum(chosen, 0)])
                  for key, value in estimate.items()}
        truth = {key: value[:, person] if key in ('joints', 'contact', 'limit') and value.ndim > 1
                 else value for key, value in true.items()}
        if 'stature' in true:
            truth['stature'] = np.ravel(true['stature'])[person:person + 1]
        result.append((person, picked, truth))
    return result


def _common_joints(pred: MotionArrays, true: MotionArrays) -> tuple[MotionArrays, MotionArrays]:
    """Both motions with the same joints in the same order: COCO's, and others that both name."""
    names = [[str(name) for name in motion.get('joint_names', COCO17.joint_names)]
             for motion in (pred, true)]
    common = [name for name in names[0] if name in names[1]]
    cut = []
    for own, motion in zip(names, (pred, true), strict=True):
        columns = [own.index(name) for name in common]
        cut.append(motion | {key: motion[key][:, :, columns] for key in ('joints', 'covariance')
                             if key in motion})
    return cut[0], cut[1]


def in_rows(rows: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """Values [F,...] with NaN in the other rows."""
    return np.where(rows.reshape(-1, *(1,) * (values.ndim - 1)), values, np.nan)


def _owners(roots: NDArray[np.float64], true_roots: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which estimate [F,T] belongs to each true person per frame; -1 = none."""
    distance = np.linalg.norm(roots[:, :, None] - true_roots[:, None], axis=-1)   # F,P,T
    known = np.isfinite(distance)
    mean = np.where(known, distance, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    mean = np.where(known.any(axis=0), mean, np.inf)
    # Each id belongs to the true person it is nearest to over its life ...
    home = np.where(np.isfinite(mean).any(axis=1), np.argmin(mean, axis=1), -1)
    owner = np.full(distance.shape[::2], -1)
    for f in range(len(distance)):
        cost = np.where(known[f], distance[f], 1e3)
        cost = np.where(home[:, None] == np.arange(distance.shape[2]), cost, 1e6)
        # ... and where two ids of one person overlap, the nearer counts.
        for p, t in zip(*linear_sum_assignment(cost), strict=True):
            if cost[p, t] < 1e3:
                owner[f, t] = p
    return owner


def people_pairs(pred: MotionArrays, true: MotionArrays) -> Iterator[tuple[int, int]]:
    """Return every person of the estimate with every person of the truth."""
    return product(range(pred['joints'].shape[1]), range(true['joints'].shape[1]))


def one_person(motion: MotionArrays, person: int) -> MotionArrays:
    """The COCO-17 joints and stamps of one person alone."""
    return {'joints': motion['joints'][:, [person], COCO_JOINTS], 'stamps': motion['stamps']}
