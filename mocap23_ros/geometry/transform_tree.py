# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frames that move against each other, over a whole recording."""

import bisect
from array import array
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import (
    interpolate_pose,
    invert_transform,
    pose_from_translation_quaternion,
)

_DEEPEST = 200  # frames from the root; more is a loop


@dataclass
class _Edge:
    """parent_T_child by time. values: x y z qx qy qz qw of each stamp [ns]."""

    parents: list[str] = field(default_factory=list)
    stamps: array = field(default_factory=lambda: array('q'))
    values: array = field(default_factory=lambda: array('d'))
    is_static: bool = False
    is_sorted: bool = True


class TransformTree:
    """All transforms of a recording, found by the names of two frames and a time.

    Between two stamps poses are interpolated as tf2 does (line and slerp); beyond the first and
    the last one nothing is made up. Names are those of tf2, without a slash in front.
    """

    def __init__(self) -> None:
        self._edges: dict[str, _Edge] = {}
        self._names: set[str] = set()

    @property
    def frames(self) -> list[str]:
        """The names of all frames, sorted."""
        return sorted(self._names)

    def stamps(self, frame: str) -> list[int]:
        """Stamps [ns] at which a frame moves against its parent; none for static ones."""
        edge = self._edges.get(frame.removeprefix('/'))
        return [] if edge is None or edge.is_static else list(edge.stamps)

    def add(self, parent: str, child: str, stamp: int | None, translation: tuple[float, ...],
            quaternion: tuple[float, ...]) -> None:
        """Add parent_T_child at a stamp [ns], or for all time (None).

        translation: x, y, z metres. quaternion: x, y, z, w. The last one of a stamp counts.
        """
        parent, child = parent.removeprefix('/'), child.removeprefix('/')
        self._names.update((parent, child))
        edge = self._edges.setdefault(child, _Edge())
        if stamp is None or edge.is_static != (stamp is None):
            edge = self._edges[child] = _Edge(is_static=stamp is None)
        if edge.stamps and stamp is not None and stamp < edge.stamps[-1]:
            edge.is_sorted = False
        edge.parents.append(parent)
        edge.stamps.append(0 if stamp is None else stamp)
        edge.values.extend((*translation, *quaternion))

    def carriers(self, frame: str) -> list[str]:
        """A frame and those that carry it, by their newest parents."""
        chain = [frame.removeprefix('/')]
        while chain[-1] in self._edges and len(chain) <= _DEEPEST:
            chain.append(self._edges[chain[-1]].parents[-1])
        return chain

    def pose(self, target: str, source: str, stamp: int) -> NDArray[np.float64]:
        """Return target_T_source [4,4] at a stamp [ns]; InputError says why there is none."""
        target, source = target.removeprefix('/'), source.removeprefix('/')
        for frame in (target, source):
            if frame not in self._names:
                raise InputError(f'there is no frame "{frame}"')
        source_chain = self._climb(source, target, stamp)
        if source_chain[-1][0] == target:
            return source_chain[-1][1]
        target_chain = self._climb(target, source, stamp)
        below = {frame: pose for frame, pose in source_chain}
        for frame, frame_T_target in target_chain:
            if frame in below:
                return invert_transform(frame_T_target) @ below[frame]
        raise InputError(f'"{source}" ends in the frame "{source_chain[-1][0]}" and "{target}" in '
                         f'"{target_chain[-1][0]}": they are not connected')

    def _climb(self, frame: str, end: str, stamp: int) -> list[tuple[str, NDArray[np.float64]]]:
        """Ancestors of a frame, itself first, each with ancestor_T_frame."""
        chain, pose, start = [(frame, np.eye(4))], np.eye(4), frame
        while frame != end and frame in self._edges:
            if len(chain) > _DEEPEST:
                raise InputError(f'the parents of "{start}" form a loop')
            frame, parent_T_child = self._at(frame, stamp)
            pose = parent_T_child @ pose
            chain.append((frame, pose))
        return chain

    def _at(self, child: str, stamp: int) -> tuple[str, NDArray[np.float64]]:
        """The parent of a frame and its pose in it."""
        edge = self._edges[child]
        if edge.is_static:
            return edge.parents[0], _pose(edge, 0)
        if not edge.is_sorted:
            _sort(edge)
        stamps = edge.stamps
        if not stamps[0] <= stamp <= stamps[-1]:
            raise InputError(
                f'the transforms of "{child}" are of {1e-9 * stamps[0]:.3f} to '
                f'{1e-9 * stamps[-1]:.3f} s, the image of {1e-9 * stamp:.3f} s')
        newer = bisect.bisect_right(stamps, stamp)
        older = newer - 1
        # A frame that changed its parent in between cannot be interpolated.
        if stamps[older] == stamp or edge.parents[older] != edge.parents[newer]:
            return edge.parents[older], _pose(edge, older)
        share = (stamp - stamps[older]) / (stamps[newer] - stamps[older])
        return edge.parents[older], interpolate_pose(_pose(edge, older), _pose(edge, newer), share)


def _pose(edge: _Edge, row: int) -> NDArray[np.float64]:
    numbers = edge.values[7 * row:7 * row + 7]
    return pose_from_translation_quaternion(numbers[:3], numbers[3:])


def _sort(edge: _Edge) -> None:
    order = np.argsort(np.frombuffer(edge.stamps, np.int64), kind='stable')
    values = np.frombuffer(edge.values, np.float64).reshape(-1, 7)[order]
    edge.parents = [edge.parents[row] for row in order]
    edge.stamps = array('q', np.frombuffer(edge.stamps, np.int64)[order].tobytes())
    edge.values = array('d', values.tobytes())
    edge.is_sorted = True
