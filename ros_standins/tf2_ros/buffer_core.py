# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The tree of frames and the lookups in it, without ROS communication."""

import math
import threading

from builtin_interfaces.msg import Time as TimeMsg
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.time import Time

from tf2_ros.exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from tf2_ros.rigid_motion import Quaternion, Translation, compose
from tf2_ros.time_cache import Edge, Sample, StaticCache, TimeCache, seconds

DEFAULT_CACHE_DURATION = 10_000_000_000  # ns
MAX_TREE_DEPTH = 1000
_LENGTH_TOLERANCE = 1e-12  # of a quaternion that is taken as it is

_logger = get_logger('tf2')


def nanoseconds(time: object) -> int:
    """Return a Time or Duration of rclpy, or the message of one, in ns."""
    if hasattr(time, 'sec') and hasattr(time, 'nanosec'):
        return int(time.sec) * 1_000_000_000 + int(time.nanosec)
    if hasattr(time, 'nanoseconds'):
        return int(time.nanoseconds)
    raise TypeError('time must have sec and nanosec, or nanoseconds.')


class BufferCore:
    """Keeps transforms for a time and answers for any two frames; safe to use from threads."""

    def __init__(self, cache_time: Duration | None = None) -> None:
        self._cache_duration = (
            DEFAULT_CACHE_DURATION if cache_time is None else nanoseconds(cache_time))
        # None: a frame that is known as a parent only.
        self._frames: dict[str, TimeCache | StaticCache | None] = {}
        self._authorities: dict[str, str] = {}
        self._frames_lock = threading.Lock()

    def clear(self) -> None:
        """Forget moving transforms; static ones and the names of frames stay."""
        with self._frames_lock:
            for cache in self._frames.values():
                if cache is not None:
                    cache.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Store a transform; what is invalid or too old is logged and left out."""
        self._insert(transform, authority, TimeCache)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Store a transform that is valid at every time."""
        self._insert(transform, authority, StaticCache)

    def _insert(
        self, message: TransformStamped, authority: str, kind: type[TimeCache] | type[StaticCache]
    ) -> None:
        parent = message.header.frame_id.removeprefix('/')
        child = message.child_frame_id.removeprefix('/')
        t, q = message.transform.translation, message.transform.rotation
        sample = Sample(
            nanoseconds(message.header.stamp), parent, (t.x, t.y, t.z),
            _unit((q.x, q.y, q.z, q.w)))
        fault = _fault(child, sample)
        if fault is not None:
            name, reason = fault
            _logger.error(
                f'{name}: Ignoring transform for child_frame_id "{child}" from authority '
                f'"{authority}" because {reason}')
            return
        with self._frames_lock:
            cache = self._frames.get(child)
            if cache is None or not isinstance(cache, kind):
                cache = self._frames[child] = kind(child, self._cache_duration)
            self._frames.setdefault(parent, None)
            stored = cache.insert(sample)
            if stored:
                self._authorities[child] = authority
        if not stored:
            _logger.warning(
                f'TF_OLD_DATA ignoring data from the past for frame {child} at time '
                f'{seconds(sample.stamp)} according to authority {authority}')

    def lookup_transform_core(
        self, target_frame: str, source_frame: str, time: Time | TimeMsg
    ) -> TransformStamped:
        """Return target_T_source at a time (0: the latest common one), or raise at once."""
        stamp = nanoseconds(time)
        with self._frames_lock:
            if target_frame != source_frame:
                for role, frame in (('target_frame', target_frame), ('source_frame', source_frame)):
                    self._require(f'lookupTransform argument {role}', frame)
            source_chain, target_chain, stamp = self._walk(target_frame, source_frame, stamp)
        return _message(target_frame, source_frame, stamp, *compose(source_chain, target_chain))

    def lookup_transform_full_core(
        self, target_frame: str, target_time: Time | TimeMsg, source_frame: str,
        source_time: Time | TimeMsg, fixed_frame: str,
    ) -> TransformStamped:
        """Return target_T_source between two times, through a frame that stands still."""
        with self._frames_lock:
            for role, frame in (('target_frame', target_frame), ('source_frame', source_frame),
                                ('fixed_frame', fixed_frame)):
                self._require(f'lookupTransform argument {role}', frame)
            fixed_from_source = self._walk(fixed_frame, source_frame, nanoseconds(source_time))
            target_from_fixed = self._walk(target_frame, fixed_frame, nanoseconds(target_time))
        hops = [Edge('', Sample(0, '', *compose(*chains)))
                for *chains, _ in (fixed_from_source, target_from_fixed)]
        return _message(target_frame, source_frame, target_from_fixed[2], *compose(hops, []))

    def can_transform_core(
        self, target_frame: str, source_frame: str, time: Time | TimeMsg
    ) -> tuple[bool, str]:
        """Return whether a lookup would succeed now, and why not."""
        if target_frame == source_frame:
            return True, ''
        return self._can('canTransform', [(target_frame, source_frame, nanoseconds(time))],
                         {'target_frame': target_frame, 'source_frame': source_frame})

    def can_transform_full_core(
        self, target_frame: str, target_time: Time | TimeMsg, source_frame: str,
        source_time: Time | TimeMsg, fixed_frame: str,
    ) -> tuple[bool, str]:
        """Return whether a lookup between two times would succeed now, and why not."""
        return self._can(
            'canTransform',
            [(target_frame, fixed_frame, nanoseconds(target_time)),
             (fixed_frame, source_frame, nanoseconds(source_time))],
            {'target_frame': target_frame, 'source_frame': source_frame,
             'fixed_frame': fixed_frame})

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        """Return the newest time that every moving transform between two frames reaches."""
        with self._frames_lock:
            self._require('get_latest_common_time', target_frame)
            self._require('get_latest_common_time', source_frame)
            try:
                return Time(nanoseconds=self._latest_common_stamp(target_frame, source_frame))
            except TransformException as error:
                raise TransformException(str(error)) from None

    def all_frames_as_string(self) -> str:
        """Return one line a frame, saying its parent."""
        with self._frames_lock:
            return self._describe_frames()

    def all_frames_as_yaml(self) -> str:
        """Return parent, source, rate and age of every frame as YAML."""
        lines = []
        with self._frames_lock:
            for child, cache in self._frames.items():
                if cache is None or cache.latest is None or cache.oldest is None:
                    continue
                newest, length = cache.latest.stamp, cache.latest.stamp - cache.oldest.stamp
                lines += [
                    f'{child}: ',
                    f"  parent: '{cache.latest.parent}'",
                    f"  broadcaster: '{self._authorities.get(child, 'no recorded authority')}'",
                    f'  rate: {len(cache) * 1e9 / max(length, 100_000):.3f}',
                    f'  most_recent_transform: {seconds(newest)}',
                    f'  oldest_transform: {seconds(cache.oldest.stamp)}',
                    f'  buffer_length: {length * 1e-9:.3f}']
            return '\n'.join([*lines, '']) if lines or self._frames else '[]'

    def _describe_frames(self) -> str:
        return ''.join(
            f'Frame {child} exists with parent '
            f'{cache.latest.parent if cache.latest is not None else "NO_PARENT"}.\n'
            for child, cache in self._frames.items() if cache is not None)

    def _require(self, function: str, frame: str) -> None:
        reason = _name_fault(frame)
        if reason is not None:
            raise InvalidArgumentException(f'Invalid argument "{frame}" passed to {function} - '
                                           f'{reason}')
        if frame not in self._frames:
            raise LookupException(f'"{frame}" passed to {function} does not exist. ')

    def _can(
        self, function: str, hops: list[tuple[str, str, int]], named_frames: dict[str, str]
    ) -> tuple[bool, str]:
        with self._frames_lock:
            for role, frame in named_frames.items():
                reason = _name_fault(frame)
                if reason is None and frame not in self._frames:
                    reason = 'frame does not exist'
                if reason is not None:
                    return False, (f'Invalid frame ID "{frame}" passed to {function} argument '
                                   f'{role} - {reason}')
            try:
                for target_frame, source_frame, stamp in hops:
                    self._walk(target_frame, source_frame, stamp)
            except TransformException as error:
                return False, str(error)
        return True, ''

    def _walk(
        self, target_frame: str, source_frame: str, stamp: int
    ) -> tuple[list[Edge], list[Edge], int]:
        """Return the edges from source and from target up to a shared ancestor, and the time."""
        if source_frame == target_frame:
            cache = self._frames.get(target_frame)
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
            cache = self._frames.get(frame)
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
        if source_frame == target_frame:
            return self._walk(target_frame, source_frame, 0)[2]
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
            cache = self._frames.get(frame)
            if cache is None or cache.latest is None:
                break
            samples.append(cache.latest)
            self._check_depth(len(samples))
            frame = cache.latest.parent
        return samples

    def _check_depth(self, depth: int) -> None:
        if depth > MAX_TREE_DEPTH:
            raise LookupException(
                f'The tf tree is invalid because it contains a loop.\n{self._describe_frames()}')


