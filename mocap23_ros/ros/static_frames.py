# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices frames that two nodes place differently on /tf_static."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np
from geometry_msgs.msg import TransformStamped

from mocap23_ros.errors import InputError
from mocap23_ros.ros.given_camera import difference
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.transforms import matrix_from_transform

_KEY = 'tf static'
_LISTENING, _PAUSE = 2.0, 5.0  # seconds
_ROUNDS = 3  # an answer may be slow

Hear: TypeAlias = Callable[[Iterable[TransformStamped]], None]


class StaticFrameWatch:
    """Subscribes to /tf_static once more whenever a frame changes its place.

    Publishers keep /tf_static for late subscribers as long as they live: one that moved the frame
    sends one place, two publishers send two, of which TF takes one by chance. Belongs to the
    executor's thread.
    """

    def __init__(
        self, problems: ProblemLog, come_anew: Callable[[Hear], Callable[[], object]], store: Hear,
    ) -> None:
        """come_anew: subscribes once more, until what it returns is called. store: into TF."""
        self._problems = problems
        self._come_anew, self._store = come_anew, store
        self._parents: dict[str, str] = {}
        self._told: dict[str, TransformStamped] = {}
        self._answers: dict[str, list[TransformStamped]] = {}
        self._doubts: dict[str, str] = {}
        self._rounds = 0
        self._leave: Callable[[], object] | None = None
        self._turn = -np.inf  # when it began to listen, or ended

    def heard(self, transforms: Iterable[TransformStamped], moving: bool = False) -> None:
        """Take in what the buffer stores."""
        for transform in transforms:
            child = _name(transform.child_frame_id)
            self._parents[child] = _name(transform.header.frame_id)
            if moving:
                continue
            if child in self._told and _apart(self._told[child], transform):
                self._rounds = _ROUNDS
            self._told[child] = transform

    def check(self, moment: float, publishers: int, world_frame: str, camera_frame: str) -> None:
        """Listen where there is doubt; report what lies between camera and world.

        moment: of a steady clock, s. publishers: how many there are of /tf_static.
        """
        if self._leave is not None:
            if moment - self._turn >= _LISTENING:
                self._turn = moment
                self._conclude(publishers)
        elif (self._rounds or self._doubts) and moment - self._turn >= _PAUSE:
            self._turn = moment
            self._answers = {}
            self._leave = self._come_anew(self._answered)
        between = set(self._above(_name(camera_frame))) ^ set(self._above(_name(world_frame)))
        self._problems.judge(_KEY, next(
            (words for child, words in sorted(self._doubts.items()) if child in between), ''),
            Severity.ERROR)

    def close(self) -> None:
        """Stop listening."""
        if self._leave is not None:
            self._leave()
            self._leave = None

    def _answered(self, transforms: Iterable[TransformStamped]) -> None:
        for transform in transforms:
            others = self._answers.setdefault(_name(transform.child_frame_id), [])
            if all(_apart(other, transform) for other in others):
                others.append(transform)

    def _conclude(self, publishers: int) -> None:
        self.close()
        self._rounds = max(0, self._rounds - 1)
        for child, places in self._answers.items():
            if len(places) == 1:
                if self._doubts.pop(child, ''):  # TF may hold that of a publisher that has gone
                    self._told[child] = places[0]
                    self._store(places)
            elif publishers > 1:  # one that keeps several may have moved it
                self._doubts[child] = (
                    f'two nodes publish "{child}" on /tf_static, {_apart(*places[:2])}: which one '
                    'counts is chance. End one of them (ros2 topic info -v /tf_static lists them), '
                    'or give its frame another name')

    def _above(self, frame: str) -> Iterator[str]:
        """The frame and those that carry it."""
        seen: set[str] = set()
        while frame and frame not in seen:
            seen.add(frame)
            yield frame
            frame = self._parents.get(frame, '')


def _name(frame: str) -> str:
    return frame.removeprefix('/')


def _apart(a: TransformStamped, b: TransformStamped) -> str:
    """How two transforms of a frame differ, '' where they do not, or are none."""
    parents = _name(a.header.frame_id), _name(b.header.frame_id)
    if parents[0] != parents[1]:
        return f'one in "{parents[0]}" and one in "{parents[1]}"'
    try:
        return difference(matrix_from_transform(a.transform), matrix_from_transform(b.transform))
    except InputError:
        return ''
