# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fitted bodies as BVH files, the exchange format of animation software.

A file's axes are right-handed with y up. An importer that turns y up into z up about the x axis
(Blender's default) gives back the coordinates of the world.
"""

import warnings
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.atomic_files import saving
from mocap23_ros.body_models.t_pose import REST_R_SEGMENT, turned_from_rest
from mocap23_ros.lifting.body_fit import FittedBody
from mocap23_ros.lifting.kinematic_tree import SEGMENT_PARENTS, SEGMENTS, local_rotations, offsets
from mocap23_ros.recordings.uniform_poses import poses_at, uniform_times
from mocap23_ros.skeletons.coco17 import EARS, NECK, PELVIS
from mocap23_ros.skeletons.formats import OUTPUT19

UNITS = {'m': 1.0, 'cm': 100.0}
JOINTS = dict(zip(SEGMENTS, (
    'Hips', 'Spine', 'Head', 'LeftArm', 'RightArm', 'LeftForeArm', 'RightForeArm', 'LeftUpLeg',
    'RightUpLeg', 'LeftLeg', 'RightLeg'), strict=True))
"""Names of the file's joints, by the segment that each one turns."""

FILE_R_WORLD: NDArray[np.float64] = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
_START = {'head': 'neck', **{f'{side}_{segment}': f'{side}_{joint}' for side in ('left', 'right')
                             for segment, joint in (('upper_arm', 'shoulder'),
                                                    ('forearm', 'elbow'), ('thigh', 'hip'),
                                                    ('shank', 'knee'))}}
_END = {f'{side}_{segment}': f'{side}_{joint}' for side in ('left', 'right')
        for segment, joint in (('forearm', 'wrist'), ('shank', 'ankle'))}
_ORDER = 'ZXY'


def bvh_paths(target: Path, name: str, person_ids: NDArray[np.int64]) -> list[Path]:
    """The file of each person: in the folder ``target``, or ``target`` itself if it is a *.bvh.

    name: of the recording, for files in a folder. Several people get their ids into the name.
    """
    if target.suffix.lower() != '.bvh':
        return [target / f'{name}_person{person}.bvh' for person in person_ids]
    if len(person_ids) == 1:
        return [target]
    return [target.with_name(f'{target.stem}_person{person}{target.suffix}')
            for person in person_ids]


def save_bvh(target: Path, name: str, stamps: NDArray[np.float64], person_ids: NDArray[np.int64],
             body: FittedBody, unit: str = 'm') -> list[Path]:
    """Write one file per person; returns the paths, without people who have no estimate.

    stamps: [F] seconds; person_ids: [P]; body: of P people over F frames; unit: of lengths, a key
    of UNITS. All files have the same frames, so that people stay together. Raises InputError for
    recordings too long (see uniform_times) and where a file cannot be written.
    """
    times, interval = uniform_times(stamps)
    seen = np.flatnonzero(np.isfinite(body.joints[:, :, PELVIS, 0]).any(axis=1))
    paths = bvh_paths(Path(target), name, person_ids[seen])
    for person, path in zip(seen.tolist(), paths, strict=True):
        root, rotations = body_poses(body, person, stamps, times)
        with saving(path) as temporary, temporary.open('w', encoding='ascii') as stream:
            _write_hierarchy(stream, rest_offsets(body, person), UNITS[unit])
            stream.write(f'MOTION\nFrames: {len(times)}\nFrame Time: {interval:.9f}\n')
            np.savetxt(stream, _channels(root * UNITS[unit], rotations), '%.6f')
    return paths


def body_poses(body: FittedBody, person: int, stamps: NDArray, times: NDArray
           ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Roots [M,3] and rotations against the parent [M,11,3,3], both in the file's axes."""
    quaternions = np.nan_to_num(body.world_q_segment[person].reshape(-1, 4), nan=0.5)
    world_R_segment = Rotation.from_quat(quaternions).as_matrix().reshape(-1, len(SEGMENTS), 3, 3)
    root, rotations = poses_at(times, stamps, body.joints[person, :, PELVIS],
                               FILE_R_WORLD @ turned_from_rest(world_R_segment))
    return root @ FILE_R_WORLD.T, local_rotations(rotations)


def rest_offsets(body: FittedBody, person: int) -> dict[str, NDArray[np.float64]]:
    """Offsets of joints from their parents in the T-pose, metres; end sites as 'end of ...'."""
    table = offsets(body.bone_lengths[person], np.zeros((5, 3)))
    result = {SEGMENTS[0]: np.zeros(3)}
    for number, segment in enumerate(SEGMENTS[1:], 1):
        parent = SEGMENT_PARENTS[number]
        start = OUTPUT19.index(_START.get(segment, 'pelvis'))
        result[segment] = REST_R_SEGMENT[parent] @ table[start, parent]
    for segment, joint in _END.items():
        number = SEGMENTS.index(segment)
        result[f'end of {segment}'] = REST_R_SEGMENT[number] @ table[OUTPUT19.index(joint), number]
    frame = np.flatnonzero(np.isfinite(body.joints[person, :, PELVIS, 0]))[0]
    joints, head = body.joints[person, frame], SEGMENTS.index('head')
    ears = 0.5 * (joints[EARS[0]] + joints[EARS[1]]) - joints[NECK]
    turned = Rotation.from_quat(body.world_q_segment[person, frame, head])
    result['end of head'] = REST_R_SEGMENT[head] @ turned.inv().apply(ears)
    return result


def _order() -> list[int]:
    """Segments in the order of the file: depth first."""
    def below(segment: int) -> list[int]:
        children = [s for s, parent in enumerate(SEGMENT_PARENTS) if parent == segment]
        return [segment, *(deeper for child in children for deeper in below(child))]
    return below(0)


def _write_hierarchy(stream: TextIO, offset: dict[str, NDArray], scale: float) -> None:
    turns = ' '.join(f'{axis}rotation' for axis in _ORDER)

    def line(depth: int, text: str) -> None:
        stream.write('\t' * depth + text + '\n')

    def place(depth: int, key: str) -> None:
        line(depth, 'OFFSET ' + ' '.join(f'{value * scale:.6f}' for value in offset[key]))

    def joint(segment: int, depth: int) -> None:
        name = SEGMENTS[segment]
        line(depth, f'{"JOINT" if depth else "ROOT"} {JOINTS[name]}')
        line(depth, '{')
        place(depth + 1, name)
        line(depth + 1, f'CHANNELS 3 {turns}' if depth else
             f'CHANNELS 6 Xposition Yposition Zposition {turns}')
        for child, parent in enumerate(SEGMENT_PARENTS):
            if parent == segment:
                joint(child, depth + 1)
        if f'end of {name}' in offset:
            line(depth + 1, 'End Site')
            line(depth + 1, '{')
            place(depth + 2, f'end of {name}')
            line(depth + 1, '}')
        line(depth, '}')

    line(0, 'HIERARCHY')
    joint(0, 0)


def _channels(root: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows [M,36] of the MOTION section."""
    ordered = rotations[:, _order()]
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='Gimbal lock')  # any of the solutions will do
        angles = Rotation.from_matrix(ordered.reshape(-1, 3, 3)).as_euler(_ORDER, degrees=True)
    angles = _continuous(angles.reshape(*ordered.shape[:2], 3))
    return np.concatenate([root, angles.reshape(len(root), -1)], axis=1)


def _continuous(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same rotations [M,S,3] (degrees) without jumps, as far as that is possible.

    Editors interpolate every angle on its own: a jump of a full turn would show as a spin.
    """
    other = angles + 180.0
    other[..., 1] = 180.0 - angles[..., 1]
    result = angles.copy()
    for frame in range(1, len(angles)):
        last = result[frame - 1]
        best, far = (candidate - 360.0 * np.round((candidate - last) / 360.0)
                     for candidate in (angles[frame], other[frame]))
        change = np.abs(far - last).sum(axis=-1) < np.abs(best - last).sum(axis=-1)
        result[frame] = np.where(change[:, None], far, best)
    return result
