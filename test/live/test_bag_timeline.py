# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What of a bag is played to a node, when, and with which stamps."""

from math import inf

import bag_examples as bags
import numpy as np
import pytest

from mocap23_ros.cli.main import main
from mocap23_ros.live.bag_timeline import LEAD, read_clock, timeline
from mocap23_ros.recordings.bag_camera import CameraTopics
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.serialised_headers import header_stamp, with_stamp

TOPICS = CameraTopics('/keypoints', '/camera_info')
SECOND = 10**9


def moving(stamp):
    return '/tf', 'tf2_msgs/msg/TFMessage', stamp, bags.transforms(stamp)


def info(stamp):
    return '/camera_info', 'sensor_msgs/msg/CameraInfo', stamp, bags.camera_info(stamp)


def played(path, seconds=inf, tf_bags=()):
    with BagReader(path) as bag:
        clock = read_clock(bag, TOPICS, seconds)
    return clock, list(timeline(path, TOPICS, tf_bags, clock))


def test_what_holds_for_all_time_comes_first_and_the_past_is_left_out(tmp_path):
    start = bags.START
    elsewhere = bags.write(tmp_path / 'tf', [moving(start - 5 * SECOND), moving(start + SECOND),
                                             moving(start + 60 * SECOND)])
    path = bags.write(tmp_path / 'bag', [
        info(start - 30 * SECOND), info(start - 20 * SECOND), moving(start - 10 * SECOND),
        moving(start - SECOND // 2), *bags.keypoint_messages(),
        *bags.camera_messages(start + SECOND // 3, '/camera_info')])
    clock, messages = played(path, tf_bags=(elsewhere,))
    assert clock.images == bags.FRAMES and clock.begin == start + 40_000_000 - LEAD
    assert clock.delay == 40_000_000 and clock.offset == 0
    assert [m.topic for m in messages[:4]] == ['tf_static', 'info', 'tf', 'input']
    assert header_stamp(messages[1].data) == start - 20 * SECOND
    times = [m.received for m in messages]
    assert times == sorted(times)
    count = {topic: sum(m.topic == topic for m in messages)
             for topic in ('tf_static', 'info', 'tf', 'input')}
    assert count == {'tf_static': 1, 'info': 2, 'tf': 2, 'input': bags.FRAMES}


def test_a_part_of_a_bag(tmp_path):
    path = bags.write(tmp_path / 'bag', [*bags.camera_messages(), *bags.keypoint_messages()])
    clock, messages = played(path, seconds=0.5)
    inputs = [m for m in messages if m.topic == 'input']
    assert clock.images == len(inputs) == 16
    assert inputs[-1].received - inputs[0].received <= SECOND // 2


def test_stamps_of_another_clock_are_told(tmp_path):
    simulated = [(topic, kind, received + 1000 * SECOND, message)
                 for topic, kind, received, message in bags.keypoint_messages()]
    path = bags.write(tmp_path / 'bag', [*bags.camera_messages(), *simulated])
    clock, _ = played(path)
    assert clock.delay is None
    # The quickest image is then recorded at its stamp.
    assert clock.offset == 1000 * SECOND + 40_000_000


@pytest.mark.parametrize('stamp', [0, 1, bags.START, -3, (2**31 - 1) * SECOND + 999_999_999])
def test_stamps_of_serialised_messages(stamp):
    kind = 'mocap23_msgs/msg/Keypoints2DArray'
    message = bags.keypoints(bags.START + 7, np.ones((2, 17, 3)))
    data = bytes(bags.STORE.serialize_cdr(message, kind))
    assert header_stamp(data) == bags.START + 7
    changed = bags.STORE.deserialize_cdr(with_stamp(data, stamp), kind)
    time = changed.header.stamp
    assert time.sec * SECOND + time.nanosec == stamp == header_stamp(with_stamp(data, stamp))
    assert changed.header.frame_id == bags.CAMERA and len(changed.people) == 2


@pytest.mark.parametrize(('words', 'message'), [
    (['--pred', 'a.npz', '--truth', 'b.npz', '--live'], '--live goes with --bag'),
    (['--bag', 'absent', '--live', '0'], 'give seconds'),
    (['--bag', 'absent', '--live', 'nan'], 'give seconds'),
])
def test_mistakes(words, message, capsys):
    assert main(['evaluate', *words]) == 2
    assert message in capsys.readouterr().err
