# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms over the real middleware: broadcasters, listeners, late joiners, time that jumps."""

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.duration import Duration
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from transform_examples import make_transform, stamp, translation_of, wait_until, x_at

tf2_ros = pytest.importorskip('tf2_ros')
pytest.importorskip('tf2_msgs.msg')

HERE = Path(__file__).parent


def matched(broadcaster):
    return broadcaster.pub_tf.get_subscription_count() > 0


def test_a_listener_hears_what_a_broadcaster_sends(ros):
    listening, sending = ros.node('listening'), ros.node('sending')
    buffer = tf2_ros.Buffer(node=listening)
    listener = tf2_ros.TransformListener(buffer, listening)
    broadcaster = tf2_ros.TransformBroadcaster(sending)
    ros.spin(listening, sending)
    wait_until(lambda: matched(broadcaster))
    broadcaster.sendTransform(make_transform('map', 'base', 1.0, (1, 0, 0)))
    broadcaster.sendTransform([make_transform('map', 'base', 2.0, (2, 0, 0)),
                               make_transform('base', 'camera', 2.0)])
    broadcaster.sendTransform(iter([make_transform('map', 'base', 3.0, (3, 0, 0))]))
    wait_until(lambda: buffer.can_transform('map', 'base', stamp(2.5)))
    assert x_at(buffer, 2.5) == 2.5
    assert buffer.can_transform('map', 'camera', stamp(2.0))
    listener.unregister()
    broadcaster.sendTransform(make_transform('map', 'base', 4.0))
    time.sleep(0.3)
    assert not buffer.can_transform('map', 'base', stamp(4.0))


def test_who_joins_late_hears_all_static_transforms(ros):
    sending = ros.node('sending')
    broadcaster = tf2_ros.StaticTransformBroadcaster(sending)
    broadcaster.sendTransform(make_transform('map', 'base', 1.0, (5, 0, 0)))
    broadcaster.sendTransform([make_transform('base', 'left', 1.0),
                               make_transform('base', 'right', 1.0)])
    listening = ros.node('listening')
    buffer = tf2_ros.Buffer(node=listening)
    listener = tf2_ros.TransformListener(buffer, listening)
    ros.spin(sending, listening)
    wait_until(lambda: buffer.can_transform('left', 'right', stamp(0.0)))
    assert x_at(buffer, 123.0) == 5.0
    listener.unregister()


def test_transforms_cross_processes_also_to_late_joiners(ros):
    script = textwrap.dedent("""
        import rclpy
        import tf2_ros
        from transform_examples import make_transform
        rclpy.init()
        node = rclpy.create_node('other_process')
        static = tf2_ros.StaticTransformBroadcaster(node)
        static.sendTransform(make_transform('base', 'camera', 0.0, (0, 0, 1)))
        moving = tf2_ros.TransformBroadcaster(node)
        print('sent', flush=True)
        index = 0
        while True:
            index += 1
            moving.sendTransform(make_transform('map', 'base', index, (index, 0, 0)))
            rclpy.spin_once(node, timeout_sec=0.05)
    """)
    other = subprocess.Popen([sys.executable, '-c', script], stdout=subprocess.PIPE, text=True,
                             cwd=HERE)
    try:
        assert other.stdout.readline().strip() == 'sent'
        listening = ros.node('listening')
        buffer = tf2_ros.Buffer(node=listening)
        listener = tf2_ros.TransformListener(buffer, listening)
        ros.spin(listening)
        wait_until(lambda: buffer.can_transform('map', 'camera', stamp(0.0)))
        found = buffer.lookup_transform('map', 'camera', stamp(0.0))
        assert translation_of(found)[0] == found.header.stamp.sec
        assert translation_of(found)[2] == 1.0
        listener.unregister()
    finally:
        other.kill()
        other.communicate()


