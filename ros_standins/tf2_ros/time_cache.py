# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The stored transforms of one child frame to its parent."""

import bisect
from typing import NamedTuple

from tf2_ros.exceptions import ExtrapolationException


class Sample(NamedTuple):
    """parent_T_child at one time."""

    stamp: int  # ns; 0 stands for always (static) or latest
    parent: str
    translation: tuple[float, float, float]  # m
    rotation: tuple[float, float, float, float]  # quaternion xyzw


class Edge(NamedTuple):
    """parent_T_child between two samples; ``newer`` is None where ``older`` is exact."""

    child: str
    older: Sample
    newer: Sample | None = None
    ratio: float = 0.0  # 0 = older, 1 = newer


def seconds(stamp: int) -> str:
    """Return a stamp in ns as seconds with microseconds, as messages show it."""
    return f'{stamp * 1e-9:.6f}'


class TimeCache:
    """Samples of a moving frame, kept for a duration before the newest; found by bisection."""

    def __init__(self, child: str, cache_duration: int) -> None:
        self._child = child
        self._cache_duration = cache_duration
        self._stamps: list[int] = []
        self._samples: list[Sample] = []

    @property
    def latest(self) -> Sample | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    def clear(self) -> None:
        """Forget everything."""
        self._stamps.clear()
        self._samples.clear()

    def insert(self, sample: Sample) -> bool:
        """Store a sample; return False where it is older than the cache reaches."""
        stamps, samples = self._stamps, self._samples
        if not stamps:
            stamps.append(sample.stamp)
            samples.append(sample)
            return True
        earliest_kept = stamps[-1] - self._cache_duration
        # As upstream, what is too old for the newest *stored* sample goes, before this one comes.
        if stamps[0] < earliest_kept:
            expired = bisect.bisect_left(stamps, earliest_kept)
            del stamps[:expired], samples[:expired]
        if sample.stamp < earliest_kept:
            return False
        position = bisect.bisect_right(stamps, sample.stamp)
        before = position - 1
        while before >= 0 and stamps[before] == sample.stamp:
            if samples[before] == sample:
                return True
            before -= 1
        stamps.insert(position, sample.stamp)
        samples.insert(position, sample)
        return True

    def find(self, stamp: int) -> Edge:
        """Return the transform at a time (0: the latest); raises ExtrapolationException."""
        stamps, samples = self._stamps, self._samples
        if not stamps or (len(stamps) == 1 and stamp not in (0, stamps[0])):
            raise ExtrapolationException(
                f'Lookup would require extrapolation at time {seconds(stamp)}, but only time '
                f'{seconds(stamps[0] if stamps else 0)} is in the buffer')
        if stamp in (0, stamps[-1]):
            return Edge(self._child, samples[-1])
        if stamp == stamps[0]:
            return Edge(self._child, samples[0])
        if stamp > stamps[-1]:
            raise ExtrapolationException(
                'Lookup would require extrapolation into the future.  Requested time '
                f'{seconds(stamp)} but the latest data is at time {seconds(stamps[-1])}')
        if stamp < stamps[0]:
            raise ExtrapolationException(
                'Lookup would require extrapolation into the past.  Requested time '
                f'{seconds(stamp)} but the earliest data is at time {seconds(stamps[0])}')
        position = bisect.bisect_right(stamps, stamp)
        older, newer = samples[position - 1], samples[position]
        # A frame that changed its parent in between cannot be interpolated. As upstream, a sample
        # of this very time is, once a newer one is there: that rounds it.
        if older.parent != newer.parent:
            return Edge(self._child, older)
        ratio = (stamp - older.stamp) / (newer.stamp - older.stamp)
        return Edge(self._child, older, newer, ratio)


class StaticCache:
    """The one transform of a frame that never moves: valid at every time."""

    def __init__(self, child: str, cache_duration: int) -> None:
        self._child = child
        self._sample: Sample | None = None

    @property
    def latest(self) -> Sample | None:
        """The transform, with the stamp 0."""
        return self._sample

    def clear(self) -> None:
        """Do nothing: what never moves stays known."""

    def insert(self, sample: Sample) -> bool:
        """Replace the transform."""
        self._sample = sample._replace(stamp=0)
        return True

    def find(self, stamp: int) -> Edge:
        """Return the transform, whatever the time."""
        assert self._sample is not None
        return Edge(self._child, self._sample)
