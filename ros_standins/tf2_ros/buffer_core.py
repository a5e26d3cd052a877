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

from tf2_ros.exceptions import TransformException
from tf2_ros.frame_tree import FrameTree
from tf2_ros.rigid_motion import Quaternion, Translation, compose
from tf2_ros.time_cache import Sample, StaticCache, TimeCache, seconds

DEFAULT_CACHE_DURATION = 10_000_000_000  # ns
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
        self._tree = FrameTree(
            DEFAULT_CACHE_DURATION if cache_time is None else nanoseconds(cache_time))
        self._frames_lock = threading.Lock()

    def clear(self) -> None:
        """Forget moving transforms; static ones and the names of frames stay."""
        with self._frames_lock:
            self._tree.clear()

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
            stored = self._tree.insert(child, sample, kind)
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
                    self._tree.require(f'lookupTransform argument {role}', frame)
            source_chain, target_chain, stamp = self._tree.walk(target_frame, source_frame, stamp)
        return _message(target_frame, source_frame, stamp, *compose(source_chain, target_chain))

    def can_transform_core(
        self, target_frame: str, source_frame: str, time: Time | TimeMsg
    ) -> tuple[bool, str]:
        """Return whether a lookup would succeed now, and why not."""
        if target_frame == source_frame:
            return True, ''
        with self._frames_lock:
            for role, frame in (('target_frame', target_frame), ('source_frame', source_frame)):
                reason = self._tree.fault(frame)
                if reason is not None:
                    return False, (f'Invalid frame ID "{frame}" passed to canTransform argument '
                                   f'{role} - {reason}')
            try:
                self._tree.walk(target_frame, source_frame, nanoseconds(time))
            except TransformException as error:
                return False, str(error)
        return True, ''


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
