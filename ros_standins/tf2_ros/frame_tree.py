# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The tree of frames: which transforms lead from one frame to another."""

from tf2_ros.exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
)
from tf2_ros.time_cache import Edge, Sample, StaticCache, TimeCache

MAX_TREE_DEPTH = 1000


class FrameTree:
    """Caches by child frame, and the ways between frames; not safe to use from threads."""

    def __init__(self, cache_duration: int) -> None:
        self._cache_duration = cache_duration  # ns
        # None: a frame that is known as a parent only.
        self.caches: dict[str, TimeCache | StaticCache | None] = {}

    def clear(self) -> None:
        """Forget moving transforms; static ones and the names of frames stay."""
        for cache in self.caches.values():
            if cache is not None:
                cache.clear()

    def insert(
        self, child: str, sample: Sample, kind: type[TimeCache] | type[StaticCache]
    ) -> bool:
        """Store a transform; return False where it is older than the cache reaches."""
        cache = self.caches.get(child)
        if cache is None or not isinstance(cache, kind):
            cache = self.caches[child] = kind(child, self._cache_duration)
        self.caches.setdefault(sample.parent, None)
        return cache.insert(sample)

    def require(self, function: str, frame: str) -> None:
        """Raise InvalidArgumentException or LookupException for a frame that is not there."""
        reason = _name_fault(frame)
        if reason is not None:
            raise InvalidArgumentException(f'Invalid argument "{frame}" passed to {function} - '
                                           f'{reason}')
        if frame not in self.caches:
            raise LookupException(f'"{frame}" passed to {function} does not exist. ')

    def fault(self, frame: str) -> str | None:
        """Return why a frame cannot be used, or None."""
        reason = _name_fault(frame)
        return 'frame does not exist' if reason is None and frame not in self.caches else reason

    def walk(
        self, target_frame: str, source_frame: str, stamp: int
    ) -> tuple[list[Edge], list[Edge], int]:
        """Return the edges from source and from target up to a shared ancestor, and the time."""
        if source_frame == target_frame:
            cache = self.caches.get(target_frame)
            latest = cache.latest if cache is not None and stamp == 0 else None
            return [], [], stamp if latest is None else latest.stamp
        if stamp == 0:
            stamp = self._latest_common_stamp(target_frame, source_frame)
        source_chain, top, source_error = self._climb(source_frame, target_frame, stamp)
        if top == target_frame:
            return source_chain, [], stamp
        target_chain, reached, target_error = self._climb(target_frame, top, stamp)
        if reached != top:
            error = target_error or source_error
            if error is None:
                raise _unconnected(target_frame, source_frame)
            raise ExtrapolationException(
                f'{error}, when looking up transform from frame [{source_frame}] to frame '
                f'[{target_frame}]')
        while source_chain and target_chain and source_chain[-1].child == target_chain[-1].child:
            source_chain.pop()
            target_chain.pop()
        return source_chain, target_chain, stamp

    def _climb(
        self, frame: str, wanted_ancestor: str, stamp: int
    ) -> tuple[list[Edge], str, ExtrapolationException | None]:
        """Return the edges up to an ancestor, how far it went, and what stopped it."""
        edges: list[Edge] = []
        while frame != wanted_ancestor:
            cache = self.caches.get(frame)
            if cache is None:
                break
            try:
                edges.append(cache.find(stamp))
            except ExtrapolationException as error:
                return edges, frame, error
            self._check_depth(len(edges))
            frame = edges[-1].older.parent
        return edges, frame, None

    def _latest_common_stamp(self, target_frame: str, source_frame: str) -> int:
        """Return the newest time that all moving edges between two frames have, 0 without any."""
        source_samples = self._newest_up(source_frame, {target_frame: 0})
        depth_of = {source_frame: 0}
        for depth, sample in enumerate(source_samples, start=1):
            depth_of.setdefault(sample.parent, depth)
        target_samples = self._newest_up(target_frame, depth_of)
        ancestor = target_samples[-1].parent if target_samples else target_frame
        if ancestor not in depth_of:
            raise _unconnected(target_frame, source_frame)
        between = source_samples[:depth_of[ancestor]] + target_samples
        return min((sample.stamp for sample in between if sample.stamp != 0), default=0)

    def _newest_up(self, frame: str, ends: dict[str, int]) -> list[Sample]:
        """Return the newest samples up to the root, or to the first of some ancestors."""
        samples: list[Sample] = []
        while frame not in ends:
            cache = self.caches.get(frame)
            if cache is None or cache.latest is None:
                break
            samples.append(cache.latest)
            self._check_depth(len(samples))
            frame = cache.latest.parent
        return samples

    def _check_depth(self, depth: int) -> None:
        if depth > MAX_TREE_DEPTH:
            raise LookupException(
                f'The tf tree is invalid because it contains a loop.\n{self._described()}')

    def _described(self) -> str:
        """Return one line per frame, saying its parent."""
        return ''.join(
            f'Frame {child} exists with parent '
            f'{cache.latest.parent if cache.latest is not None else "NO_PARENT"}.\n'
            for child, cache in self.caches.items() if cache is not None)


def _name_fault(frame: str) -> str | None:
    if not frame:
        return 'in tf2 frame_ids cannot be empty'
    if frame.startswith('/'):
        return "in tf2 frame_ids cannot start with a '/'"
    return None


def _unconnected(target_frame: str, source_frame: str) -> ConnectivityException:
    return ConnectivityException(
        f"Could not find a connection between '{target_frame}' and '{source_frame}' because they "
        'are not part of the same tree.Tf has two or more unconnected trees.')
