# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Which messages the synchronizers of message_filters bring together."""

import itertools

import pytest
from geometry_msgs.msg import PointStamped
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.time import Time
from std_msgs.msg import String

message_filters = pytest.importorskip('message_filters')


def stamped(milliseconds, name=''):
    message = PointStamped()
    message.header.stamp = Time(nanoseconds=milliseconds * 1_000_000).to_msg()
    message.header.frame_id = name
    return message


def milliseconds_of(message):
    return Time.from_msg(message.header.stamp).nanoseconds // 1_000_000


class Setup:
    """Inputs, a synchronizer, and the stamps in ms of each set that it passed on."""

    def __init__(self, kind, inputs, *arguments, **options):
        self.inputs = [message_filters.SimpleFilter() for _ in range(inputs)]
        self.synchronizer = kind(self.inputs, *arguments, **options)
        self.sets = []
        self.synchronizer.registerCallback(
            lambda *messages: self.sets.append(tuple(map(milliseconds_of, messages))))

    def feed(self, *events):
        for index, milliseconds in events:
            self.inputs[index].signalMessage(stamped(milliseconds))
        return self.sets


def exact(inputs=2, queue_size=10):
    return Setup(message_filters.TimeSynchronizer, inputs, queue_size)


def approximate(inputs=2, queue_size=10, slop=0.01, **options):
    return Setup(message_filters.ApproximateTimeSynchronizer, inputs, queue_size, slop, **options)


events = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=40)


@settings(max_examples=100, deadline=None)
@given(events)
def test_exact_sets_have_one_stamp_and_none_is_missed(fed):
    sets = exact(inputs=3, queue_size=100).feed(*fed)
    assert all(len(set(stamps)) == 1 for stamps in sets)
    waiting, expected = [set(), set(), set()], []
    for index, stamp in fed:
        waiting[index].add(stamp)
        if all(stamp in queue for queue in waiting):
            expected.append((stamp,) * 3)
            for queue in waiting:
                queue.discard(stamp)
    assert sets == expected


@settings(max_examples=100, deadline=None)
@given(events)
def test_approximate_sets_lie_within_the_slop_and_share_no_message(fed):
    fed = list(dict.fromkeys(fed))  # a stamp twice on one input is one message
    sets = approximate(inputs=3, queue_size=100).feed(*fed)
    assert all(max(stamps) - min(stamps) < 10 for stamps in sets)
    for used in zip(*sets, strict=True):
        assert len(set(used)) == len(used)
    # What is left over cannot be brought together any more.
    left = [{stamp for index, stamp in fed if index == which} - {s[which] for s in sets}
            for which in range(3)]
    assert not any(max(c) - min(c) < 10 for c in itertools.product(*left))


def test_messages_come_in_the_order_of_the_inputs_whatever_comes_first():
    names = []
    setup = exact(inputs=3)
    setup.synchronizer.registerCallback(
        lambda *messages: names.append([message.header.frame_id for message in messages[:3]]))
    for index in (2, 0, 1):
        setup.inputs[index].signalMessage(stamped(5, f'input {index}'))
    assert names == [['input 0', 'input 1', 'input 2']]


def test_a_full_queue_forgets_its_oldest_stamp():
    assert exact(queue_size=2).feed((0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)) == [
        (2, 2), (3, 3)]
    assert approximate(queue_size=2).feed((0, 100), (0, 200), (0, 300), (1, 101)) == []
    assert approximate(queue_size=2).feed((0, 100), (0, 200), (0, 300), (1, 201)) == [(200, 201)]
    # A message older than all of a full queue is itself the one to go.
    assert exact(queue_size=2).feed((1, 1), (0, 2), (0, 3), (0, 1)) == []


def test_streams_with_jitter_and_drops_are_brought_together():
    fed = []
    for index in range(30):
        fed.append((0, 33 * index + (index * 7) % 5))
        if index % 4:
            fed.append((1, 33 * index + 6))
    sets = approximate(slop=0.012).feed(*fed)
    assert len(sets) == 22
    assert all(abs(first - second) < 12 for first, second in sets)


def test_the_nearest_of_several_is_taken():
    assert approximate(slop=0.05).feed((0, 100), (0, 120), (0, 140), (1, 122)) == [(120, 122)]


def test_messages_without_a_header_count_when_they_come_if_so_asked(capfd):
    refusing = approximate(slop=5.0)
    refusing.inputs[0].signalMessage(String())
    assert 'allow_headerless' in capfd.readouterr().err
    taking = message_filters.ApproximateTimeSynchronizer(
        inputs := [message_filters.SimpleFilter() for _ in range(2)], 10, 5.0,
        allow_headerless=True)
    pairs = []
    taking.registerCallback(lambda *messages: pairs.append(messages))
    inputs[0].signalMessage(String(data='left'))
    inputs[1].signalMessage(String(data='right'))
    assert [[message.data for message in pair] for pair in pairs] == [['left', 'right']]


def test_callbacks_get_their_own_arguments_and_all_are_called():
    calls = []
    setup = exact()
    setup.synchronizer.registerCallback(lambda *arguments: calls.append(arguments[2:]), 'a', 1)
    setup.synchronizer.registerCallback(lambda *arguments: calls.append(arguments[2:]))
    setup.feed((0, 1), (1, 1))
    assert calls == [('a', 1), ()] and setup.sets == [(1, 1)]


def test_a_set_goes_through_a_chain_of_filters():
    setup = exact()
    outer = message_filters.SimpleFilter()
    setup.inputs[0].registerCallback(outer.signalMessage)
    last = message_filters.Cache(outer, 5)
    setup.feed((0, 1), (1, 1), (0, 2))
    assert milliseconds_of(last.getLast()) == 2
