# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a tf2_ros.Buffer keeps, leaves out and forgets, and how it waits."""

import inspect
import math
import threading
import time

import numpy as np
import pytest
from rclpy.duration import Duration
from transform_examples import IDENTITY, make_transform, stamp, translation_of, x_at

tf2_ros = pytest.importorskip('tf2_ros')


@pytest.fixture
def buffer():
    return tf2_ros.Buffer()


def test_samples_may_come_in_any_order(buffer):
    for seconds in (5.0, 3.0, 4.0, 1.0):
        buffer.set_transform(make_transform('map', 'base', seconds, (seconds**2, 0, 0)), 'test')
    assert x_at(buffer, 0.0) == 25.0
    assert np.allclose([x_at(buffer, s) for s in (1.0, 3.5, 4.5)], [1.0, 12.5, 20.5])


def test_the_last_of_equal_stamps_wins(buffer):
    for seconds, x in [(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (3.0, 4.0)]:
        buffer.set_transform(make_transform('map', 'base', seconds, (x, 0, 0)), 'test')
    assert x_at(buffer, 2.0) == 3.0


def test_data_older_than_the_cache_are_left_out_with_a_warning(buffer, capfd):
    buffer.set_transform(make_transform('map', 'base', 100.0, (1, 0, 0)), 'test')
    buffer.set_transform(make_transform('map', 'base', 89.0, (2, 0, 0)), 'test')
    assert 'TF_OLD_DATA' in capfd.readouterr().err
    assert not buffer.can_transform('map', 'base', stamp(89.0))
    assert x_at(buffer, 0.0) == 1.0
    buffer.set_transform(make_transform('map', 'base', 91.0, (3, 0, 0)), 'test')
    assert x_at(buffer, 91.0) == 3.0


@pytest.mark.parametrize(('parent', 'child', 'translation', 'rotation', 'message'), [
    ('base', 'base', (0, 0, 0), IDENTITY, 'TF_SELF_TRANSFORM'),
    ('map', '', (0, 0, 0), IDENTITY, 'TF_NO_CHILD_FRAME_ID'),
    ('', 'base', (0, 0, 0), IDENTITY, 'TF_NO_FRAME_ID'),
    ('map', 'base', (math.nan, 0, 0), IDENTITY, 'TF_NAN_INPUT'),
    ('map', 'base', (0, 0, 0), (math.nan, 0, 0, 1), 'TF_NAN_INPUT'),
    ('map', 'base', (0, 0, 0), (0, 0, 0, 0), 'TF_DENORMALIZED_QUATERNION'),
])
def test_invalid_transforms_are_left_out_with_an_error(
        buffer, capfd, parent, child, translation, rotation, message):
    buffer.set_transform(make_transform(parent, child, 1.0, translation, rotation), 'test')
    buffer.set_transform_static(make_transform(parent, child, 1.0, translation, rotation), 'test')
    assert message in capfd.readouterr().err
    assert not buffer.can_transform('map', 'base', stamp(0.0))


@pytest.mark.parametrize('scale', [0.5, 0.999, 3.0, -1.0])
def test_quaternions_of_any_length_turn_alike(buffer, scale):
    rotation = (0.0, 0.0, 0.6 * scale, 0.8 * scale)
    buffer.set_transform(make_transform('map', 'base', 1.0, (0, 0, 0), rotation), 'test')
    found = buffer.lookup_transform('map', 'base', stamp(1.0)).transform.rotation
    assert math.isclose(math.hypot(found.z, found.w), 1.0, abs_tol=1e-9)
    assert math.isclose(found.z / found.w, 0.75)


def test_a_leading_slash_is_dropped_when_stored(buffer):
    buffer.set_transform(make_transform('/map', '/base', 1.0, (2, 0, 0)), 'test')
    assert x_at(buffer, 1.0) == 2.0


def test_static_transforms_hold_at_every_time_and_can_be_replaced(buffer):
    buffer.set_transform_static(make_transform('map', 'base', 50.0, (1, 0, 0)), 'test')
    assert [x_at(buffer, seconds) for seconds in (0.0, 1.0, 1e6)] == [1.0, 1.0, 1.0]
    found = buffer.lookup_transform('map', 'base', stamp(7.0))
    assert found.header.stamp == stamp(7.0).to_msg()
    buffer.set_transform_static(make_transform('map', 'base', 40.0, (2, 0, 0)), 'test')
    assert x_at(buffer, 7.0) == 2.0


def test_clear_forgets_what_moves_and_keeps_what_is_static(buffer):
    buffer.set_transform(make_transform('map', 'base', 100.0), 'test')
    buffer.set_transform_static(make_transform('base', 'camera', 0.0, (1, 0, 0)), 'test')
    buffer.clear()
    assert not buffer.can_transform('map', 'base', stamp(0.0))
    assert not buffer.can_transform('map', 'base', stamp(100.0))
    assert buffer.can_transform('base', 'camera', stamp(5.0))
    # Time may begin anew: nothing of the old one counts as newer.
    buffer.set_transform(make_transform('map', 'base', 1.0, (4, 0, 0)), 'test')
    assert x_at(buffer, 1.0) == 4.0


def test_a_lookup_waits_for_what_another_thread_brings(buffer):
    timer = threading.Timer(0.2, lambda: buffer.set_transform(
        make_transform('map', 'base', 1.0, (3, 0, 0)), 'test'))
    timer.start()
    began = time.monotonic()
    found = buffer.lookup_transform('map', 'base', stamp(1.0), timeout=Duration(seconds=20))
    assert time.monotonic() - began < 10.0
    assert translation_of(found)[0] == 3.0
    timer.join()


def test_a_lookup_gives_up_after_its_timeout(buffer):
    buffer.set_transform(make_transform('map', 'base', 1.0), 'test')
    buffer.set_transform(make_transform('map', 'base', 2.0), 'test')
    began = time.monotonic()
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('map', 'base', stamp(3.0), Duration(seconds=0.3))
    assert not buffer.can_transform('map', 'base', stamp(3.0), Duration(seconds=0.3))
    assert 0.55 < time.monotonic() - began


def test_threads_may_write_and_read_at_once(buffer):
    buffer.set_transform(make_transform('map', 'base', 0.001, (0.001, 0, 0)), 'test')
    failures = []

    def write(first):
        for index in range(first, 2000, 2):
            buffer.set_transform(
                make_transform('map', 'base', 0.001 * index, (0.001 * index, 0, 0)), 'test')

    def read():
        for _ in range(300):
            found = buffer.lookup_transform('map', 'base', stamp(0.0))
            seconds = found.header.stamp.sec + 1e-9 * found.header.stamp.nanosec
            if abs(translation_of(found)[0] - seconds) > 1e-6:
                failures.append(found)

    threads = [threading.Thread(target=write, args=(first,)) for first in (2, 3)]
    threads += [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert abs(x_at(buffer, 1.2345) - 1.2345) < 1e-6


@pytest.mark.parametrize(('method', 'names'), [
    ('lookup_transform', ['target_frame', 'source_frame', 'time', 'timeout']),
    ('can_transform', ['target_frame', 'source_frame', 'time', 'timeout', 'return_debug_tuple']),
    ('set_transform', ['transform', 'authority']),
    ('set_transform_static', ['transform', 'authority']),
    ('__init__', ['cache_time', 'node']),
])
def test_arguments_have_the_names_and_the_defaults_of_upstream(method, names):
    parameters = inspect.signature(getattr(tf2_ros.Buffer, method)).parameters
    assert list(parameters)[1:] == names
    if 'timeout' in names:
        assert parameters['timeout'].default == Duration()
    if method == '__init__':
        assert parameters['cache_time'].default is parameters['node'].default is None
