# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes of their own: one that takes every image in order, one whose detector fails and hangs."""

import signal
from contextlib import contextmanager

import numpy as np
from lifecycle_msgs.msg import Transition
from node_harness import Feeder, NodeProcess, Peer, stamp_of
from sensor_msgs.msg import CameraInfo, Image
from synthetic_scene import (
    FOCAL,
    camera_info,
    camera_pose,
    camera_transform,
    header,
    keypoints_message,
    person,
)

from mocap23_msgs.msg import Keypoints2DArray, SkeletonArray
from mocap23_msgs.srv import Reset

SECOND = 10**9


def content(value):
    """Every bit of a message's fields; serialized, it has bytes between them that mean nothing."""
    if hasattr(value, 'get_fields_and_field_types'):
        return [content(getattr(value, name)) for name in value.get_fields_and_field_types()]
    if hasattr(value, 'tobytes'):
        return value.tobytes()
    return [content(item) for item in value] if isinstance(value, list) else repr(value)


def test_every_image_in_its_order_gives_the_same_each_time():
    """Sent faster than they can be computed, and twice with different haste."""
    node = NodeProcess('-r', '__node:=ordered', '-r', 'skeletons:=/ordered/skeletons', '-r',
                       'keypoints_2d_in:=/ordered/keypoints', detector='external',
                       image_queue=1000, tf_timeout=5.0, publish_tf=False)
    peer = Peer()
    topic = '/ordered/skeletons'
    peer.listen(SkeletonArray, topic)
    keypoints = peer.node.create_publisher(Keypoints2DArray, '/ordered/keypoints', 1000)
    count, begin, interval = 100, 1_700_000_000 * SECOND, SECOND // 8  # longer than TF is kept

    def play(rate):
        assert peer.call(Reset, 'ordered/reset').success
        since = peer.count(topic)
        peer.wait_for(topic, lambda m: not m.skeletons, max(0, since - 1), 'empty array')
        since = peer.count(topic)
        stamps = iter([begin + i * interval for i in range(count)])

        def send(_):
            stamp = next(stamps, None)
            if stamp is None:
                return
            turn = camera_pose(pitch=0.17 + 0.05 * np.sin(1e-9 * (stamp - begin)))
            peer.tf.sendTransform(camera_transform(stamp, turn))
            zoom = 1.0 + 0.001 * (stamp - begin) / SECOND
            peer.camera_info.publish(camera_info(stamp, FOCAL * zoom))
            people = [person(4.0 + 0.2e-9 * (stamp - begin), 0.3), person(5.0, -1.0)]
            keypoints.publish(keypoints_message(people, stamp, turn))

        with Feeder(peer, send, rate):
            peer.wait_until(lambda: peer.count(topic) >= since + count, f'{count} results')
        return peer.received[topic][since:]

    try:
        peer.wait_until(lambda: keypoints.get_subscription_count() > 0, 'the subscription')
        first, second = play(400.0), play(60.0)
        peer.wait_for_status(lambda s: s.name.startswith('ordered'), 'status', node)
        assert node.stop() == 0, node.output
    finally:
        peer.close()
        node.stop(signal.SIGKILL)
    expected = [begin + i * interval for i in range(count)]
    for played in (first, second):
        assert [stamp_of(message) for message in played] == expected
        for message in played:
            for skeleton in message.skeletons:
                skeleton.latency = 0.0
    differ = [i for i, pair in enumerate(zip(first, second, strict=True))
              if content(pair[0]) != content(pair[1])]
    assert not differ, (
        f'images {differ}; of the first: {first[differ[0]]} and then {second[differ[0]]}')
    assert len(first[-1].skeletons) == 2


BAD_DETECTOR = """
import sys, threading
import mocap23_ros.ros.core as core
from mocap23_ros.skeletons.formats import COCO17

class BadDetector:
    format = COCO17
    calls = 0

    def detect(self, image):
        self.calls += 1
        if 1 < self.calls < SLOW:
            threading.Event().wait(0.25)
        elif self.calls == SLOW:
            sys.exit('a library that ends the program')
        elif self.calls > SLOW + 15:
            threading.Event().wait()  # hangs
        return []

    def reset(self):
        pass

    def close(self):
        pass

core.create_detector = lambda name, **options: BadDetector()
from mocap23_ros.ros.run_node import main
sys.exit(main())
"""


@contextmanager
def bad_detector(slow_calls, hang_timeout, program=BAD_DETECTOR):
    """A node of its own whose detector is slow, then fails, then hangs, and images for it."""
    node = NodeProcess('-r', '__node:=hanging', '-r', 'skeletons:=other_skeletons', '-r',
                       'image:=/bad/image', lifter='geometric', hang_timeout=hang_timeout,
                       executable=('-c', program.replace('SLOW', str(slow_calls))))
    peer = Peer()
    images = peer.node.create_publisher(Image, '/bad/image', 10)
    infos = peer.node.create_publisher(CameraInfo, '/bad/camera_info', 10)

    def send(stamp):
        peer.tf.sendTransform(camera_transform(stamp))
        infos.publish(camera_info(stamp, 45.0, (64, 48)))
        images.publish(Image(
            header=header(stamp), width=64, height=48, encoding='mono8', step=64,
            data=bytes(64 * 48)))

    def says(key, text):
        def accept(status):
            return status.name.startswith('hanging') and any(
                v.key == f'problem: {key}' and text in v.value for v in status.values)
        peer.wait_for_status(accept, f'problem {key}', node)

    try:
        with Feeder(peer, send, rate=15.0):
            yield node, peer, says
    finally:
        peer.close()
        node.stop(signal.SIGKILL)


def test_a_detector_that_is_slow_then_fails_then_hangs_is_named_each_time():
    with bad_detector(slow_calls=25, hang_timeout=5.0) as (node, _, says):
        says('overload', 'most time goes into "detect and track"')
        says('internal', 'a library that ends the program')
        says('stalled', '"detect and track" of one image has taken')
        assert node.wait() == 3, 'to be started again'
        assert '"detect and track" hangs since' in node.output
        assert 'Traceback' not in node.output


def test_a_thread_that_died_ends_the_node():
    """Not even the report of the error can be made: nothing would come out any more."""
    worse = BAD_DETECTOR.replace("sys.exit('a library that ends the program')", 'raise Unspeakable')
    worse = worse.replace('class BadDetector', """
class Unspeakable(Exception):
    def __str__(self):
        raise self

class BadDetector""")
    with bad_detector(slow_calls=3, hang_timeout=30.0, program=worse) as (node, _, _says):
        assert node.wait() == 3, 'to be started again'
        assert 'the thread that computes ended in "detect and track"' in node.output


def test_a_node_that_hangs_can_be_deactivated_and_ended():
    with bad_detector(slow_calls=3, hang_timeout=0.0) as (node, peer, says):
        says('stalled', '"detect and track" of one image has taken')
        assert peer.change_state(Transition.TRANSITION_DEACTIVATE, 'hanging')
        assert not peer.change_state(Transition.TRANSITION_ACTIVATE, 'hanging')
        assert '"detect and track" still hangs: start the node again' in node.output
        assert node.stop(signal.SIGINT) == 0
        assert 'Traceback' not in node.output
