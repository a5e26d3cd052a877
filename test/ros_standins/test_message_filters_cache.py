# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The cache and the subscriber of message_filters."""

import pytest
from geometry_msgs.msg import PointStamped
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.qos import qos_profile_sensor_data
from rclpy.time import Time
from std_msgs.msg import String
from transform_examples import stamp, wait_until

message_filters = pytest.importorskip('message_filters')


def stamped(seconds):
    message = PointStamped()
    message.header.stamp = stamp(seconds).to_msg()
    return message


def ros_time(seconds):
    return Time.from_msg(stamp(seconds).to_msg())


def seconds_of(message):
    return None if message is None else Time.from_msg(message.header.stamp).nanoseconds / 1e9


def cache_of(size, *all_seconds):
    source = message_filters.SimpleFilter()
    cache = message_filters.Cache(source, size)
    for seconds in all_seconds:
        source.signalMessage(stamped(seconds))
    return cache


def test_an_empty_cache_has_nothing():
    cache = cache_of(3)
    assert cache.getLast() is cache.getLastestTime() is cache.getOldestTime() is None
    assert cache.getElemBeforeTime(ros_time(1.0)) is cache.getElemAfterTime(ros_time(1.0)) is None
    assert cache.getInterval(ros_time(0.0), ros_time(9.0)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True).map(sorted),
       st.integers(0, 30), st.integers(0, 30))
def test_finds_what_came_before_after_and_between(seconds, first, second):
    cache = cache_of(8, *seconds)
    kept, first, second = seconds[-8:], min(first, second), max(first, second)
    assert seconds_of(cache.getElemBeforeTime(ros_time(first))) == max(
        (s for s in kept if s <= first), default=None)
    assert seconds_of(cache.getElemAfterTime(ros_time(first))) == min(
        (s for s in kept if s >= first), default=None)
    between = cache.getInterval(ros_time(first), ros_time(second))
    assert [seconds_of(message) for message in between] == [
        s for s in kept if first <= s <= second]
    assert seconds_of(cache.getLast()) == kept[-1]
    assert cache.getLastestTime() == ros_time(kept[-1])
    assert cache.getOldestTime() == ros_time(kept[0])


def test_keeps_one_message_by_default_and_passes_all_on():
    source = message_filters.SimpleFilter()
    cache = message_filters.Cache(source)
    passed = []
    cache.registerCallback(lambda message: passed.append(seconds_of(message)))
    for seconds in (1.0, 2.0, 3.0):
        source.signalMessage(stamped(seconds))
    assert passed == [1.0, 2.0, 3.0]
    assert cache.getOldestTime() == cache.getLastestTime() == ros_time(3.0)


def test_messages_without_a_header_are_kept_only_if_so_asked():
    source = message_filters.SimpleFilter()
    refusing = message_filters.Cache(source, 5)
    taking = message_filters.Cache(source, 5, allow_headerless=True)
    source.signalMessage(String(data='here'))
    assert refusing.getLast() is None
    assert taking.getLast().data == 'here'


def test_a_subscriber_brings_messages_from_a_topic(ros):
    node = ros.node('listening')
    publisher = node.create_publisher(PointStamped, 'points', qos_profile_sensor_data)
    subscriber = message_filters.Subscriber(node, PointStamped, 'points',
                                            qos_profile=qos_profile_sensor_data)
    assert subscriber.getTopic() == 'points'
    assert subscriber.topic_name == '/points'  # what the subscription offers, it offers
    stamps = []
    subscriber.registerCallback(lambda message: stamps.append(seconds_of(message)))
    ros.spin(node)
    wait_until(publisher.get_subscription_count)
    for index in range(1, 6):
        publisher.publish(stamped(index))
    wait_until(lambda: len(stamps) == 5)
    assert stamps == [1, 2, 3, 4, 5]


def test_a_subscriber_is_reliable_by_default(ros):
    node = ros.node('reading')
    message_filters.Subscriber(node, PointStamped, 'points')
    profile = node.get_subscriptions_info_by_topic('/points')[0].qos_profile
    assert profile.reliability.name == 'RELIABLE'
