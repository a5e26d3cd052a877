# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Points by name in a bag: markers of motion capture, arrays of poses, and TF frames."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.recordings.bag_camera import TF, BagTransforms
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.marker_tracks import MarkerTracks, hide_lost
from mocap23_ros.ros.stamps import nanoseconds

MARKERS, POSES = 'mocap4r2_msgs/msg/Markers', 'geometry_msgs/msg/PoseArray'
POINT_TYPES = (MARKERS, POSES, TF)
_LARGEST = 1 << 30  # bytes
_MOST_NAMES = 4096


def read_points(path: Path, topic: str, world_frame: str, tf_bags: Sequence[Path],
                choose: Callable[[Sequence[str]], Collection[str]]) -> MarkerTracks:
    """Read a topic of one of POINT_TYPES; metres in the world frame, z up, as TF says.

    Points of a PoseArray are named by their index, markers by their name, else by their index,
    TF frames by theirs. choose: returns which of the TF frames are wanted. Raises InputError.
    """
    with BagReader(path) as bag:
        kind = bag.topics.get(topic)
        if kind not in POINT_TYPES:
            raise InputError(f'{path}: {topic} holds no points; there is '
                             f'{", ".join(bag.of_type(*POINT_TYPES))[:300] or "none"}')
        transforms = BagTransforms.of(bag, tf_bags)
        with errors_of(f'{path}: {topic}'):
            if kind == TF:
                return transforms.tracks(world_frame, choose)
            return _Table(world_frame, transforms).fill(
                [item.message for item in bag.messages([topic])], kind == POSES)


class _Table:
    def __init__(self, world_frame: str, transforms: BagTransforms) -> None:
        self._world, self._transforms = world_frame.removeprefix('/'), transforms

    def fill(self, messages: list[Any], is_poses: bool) -> MarkerTracks:
        """One row for each stamp; of repeated stamps the last message counts."""
        rows: dict[int, dict[str, tuple[float, float, float]]] = {}
        names: dict[str, int] = {}
        for message in messages:
            found = _poses(message) if is_poses else _markers(message)
            rows[nanoseconds(message.header.stamp)] = found
            for name in found:
                names.setdefault(name, len(names))
        if not names:
            raise InputError('there is not one point in it')
        if len(names) > _MOST_NAMES or 24 * len(rows) * len(names) > _LARGEST:
            raise InputError(f'{len(names)} points in {len(rows)} messages are too much; give '
                             'markers names that stay')
        stamps = sorted(rows)
        points: NDArray[np.float64] = np.full((len(stamps), len(names), 3), np.nan)
        for row, stamp in enumerate(stamps):
            for name, point in rows[stamp].items():
                points[row, names[name]] = point
        hide_lost(points)
        frames = {message.header.frame_id.removeprefix('/') for message in messages}
        if frames - {self._world, ''}:
            if len(frames) > 1:
                raise InputError(f'it is in several frames: {", ".join(sorted(frames))[:200]}')
            points = self._transforms.in_world(self._world, frames.pop(), stamps, points)
        return MarkerTracks(points, 1e-9 * np.array(stamps, np.float64), tuple(names), 'm')


def _poses(message: Any) -> dict[str, tuple[float, float, float]]:
    return {str(index): (pose.position.x, pose.position.y, pose.position.z)
            for index, pose in enumerate(message.poses)}


def _markers(message: Any) -> dict[str, tuple[float, float, float]]:
    return {marker.marker_name or str(marker.marker_index): (
        marker.translation.x, marker.translation.y, marker.translation.z)
        for marker in message.markers}
