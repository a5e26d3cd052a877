# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""True motion from what motion capture systems write, as files and as topics of a bag."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.evaluation.joint_mapping import find_mapping
from mocap23_ros.evaluation.motion_files import SKELETONS, MotionArrays, load_bag, load_motion
from mocap23_ros.plausibility.motion_sides import check_sides
from mocap23_ros.plausibility.motion_units import check_metres
from mocap23_ros.recordings.bag_points import POINT_TYPES, read_points
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.c3d_file import load_c3d
from mocap23_ros.recordings.marker_tracks import MarkerTracks
from mocap23_ros.recordings.trc_file import load_trc
from mocap23_ros.reporting import Say, silent

_MARKER_FILES: dict[str, Callable[[Path], MarkerTracks]] = {'.trc': load_trc, '.c3d': load_c3d}


def load_truth(path: Path, mapping: str | None = None, say: Say = silent
               ) -> MotionArrays:
    """Read true motion: npz as OUT.npz of lift, or TRC and C3D files of markers.

    mapping: name or file of a JointMapping, None: told by the names. say: called with what was
    recognised. Raises InputError, also where not one joint is known.
    """
    load = _MARKER_FILES.get(path.suffix.lower())
    if load is not None:
        return _mapped(load(path), path.name, mapping, say)
    if mapping is not None:
        raise InputError(f'--truth-mapping goes with markers; {path} is none of '
                         f'{", ".join(_MARKER_FILES)}')
    motion = load_motion(path)
    if not np.isfinite(motion['joints']).all(axis=-1).any():
        raise InputError(f'{path}: no joint of the truth is known (all are NaN)')
    return motion


def load_truth_topic(bag: Path, topic: str, world_frame: str, tf_bags: Sequence[Path] = (),
                     mapping: str | None = None, say: Say = silent) -> MotionArrays:
    """Read true motion from a topic: SkeletonArray, or markers, poses or TF; InputError."""
    with BagReader(bag) as reader:
        kind = reader.topics.get(topic)
        known = reader.of_type(SKELETONS, *POINT_TYPES)
    if topic not in known:
        raise InputError(f'{bag}: {topic} holds no SkeletonArray, markers, poses or TF; there is '
                         f'{", ".join(known)[:300] or "none"}')
    if kind == SKELETONS:
        return load_bag(bag, topic, world_frame)

    def choose(names: Sequence[str]) -> set[str]:
        people = find_mapping(mapping, names).people(names)
        return {names[column] for columns in people for column in columns.values()}

    return _mapped(read_points(bag, topic, world_frame, tf_bags, choose), topic, mapping, say,
                   is_ros=True)


def _mapped(tracks: MarkerTracks, name: str, mapping: str | None, say: Say, is_ros: bool = False
            ) -> MotionArrays:
    """is_ros: z is up."""
    with errors_of(name):
        chosen = find_mapping(mapping, tracks.names)
        motion, up = chosen.apply(tracks, 'z' if is_ros else '')
        check_metres(motion['joints'])
        check_sides(motion['joints'], 'the mapping takes wrong markers for joints')
    known = np.isfinite(motion['joints']).all(axis=-1)
    if not known.any():
        raise InputError(f'{name}: no joint of the truth is ever seen')
    say(f'{name}: {motion["joints"].shape[1]} people by the mapping {chosen.name}, {up} up; '
        f'{np.count_nonzero(np.any(known, axis=(0, 1)))} of 17 joints are known')
    return motion