def _lookup_in_callback(side, timeout_seconds):
    """Return (result or error, seconds) of a lookup that waits in a callback for a later one."""
    node = side.node('waiting')
    buffer = tf2_ros.Buffer(node=node)
    listener = tf2_ros.TransformListener(buffer, node)
    broadcaster = tf2_ros.TransformBroadcaster(node)
    outcome = []
    finished = threading.Event()

    def look_up():
        timer.cancel()
        broadcaster.sendTransform(make_transform('map', 'base', 1.0, (7, 0, 0)))
        began = time.monotonic()
        try:
            found = buffer.lookup_transform(
                'map', 'base', stamp(1.0), Duration(seconds=timeout_seconds))
        except tf2_ros.TransformException as error:
            found = error
        outcome.extend([found, time.monotonic() - began])
        finished.set()

    wait_until(lambda: matched(broadcaster))
    timer = node.create_timer(0.05, look_up, callback_group=MutuallyExclusiveCallbackGroup())
    side.spin(node)
    assert finished.wait(20.0)
    listener.unregister()
    return outcome


def test_a_callback_may_wait_where_the_executor_has_more_threads(threaded_ros):
    found, seconds = _lookup_in_callback(threaded_ros, timeout_seconds=10.0)
    assert not isinstance(found, Exception), found
    assert translation_of(found)[0] == 7.0
    assert seconds < 8.0


def test_a_callback_waits_in_vain_where_its_thread_is_the_only_one(ros):
    found, seconds = _lookup_in_callback(ros, timeout_seconds=0.5)
    assert isinstance(found, tf2_ros.LookupException)
    assert seconds >= 0.5


def test_a_listener_may_have_its_own_thread():
    # In the default context, where the listener makes its executor: a process of its own.
    script = textwrap.dedent("""
        import rclpy
        import tf2_ros
        from rclpy.duration import Duration
        from transform_examples import make_transform, stamp, translation_of, wait_until
        rclpy.init()
        listening, sending = rclpy.create_node('listening'), rclpy.create_node('sending')
        buffer = tf2_ros.Buffer(node=listening)
        listener = tf2_ros.TransformListener(buffer, listening, spin_thread=True)
        broadcaster = tf2_ros.TransformBroadcaster(sending)
        wait_until(lambda: broadcaster.pub_tf.get_subscription_count() > 0)
        broadcaster.sendTransform(make_transform('map', 'base', 1.0, (1, 0, 0)))
        found = buffer.lookup_transform('map', 'base', stamp(1.0), Duration(seconds=10))
        assert translation_of(found)[0] == 1.0
        listener.executor.shutdown()
        listener.dedicated_listener_thread.join(10.0)
        assert not listener.dedicated_listener_thread.is_alive()
    """)
    subprocess.run([sys.executable, '-c', script], timeout=60, check=True, cwd=HERE)


def test_moving_transforms_are_forgotten_when_time_jumps_back(ros):
    player = ros.node('player')
    clock = player.create_publisher(Clock, '/clock', 10)
    node = ros.node('simulated', parameter_overrides=[Parameter('use_sim_time', value=True)])
    buffer = tf2_ros.Buffer(node=node)
    ros.spin(node)
    wait_until(lambda: clock.get_subscription_count() > 0)

    def play(seconds):
        clock.publish(Clock(clock=stamp(seconds).to_msg()))
        wait_until(lambda: node.get_clock().now().nanoseconds == stamp(seconds).nanoseconds)

    play(100.0)
    buffer.set_transform(make_transform('map', 'base', 100.0, (1, 0, 0)), 'test')
    buffer.set_transform_static(make_transform('base', 'camera', 0.0), 'test')
    play(101.0)
    assert buffer.can_transform('map', 'camera', stamp(100.0))
    play(3.0)
    wait_until(lambda: not buffer.can_transform('map', 'base', stamp(100.0)))
    assert buffer.can_transform('base', 'camera', stamp(3.0))
    buffer.set_transform(make_transform('map', 'base', 3.0, (2, 0, 0)), 'test')
    assert x_at(buffer, 3.0) == 2.0
