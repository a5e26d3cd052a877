# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a tf2_ros.Buffer answers; stand-in and real package must agree."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rclpy.duration import Duration
from scipy.spatial.transform import Rotation, Slerp
from transform_examples import (
    IDENTITY,
    make_transform,
    matrix_of,
    rotation_of,
    rotations,
    stamp,
    translation_of,
    translations,
)

tf2_ros = pytest.importorskip('tf2_ros')

TURN = (0.0, 0.0, math.sin(0.4), math.cos(0.4))


def filled(*transforms, static=(), **options):
    buffer = tf2_ros.Buffer(**options)
    for transform in transforms:
        buffer.set_transform(transform, 'test')
    for transform in static:
        buffer.set_transform_static(transform, 'test')
    return buffer


@settings(max_examples=60, deadline=None)
@given(translations, translations, rotations, rotations, st.floats(0.0, 1.0))
@example((0, 0, 0), (1, 2, 3), IDENTITY, (0.0, 0.0, 0.0, -1.0), 0.5)
@example((0, 0, 0), (1, 2, 3), TURN, tuple(-value for value in TURN), 0.3)
def test_interpolates_linearly_and_by_slerp(start, end, start_turn, end_turn, ratio):
    assume(abs(np.dot(start_turn, end_turn)) > 1e-3)  # half a turn: either way is the shortest
    buffer = filled(make_transform('map', 'base', 1.0, start, start_turn),
                    make_transform('map', 'base', 3.0, end, end_turn))
    when = stamp(1.0 + 2.0 * ratio)
    ratio = (when.nanoseconds - 1_000_000_000) / 2_000_000_000
    found = buffer.lookup_transform('map', 'base', when)
    expected = Slerp([0, 1], Rotation.from_quat([start_turn, end_turn]))(ratio)
    assert np.allclose(translation_of(found), (1 - ratio) * np.array(start) + ratio * np.array(end))
    assert (rotation_of(found) * expected.inv()).magnitude() < 1e-6
    assert found.header.frame_id == 'map' and found.child_frame_id == 'base'
    assert found.header.stamp == when.to_msg()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(translations, rotations), min_size=5, max_size=5))
def test_composes_chains_up_and_down_the_tree(poses):
    #  map -> odom -> base -> camera,   odom -> arm -> hand
    edges = [('map', 'odom'), ('odom', 'base'), ('base', 'camera'), ('odom', 'arm'),
             ('arm', 'hand')]
    messages = [make_transform(*edge, 5.0, *pose) for edge, pose in zip(edges, poses, strict=True)]
    buffer = filled(messages[0], messages[1], messages[3], static=(messages[2], messages[4]))
    map_T = {'map': np.eye(4)}
    for (parent, child), message in zip(edges, messages, strict=True):
        map_T[child] = map_T[parent] @ matrix_of(message)
    for target in map_T:
        for source in map_T:
            found = matrix_of(buffer.lookup_transform(target, source, stamp(5.0)))
            expected = np.linalg.inv(map_T[target]) @ map_T[source]
            assert np.allclose(found, expected, atol=1e-6), (target, source)


def test_zero_time_is_the_latest_that_all_moving_frames_have():
    buffer = filled(
        make_transform('map', 'odom', 1.0), make_transform('map', 'odom', 4.0, (3, 0, 0)),
        make_transform('odom', 'base', 2.0), make_transform('odom', 'base', 3.0, (0, 1, 0)),
        static=[make_transform('base', 'camera', 9.0, (0, 0, 1))])
    found = buffer.lookup_transform('map', 'camera', stamp(0.0))
    assert found.header.stamp == stamp(3.0).to_msg()
    assert np.allclose(translation_of(found), (2, 1, 1))
    static_only = buffer.lookup_transform('base', 'camera', stamp(0.0))
    assert static_only.header.stamp == stamp(0.0).to_msg()


def test_takes_stamps_of_messages_as_times():
    buffer = filled(make_transform('map', 'base', 1.0, (1, 0, 0)),
                    make_transform('map', 'base', 2.0, (2, 0, 0)))
    assert translation_of(buffer.lookup_transform('map', 'base', stamp(1.5).to_msg()))[0] == 1.5


@pytest.mark.parametrize(('seconds', 'words'), [(0.9, 'into the past'), (3.1, 'into the future')])
def test_does_not_extrapolate(seconds, words):
    buffer = filled(make_transform('map', 'base', 1.0), make_transform('map', 'base', 3.0),
                    static=[make_transform('base', 'camera', 0.0)])
    for target, source in [('map', 'camera'), ('camera', 'map')]:
        with pytest.raises(tf2_ros.ExtrapolationException, match=words):
            buffer.lookup_transform(target, source, stamp(seconds))
        possible, reason = buffer.can_transform(
            target, source, stamp(seconds), return_debug_tuple=True)
        assert not possible and words in reason


