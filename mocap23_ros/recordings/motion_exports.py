# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Formats that lifted motion can be written in: a row and a writer each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mocap23_ros.recordings.recorded_motion import RecordedMotion


@dataclass(frozen=True)
class ExportFormat:
    """save(path, motion) writes a file; body: whether the motion needs its rigid bodies."""

    description: str
    save: Callable[[Path, RecordedMotion], None]
    body: bool = False


def _save_trc(path: Path, motion: RecordedMotion) -> None:
    from mocap23_ros.recordings.point_tracks import PointTracks
    from mocap23_ros.recordings.trc_file import save_trc
    save_trc(path, PointTracks.from_motion(motion))


def _save_c3d(path: Path, motion: RecordedMotion) -> None:
    from mocap23_ros.recordings.c3d_file import save_c3d
    from mocap23_ros.recordings.point_tracks import PointTracks
    save_c3d(path, PointTracks.from_motion(motion))


def _save_gltf(path: Path, motion: RecordedMotion) -> None:
    from mocap23_ros.recordings.gltf_file import save_gltf
    save_gltf(path, motion)


def _save_bvh(path: Path, motion: RecordedMotion) -> None:
    from mocap23_ros.recordings.bvh_file import save_bvh
    assert motion.body is not None
    save_bvh(path, path.stem, motion.stamps, motion.person_ids, motion.body)


def _save_csv(path: Path, motion: RecordedMotion) -> None:
    from mocap23_ros.recordings.table_files import save_csv
    save_csv(path, motion)


def _save_tum(path: Path, motion: RecordedMotion) -> None:
    from mocap23_ros.recordings.table_files import save_tum
    save_tum(path, motion)


def _save_mcap(path: Path, motion: RecordedMotion) -> None:
    from mocap23_ros.recordings.skeleton_bag_file import save_skeleton_bag
    save_skeleton_bag(path, motion)


EXPORT_FORMATS = {
    '.bvh': ExportFormat('fitted bodies for animation software, metres, y up', _save_bvh, True),
    '.glb': ExportFormat('glTF: fitted bodies with bones to look at, metres, y up', _save_gltf,
                         True),
    '.trc': ExportFormat('markers for OpenSim, metres, y up', _save_trc),
    '.c3d': ExportFormat('markers of motion capture, millimetres, z up', _save_c3d),
    '.csv': ExportFormat('a row per stamp, person and joint, metres, z up', _save_csv),
    '.mcap': ExportFormat('SkeletonArray of everybody in the frame map, as the node publishes it',
                          _save_mcap),
    '.tum': ExportFormat("trajectory of one person's hips, for evo", _save_tum),
}
