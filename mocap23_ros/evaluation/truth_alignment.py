# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How another clock and another world differ from ours, estimated from the motion itself."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.alignment import fit_similarity
from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.evaluation.motion_matching import match, one_person, people_pairs
from mocap23_ros.evaluation.time_offset import doubtful_time_offset, estimate_time_offset
from mocap23_ros.skeletons.coco17 import COCO_JOINTS

_MOST_PAIRS, _FAR = 16, 1.0  # pairs of people that are tried; m
# The worlds seem different if the motions are that far apart (m) and one move leaves so little.
_APART, _LEFT = 0.3, 1 / 3


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
        """Describe the alignment in one sentence."""
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

    Raises InputError where the motions do not determine it.
    """
    if wanted.known is not None:
        return _applied(true, wanted.known), wanted.known
    alignment, time = Alignment(), wanted.time
    if time is not None:
        offset, correlation = (
            estimate_time_offset(pred, true) if time == 'estimate' else (time, None))
        alignment = Alignment(float(offset), correlation)
        true = _applied(true, alignment)
    if not wanted.rigid:
        return true, alignment
    rotation, translation = _by_one_person(pred, true)
    pairs = match(pred, _moved(true, rotation, translation))
    second, shift = _fit(np.concatenate([p['joints'][:, COCO_JOINTS] for _, p, _ in pairs]),
                         np.concatenate([t['joints'][:, COCO_JOINTS] for _, _, t in pairs]))
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


def truth_doubts(pred: MotionArrays, true: MotionArrays, wanted: AlignmentWanted) -> list[str]:
    """Sentences that say where the truth seems to have another clock or another world.

    wanted: what was done to it already, and is not judged.
    """
    doubts = []
    late = None if wanted.time == 'estimate' else doubtful_time_offset(pred, true)
    if late is not None:
        offset, there, as_is = late
        doubts.append(
            f'the truth seems {abs(offset):.2f} s {"late" if offset < 0 else "early"}: with '
            f'{offset:+.2f} s its motion is like that of the estimate (correlation {there:.2f}, '
            f'{as_is:.2f} as it is); --align-time {offset:.2f} would lay it over')
        true = _applied(true, Alignment(offset))
    if wanted.rigid:
        return doubts
    try:
        distances = _distances(pred, true)
        known = distances[np.isfinite(distances)]
        apart = float(np.median(known)) if len(known) else 0.0
        if apart < _APART:
            return doubts
        _, move = align_truth(pred, true, AlignmentWanted(rigid=True))
    except InputError:
        return doubts
    assert move.residual_mm is not None and move.world_T_truth is not None
    if move.residual_mm < _LEFT * 1e3 * apart:
        x, y, z = (row[3] for row in move.world_T_truth[:3])
        doubts.append(
            f'the truth seems to be of another world: it lies {1e3 * apart:.0f} mm off (median), '
            f'and {move.residual_mm:.0f} mm if turned by {move.yaw_deg:.0f} degrees about the '
            f'vertical and moved by ({x:.2f}, {y:.2f}, {z:.2f}) m; --align-rigid would do so. '
            'Where it is of this world, the pose of the camera, the floor or the estimate is off')
    return doubts


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
    # People seen longest say most, and a crowd has too many pairs.
    candidates = sorted(people_pairs(pred, true), key=lambda pair: -_known(pred, pair[0])
                        * _known(true, pair[1]))[:_MOST_PAIRS]
    for p, t in candidates:
        _, one, other = match(one_person(pred, p), one_person(true, t))[0]
        try:
            pose = _fit(one['joints'][:, COCO_JOINTS], other['joints'][:, COCO_JOINTS])
        except InputError:
            continue
        # Bounded: a person who is not there must not count more than one who is elsewhere.
        left = np.minimum(np.nan_to_num(_distances(pred, _moved(true, *pose)), nan=_FAR), _FAR)
        if left.mean() < best:
            best, found = left.mean(), pose
    if found is None:
        raise InputError('the truth cannot be aligned: fewer than 10 joints are known on both '
                         'sides at the same time')
    return found


def _known(motion: MotionArrays, person: int) -> int:
    return int(np.isfinite(motion['joints'][:, person, COCO_JOINTS, 0]).sum())


def _distances(pred: MotionArrays, true: MotionArrays) -> NDArray[np.float64]:
    """Between all known joints of the truth and the estimate; NaN where it has none."""
    return np.concatenate([
        np.linalg.norm(p['joints'][:, COCO_JOINTS] - t['joints'][:, COCO_JOINTS], axis=-1)[
            np.isfinite(t['joints'][:, COCO_JOINTS]).all(axis=-1)]
        for _, p, t in match(pred, true)])


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