def test_one_sample_is_valid_at_its_time_only():
    buffer = filled(make_transform('map', 'base', 1.0))
    assert buffer.lookup_transform('map', 'base', stamp(1.0))
    for seconds in (0.5, 1.5):
        with pytest.raises(tf2_ros.ExtrapolationException, match='only time'):
            buffer.lookup_transform('map', 'base', stamp(seconds))


def test_data_above_the_common_ancestor_are_not_needed():
    buffer = filled(make_transform('map', 'odom', 1.0), make_transform('odom', 'left', 5.0),
                    make_transform('odom', 'right', 5.0, (1, 0, 0)))
    assert translation_of(buffer.lookup_transform('left', 'right', stamp(5.0)))[0] == 1.0


@pytest.mark.parametrize(('target', 'source', 'error'), [
    ('map', 'nowhere', 'LookupException'),
    ('nowhere', 'map', 'LookupException'),
    ('', 'map', 'InvalidArgumentException'),
    ('map', '/base', 'InvalidArgumentException'),
    ('map', 'other_base', 'ConnectivityException'),
    ('other_map', 'base', 'ConnectivityException'),
])
@pytest.mark.parametrize('seconds', [0.0, 1.0])
def test_says_why_there_is_no_transform(target, source, error, seconds):
    buffer = filled(make_transform('map', 'base', 1.0),
                    make_transform('other_map', 'other_base', 1.0))
    with pytest.raises(tf2_ros.TransformException) as caught:
        buffer.lookup_transform(target, source, stamp(seconds))
    assert type(caught.value).__name__ == error
    assert not buffer.can_transform(target, source, stamp(seconds))
    possible, reason = buffer.can_transform(target, source, stamp(seconds), return_debug_tuple=True)
    assert not possible and reason


def test_all_errors_are_transform_exceptions():
    for name in ('Lookup', 'Connectivity', 'Extrapolation', 'InvalidArgument', 'Timeout'):
        assert issubclass(getattr(tf2_ros, name + 'Exception'), tf2_ros.TransformException)
    assert not issubclass(tf2_ros.LookupException, LookupError)


def test_a_frame_is_where_it_is_even_when_unknown():
    buffer = filled(make_transform('map', 'base', 7.0))
    unknown = buffer.lookup_transform('nowhere', 'nowhere', stamp(3.0))
    assert np.allclose(matrix_of(unknown), np.eye(4))
    assert unknown.header.stamp == stamp(3.0).to_msg()
    assert buffer.lookup_transform('base', 'base', stamp(0.0)).header.stamp == stamp(7.0).to_msg()
    assert buffer.can_transform('nowhere', 'nowhere', stamp(3.0))


def test_loops_are_refused():
    buffer = filled(make_transform('a', 'b', 1.0), make_transform('b', 'a', 1.0),
                    make_transform('map', 'base', 1.0))
    for seconds in (0.0, 1.0):
        with pytest.raises(tf2_ros.LookupException, match='loop'):
            buffer.lookup_transform('map', 'a', stamp(seconds))
    # A direct way that ends before the loop is still found.
    buffer.set_transform(make_transform('a', 'hand', 1.0, (2, 0, 0)), 'test')
    for seconds in (0.0, 1.0):
        assert translation_of(buffer.lookup_transform('a', 'hand', stamp(seconds)))[0] == 2.0


def test_a_new_parent_is_taken_from_its_first_time_on():
    buffer = filled(
        make_transform('map', 'box', 1.0, (1, 0, 0)), make_transform('hand', 'box', 3.0, (0, 2, 0)),
        make_transform('hand', 'box', 4.0, (0, 3, 0)),
        static=[make_transform('map', 'hand', 0.0, (10, 0, 0))])
    for seconds, expected in [(1.0, (1, 0, 0)), (2.9, (1, 0, 0)), (3.5, (10, 2.5, 0))]:
        found = buffer.lookup_transform('map', 'box', stamp(seconds))
        assert np.allclose(translation_of(found), expected)


def test_keeps_ten_seconds_or_what_was_asked_for():
    for options, duration in [({}, 10.0), ({'cache_time': Duration(seconds=2)}, 2.0)]:
        buffer = filled(**options)
        for index in range(200):
            buffer.set_transform(make_transform('map', 'base', 100.0 + 0.1 * index), 'test')
        newest = 100.0 + 0.1 * 199
        assert buffer.can_transform('map', 'base', stamp(newest - duration + 0.05))
        assert not buffer.can_transform('map', 'base', stamp(newest - duration - 0.25))
