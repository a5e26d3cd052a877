# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reading estimated and true motion from npz files and bags, and matching the two."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mocap23_ros.errors import InputError

Motion = dict[str, NDArray[Any]]
_OPTIONAL = ('covariance', 'contact', 'stature', 'camera_position', 'limit')
_MAXIMUM_BYTES = 2 << 30


def load_motion(path: Path) -> Motion:
    """Read motion in the layout of OUT.npz: joints [F,P,J,3], stamps [F], more as present.

    Raises InputError for what is not such a file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f'{path}: no such file')
    if path.stat().st_size > _MAXIMUM_BYTES:
        raise InputError(f'{path}: larger than 2 GB; split the recording')
    try:
        with np.load(path, allow_pickle=False) as data:
            motion = {key: data[key] for key in ('joints', 'stamps', *_OPTIONAL) if key in data}
    except (ValueError, OSError, EOFError, KeyError) as error:
        raise InputError(f'{path}: not a readable npz file ({error})') from error
    except Exception as error:                       # zipfile and zlib have errors of their own
        raise InputError(f'{path}: damaged npz file ({error})') from error
    for key in ('joints', 'stamps'):
        if key not in motion:
            raise InputError(f'{path}: has no array {key}; it must be written by mocap23 lift or '
                             f'have its layout')
    if motion['joints'].ndim == 3:
        motion['joints'] = motion['joints'][:, None]
    shape = motion['joints'].shape
    if len(shape) != 4 or shape[2] < 17 or shape[3] != 3 or shape[0] != len(motion['stamps']):
        raise InputError(f'{path}: joints must be [frames, people, at least 17, 3] with one stamp '
                         f'per frame, got {shape} and {motion["stamps"].shape}')
    if shape[0] == 0 or not np.all(np.diff(motion['stamps']) > 0):
        raise InputError(f'{path}: stamps must increase and there must be at least one frame')
    expected = {'covariance': (*shape[:3], 3, 3), 'contact': (*shape[:2], 2)}
    for key, wanted in expected.items():
        if key in motion and motion[key].shape != wanted:
            raise InputError(f'{path}: {key} is {motion[key].shape}, must be {wanted}')
    return motion


def load_bag(path: Path, topic: str | None = None) -> Motion:
    """Read the SkeletonArray messages of a bag (sqlite3 or MCAP), one row per message.

    topic: needed only where several topics carry skeletons. People are sorted by id.
    Raises InputError.
    """
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise InputError(f'reading a bag needs the package rosbags ({error})') from error
    if not Path(path).exists():
        raise InputError(f'{path}: no such bag')
    try:
        store = get_typestore(Stores.ROS2_KILTED if hasattr(Stores, 'ROS2_KILTED')
                              else Stores.LATEST)
        with AnyReader([Path(path)], default_typestore=store) as reader:
            found = [c for c in reader.connections if c.msgtype.endswith('/SkeletonArray')
                     and topic in (None, c.topic)]
            topics = sorted({c.topic for c in found})
            if len(topics) != 1:
                raise InputError(
                    f'{path}: ' + (f'several topics carry skeletons ({", ".join(topics)}); choose '
                                   f'one with --topic' if topics else 'holds no SkeletonArray'))
            messages = [reader.deserialize(raw, c.msgtype)
                        for c, _, raw in reader.messages(connections=found)]
    except AnyReaderError as error:
        raise InputError(f'{path}: not a readable bag ({error})') from error
    if not messages:
        raise InputError(f'{path}: holds no skeletons')
    return _from_messages(messages)


def _from_messages(messages: list[Any]) -> Motion:
    stamps = np.array([m.header.stamp.sec + 1e-9 * m.header.stamp.nanosec for m in messages])
    order = np.argsort(stamps, kind='stable')
    # One message per stamp: of repeated ones the last published counts.
    order = order[np.append(np.diff(stamps[order]) > 0, True)]
    messages, stamps = [messages[i] for i in order], stamps[order]
    ids = sorted({int(s.id) for m in messages for s in m.skeletons})
    joints_count = max((len(s.joints) // 3 for m in messages for s in m.skeletons), default=17)
    shape = (len(messages), max(len(ids), 1), joints_count)
    motion: Motion = {
        'stamps': stamps, 'joints': np.full((*shape, 3), np.nan),
        'covariance': np.full((*shape, 3, 3), np.nan), 'contact': np.full((*shape[:2], 2), np.nan),
        'stature': np.full(shape[:2], np.nan)}
    for f, message in enumerate(messages):
        for skeleton in message.skeletons:
            cell = f, ids.index(int(skeleton.id))
            motion['joints'][cell] = np.reshape(skeleton.joints, (-1, 3))
            if len(skeleton.covariance):
                six = np.reshape(skeleton.covariance, (-1, 6))
                motion['covariance'][cell] = six[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
            if len(skeleton.contact) >= 2:
                motion['contact'][cell] = skeleton.contact[:2]
            motion['stature'][cell] = skeleton.stature
    return motion


def _where(rows: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """Values [F,...] with NaN in the other rows."""
    return np.where(rows.reshape(-1, *(1,) * (values.ndim - 1)), values, np.nan)


def match(pred: Motion, true: Motion) -> list[tuple[int, Motion, Motion]]:
    """Put estimates beside the truth: frames by stamp, people by distance.

    Every frame of the truth gets the estimate of the nearest stamp within half a period; people
    are assigned so that the summed distance is least, several estimated ids may follow each
    other for one true person (a track that was lost and found).
    Returns (true person, estimate, truth) with arrays without the people axis.
    """
    period = float(np.median(np.diff(true['stamps']))) if len(true['stamps']) > 1 else 0.1
    right = np.clip(np.searchsorted(pred['stamps'], true['stamps']), 0, len(pred['stamps']) - 1)
    left = np.maximum(right - 1, 0)
    nearer = np.abs(pred['stamps'][left] - true['stamps']) < np.abs(
        pred['stamps'][right] - true['stamps'])
    row = np.where(nearer, left, right)
    near = np.abs(pred['stamps'][row] - true['stamps']) <= 0.5 * period
    estimate: Motion = {key: _where(near, pred[key][row])
                        for key in ('joints', 'covariance', 'contact', 'stature')
                        if key in pred and pred[key].ndim > 1}
    roots = estimate['joints'][:, :, 11:13].mean(axis=2)
    true_roots = true['joints'][:, :, 11:13].mean(axis=2)
    if pred['joints'].shape[1] == true['joints'].shape[1] == 1:
        owner = np.zeros((len(row), 1), int)
    else:
        owner = _owners(roots, true_roots)
    result = []
    for person in range(true['joints'].shape[1]):
        chosen = owner[:, person]
        picked = {key: _where(chosen >= 0, value[np.arange(len(row)), np.maximum(chosen, 0)])
                  for key, value in estimate.items()}
        truth = {key: value[:, person] if key in ('joints', 'contact', 'limit') and value.ndim > 1
                 else value for key, value in true.items()}
        if 'stature' in true:
            truth['stature'] = np.ravel(true['stature'])[person:person + 1]
        result.append((person, picked, truth))
    return result


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
        # ... and where two ids of one person overlap, the nearer one counts.
        for p, t in zip(*linear_sum_assignment(cost), strict=True):
            if cost[p, t] < 1e3:
                owner[f, t] = p
    return owner
