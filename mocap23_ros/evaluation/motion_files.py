# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reading estimated and true motion from npz files and bags."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.npz_files import open_npz
from mocap23_ros.plausibility.motion_sides import check_sides
from mocap23_ros.plausibility.motion_units import check_metres
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.marker_tracks import hide_lost
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19
from mocap23_ros.skeletons.message_arrays import people_arrays

SKELETONS = 'mocap23_msgs/msg/SkeletonArray'
MotionArrays = dict[str, NDArray[Any]]
_OPTIONAL = ('joint_names', 'covariance', 'contact', 'stature', 'camera_position', 'limit')


def files_with_truth(path: Path, truth: Path) -> list[tuple[Path, Path]]:
    """A file, or the npz files of a folder, each with the truth of the same name; InputError."""
    if not path.is_dir():
        return [(path, truth / path.name if truth.is_dir() else truth)]
    files = sorted(path.glob('*.npz'))
    if not files:
        raise InputError(f'{path}: holds no npz files')
    if not truth.is_dir():
        raise InputError(f'{path} is a folder, so --truth must be a folder too')
    return [(file, truth / file.name) for file in files]


def load_motion(path: Path) -> MotionArrays:
    """Read motion in the layout of OUT.npz: joints [F,P,J,3], stamps [F], more as present.

    The first 17 joints are COCO's: where there are joint_names, all joints are put into that order
    and the names with them. Joints at exactly the origin are not known. Raises
    InputError for what is not such a file.
    """
    path = Path(path)
    with errors_of(path):
        with open_npz(path) as archive:
            optional = [key for key in _OPTIONAL if key in archive.names]
            motion = {key: archive.read(key) for key in ('joints', 'stamps', *optional)}
        _check(motion)
        motion = _in_coco_order(motion)
        if motion['joints'].dtype.kind != 'f':
            motion['joints'] = motion['joints'].astype(np.float64)
        hide_lost(motion['joints'])
        check_metres(motion['joints'])
        if 'joint_names' not in motion:
            check_sides(motion['joints'], 'the joints are not in the order of COCO; give '
                        'joint_names')
        return motion


def _check(motion: MotionArrays) -> None:
    """Refuse arrays that do not fit each other; a missing axis of people is added to joints."""
    for key, values in motion.items():
        if key != 'joint_names' and values.dtype.kind not in 'fiub':
            raise InputError(f'{key} is of type {values.dtype}; it must be numbers')
    if motion['joints'].ndim == 3:
        motion['joints'] = motion['joints'][:, None]
    shape, stamps = motion['joints'].shape, motion['stamps']
    if len(shape) != 4 or shape[2] < len(COCO17) or shape[3] != 3 or stamps.shape != shape[:1]:
        raise InputError(f'joints must be [frames, people, at least 17, 3] with one stamp '
                         f'per frame, got {shape} and {stamps.shape}')
    if shape[0] == 0 or not (np.isfinite(stamps).all() and np.all(np.diff(stamps) > 0)):
        raise InputError('stamps must increase and there must be at least one frame')
    if np.isinf(motion['joints']).any():
        raise InputError('joints has infinite entries; use NaN for what is not known')
    frames, people = shape[:2]
    if people == 0:
        raise InputError('joints holds nobody')
    allowed: dict[str, list[tuple[int, ...]]] = {
        'covariance': [(*shape[:3], 3, 3)], 'contact': [(frames, people, 2)],
        'stature': [(people,), (frames, people)], 'camera_position': [(3,), (frames, 3)],
        'limit': [(frames,), (frames, people)], 'joint_names': [(shape[2],)]}
    for key, shapes in allowed.items():
        if key in motion and motion[key].shape not in shapes:
            raise InputError(f'{key} is {motion[key].shape}, must be '
                             f'{" or ".join(str(wanted) for wanted in shapes)}')


def _in_coco_order(motion: MotionArrays) -> MotionArrays:
    """Joints and covariances with the COCO joints first, by their names where these are given."""
    if 'joint_names' not in motion:
        return motion
    names = [str(name) for name in motion['joint_names']]
    if len(set(names)) != len(names):
        raise InputError('joint_names holds a name twice')
    missing = [name for name in COCO17.joint_names if name not in names]
    if missing:
        raise InputError(f'joint_names has no {missing[0]}; metrics need the 17 COCO joints '
                         f'({", ".join(COCO17.joint_names)})')
    order = [names.index(name) for name in COCO17.joint_names]
    order += [index for index in range(len(names)) if index not in order]
    return motion | {key: motion[key].take(order, axis=0 if key == 'joint_names' else 2)
                     for key in ('joints', 'covariance', 'joint_names') if key in motion}


def load_bag(path: Path, topic: str | None = None, world_frame: str = '') -> MotionArrays:
    """Read the SkeletonArray messages of a bag (sqlite3 or MCAP), one row per message.

    topic: needed only where several topics carry skeletons. world_frame: in which they must be,
    empty: in any one. People are sorted by id. Raises InputError.
    """
    with BagReader(path) as bag:
        topics = [name for name in bag.of_type(SKELETONS) if topic in (None, name)]
        if len(topics) != 1:
            raise InputError(
                f'{path}: ' + (f'several topics carry skeletons ({", ".join(topics)}); choose '
                               f'one with --topic' if topics else 'holds no SkeletonArray'))
        messages = [item.message for item in bag.messages(topics)]
    frames = sorted({message.header.frame_id.removeprefix('/') for message in messages} - {''})
    if len(frames) > 1:
        raise InputError(f'{path}: {topics[0]} is in several frames: {", ".join(frames)[:200]}')
    if world_frame and frames and frames != [world_frame.removeprefix('/')]:
        raise InputError(f'{path}: {topics[0]} is in the frame "{frames[0][:80]}", not in '
                         f'"{world_frame}"; lift in that one: --world-frame {frames[0][:80]}')
    return _from_messages(messages)


def _from_messages(messages: list[Any]) -> MotionArrays:
    stamps = np.array([m.header.stamp.sec + 1e-9 * m.header.stamp.nanosec for m in messages])
    order = np.argsort(stamps, kind='stable')
    # One message per stamp: of repeated ones the last published counts.
    order = order[np.append(np.diff(stamps[order]) > 0, True)]
    messages, stamps = [messages[i] for i in order], stamps[order]
    people = people_arrays(messages)
    if len(people.person_ids):
        motion: MotionArrays = {
            key: getattr(people, key).astype(np.float64)
            for key in ('joints', 'covariance', 'contact', 'stature')}
    else:  # nobody: one column that is never known
        joints = people.joints.shape[2]
        motion = {key: np.full((len(messages), 1, *rest), np.nan) for key, rest in {
            'joints': (joints, 3), 'covariance': (joints, 3, 3), 'contact': (2,),
            'stature': ()}.items()}
    motion['stamps'] = stamps
    if motion['joints'].shape[2] == len(OUTPUT19):  # what the node publishes
        motion['joint_names'] = np.array(OUTPUT19.joint_names)
    return motion