def _fault(child: str, sample: Sample) -> tuple[str, str] | None:
    """Return name and reason of what makes a transform unusable."""
    if child == sample.parent:
        return 'TF_SELF_TRANSFORM', 'frame_id and child_frame_id are the same'
    if not child:
        return 'TF_NO_CHILD_FRAME_ID', 'child_frame_id is not set'
    if not sample.parent:
        return 'TF_NO_FRAME_ID', 'frame_id is not set'
    if any(map(math.isnan, (*sample.translation, *sample.rotation))):
        return 'TF_NAN_INPUT', f'of a nan value in {sample.translation} {sample.rotation}'
    if not any(sample.rotation):
        return 'TF_DENORMALIZED_QUATERNION', f'of an invalid quaternion {sample.rotation}'
    return None


def _unit(rotation: Quaternion) -> Quaternion:
    """Return a quaternion of length 1; zeros stay, the infinite becomes NaN."""
    length = math.hypot(*rotation)
    if length == 0.0 or abs(length - 1.0) < _LENGTH_TOLERANCE:
        return rotation
    x, y, z, w = rotation
    return x / length, y / length, z / length, w / length


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


def _message(
    target_frame: str, source_frame: str, stamp: int, translation: Translation,
    rotation: Quaternion,
) -> TransformStamped:
    message = TransformStamped(child_frame_id=source_frame)
    message.header.frame_id = target_frame
    message.header.stamp = TimeMsg(sec=stamp // 1_000_000_000, nanosec=stamp % 1_000_000_000)
    t, q = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = translation
    q.x, q.y, q.z, q.w = rotation
    return message
