# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The subscription of the frames follows its publishers and notices what gets lost."""

import os
import subprocess
import sys
import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from mocap23_ros.errors import InputError
from mocap23_ros.ros.input_subscription import InputSubscription
from mocap23_ros.ros.other_publishers import LEASE
from mocap23_ros.ros.topics import latched_qos

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
TIMEOUT = 30.0  # s, patience

# Large images over UDP alone exceed the buffers of sockets; the small ones between them arrive.
LOSSY_CAMERA = """
import time, rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
rclpy.init()
node = rclpy.create_node('camera')
publisher = node.create_publisher(
    Image, 'image', QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT))
images = [Image(height=size, width=size, encoding='mono8', step=size, data=bytes(size * size))
          for size in (4000, 8)]
while True:
    for image in images:
        publisher.publish(image)
        time.sleep(0.03)
"""


@pytest.fixture
def make_node():
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make_node(*overrides):
        nodes.append(Node('images', context=context, parameter_overrides=list(overrides)))
        return nodes[-1]

    yield make_node
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown(context=context)


def subscribe(node, reliability='auto', topic='/image', **options):
    return InputSubscription(node, Image, topic, lambda image: None, reliability, **options)


def asked_for(node):
    return [info.qos_profile.reliability for info in node.get_subscriptions_info_by_topic('/image')]


def wait_until(condition, what):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f'{what} did not happen in {TIMEOUT} s'
        time.sleep(0.05)


def test_auto_asks_for_what_the_publishers_offer_and_follows_them(make_node):
    node = make_node()
    subscription = subscribe(node)
    wait_until(lambda: asked_for(node) == [BEST_EFFORT], 'subscription')  # goes with everybody

    def followed(reliability):
        subscription.check()
        return asked_for(node) == [reliability]

    reliable = node.create_publisher(Image, '/image', QoSProfile(depth=1, reliability=RELIABLE))
    wait_until(lambda: followed(RELIABLE), 'reliable subscription')
    node.create_publisher(Image, '/image', QoSProfile(depth=1, reliability=BEST_EFFORT))
    wait_until(lambda: followed(BEST_EFFORT), 'subscription to a reliable and another publisher')
    node.destroy_publisher(reliable)
    for _ in range(3):
        assert followed(BEST_EFFORT)
    subscription.close()


@pytest.mark.parametrize(('wish', 'override', 'expected'), [
    ('reliable', None, RELIABLE), ('best_effort', None, BEST_EFFORT),
    ('auto', 'best_effort', BEST_EFFORT), ('best_effort', 'reliable', RELIABLE),
    ('reliable', 'auto', RELIABLE)])
def test_wishes_and_overrides_win_over_publishers(make_node, wish, override, expected):
    node = make_node(*[Parameter('qos_overrides./image.subscription.reliability', value=override)]
                     if override else [])
    node.create_publisher(Image, '/image', QoSProfile(depth=1, reliability=RELIABLE))
    wait_until(lambda: node.count_publishers('/image') == 1, 'publisher')
    subscription = subscribe(node, wish)
    subscription.check()
    wait_until(lambda: asked_for(node) == [expected], 'subscription')
    subscription.close()
    again = subscribe(node, wish)  # the node was deactivated and activated
    wait_until(lambda: asked_for(node) == [expected], 'second subscription')
    again.close()


def test_where_none_may_be_lost_it_is_reliable_before_the_first_publisher(make_node):
    node = make_node()
    subscription = subscribe(node, reliable_first=True)
    wait_until(lambda: asked_for(node) == [RELIABLE], 'subscription')
    node.create_publisher(Image, '/image', QoSProfile(depth=1, reliability=BEST_EFFORT))

    def followed():
        subscription.check()
        return asked_for(node) == [BEST_EFFORT]

    wait_until(followed, 'best-effort subscription')
    subscription.close()


def test_reliable_wanted_from_best_effort_says_so(make_node):
    node = make_node()
    subscription = subscribe(node, 'reliable')
    assert subscription.silence() == ''
    node.create_publisher(Image, '/image', QoSProfile(depth=1, reliability=BEST_EFFORT))
    wait_until(lambda: 'set qos_image to auto' in subscription.silence(), 'mismatch')


def test_what_is_published_once_and_kept_is_taken(make_node):
    """As some drivers send the CameraInfo of a lens that never changes."""
    camera, node, taken = make_node(), make_node(), []
    camera.create_publisher(Image, '/image', latched_qos()).publish(Image(width=7))
    subscription = InputSubscription(node, Image, '/image', taken.append, 'auto')
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)

    def came():
        executor.spin_once(timeout_sec=0.1)
        subscription.check()
        return taken

    wait_until(came, 'the image')
    assert taken[0].width == 7
    subscription.close()
    executor.shutdown()


def test_two_cameras_on_one_topic_are_said_but_not_one_that_was_killed_and_came_back(make_node):
    node, camera = make_node(), make_node()
    subscription = subscribe(node)
    publishers = [camera.create_publisher(Image, '/image', 1) for _ in range(2)]
    wait_until(lambda: node.count_publishers('/image') == 2, 'discovery')
    assert not subscription.several(0.0) and not subscription.several(LEASE - 1.0)
    assert '/image has 2 publishers (/images, /images)' in subscription.several(LEASE + 1.0)
    camera.destroy_publisher(publishers[0])
    wait_until(lambda: node.count_publishers('/image') == 1, 'the end of one')
    assert not subscription.several(LEASE + 2.0)
    subscription.close()


def test_publishers_of_another_type_are_named_with_the_mend(make_node):
    subscription = subscribe(make_node())
    elsewhere = rclpy.Context()  # one participant has one type for a topic
    rclpy.init(context=elsewhere)
    camera = Node('camera', context=elsewhere)
    camera.create_publisher(CompressedImage, '/image', 1)
    wait_until(lambda: subscription.silence(), 'mismatch')
    assert ('they send sensor_msgs/msg/CompressedImage, and sensor_msgs/msg/Image is taken: remap'
            in subscription.silence())
    camera.destroy_node()
    rclpy.shutdown(context=elsewhere)


@pytest.mark.parametrize(('name', 'value'), [
    ('reliability', 'nonsense'), ('reliability', 1), ('depth', 'many'), ('depth', -3),
    ('history', 'some')])
def test_bad_overrides_are_named(make_node, name, value):
    node = make_node(Parameter(f'qos_overrides./image.subscription.{name}', value=value))
    with pytest.raises(InputError, match=r'qos_overrides\./image\.subscription'):
        subscribe(node)


def test_loss_on_the_way_is_counted_and_said_with_the_mend(make_node, monkeypatch):
    monkeypatch.setenv('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')
    camera = subprocess.Popen([sys.executable, '-c', LOSSY_CAMERA], env=dict(os.environ))
    try:
        node = make_node()
        subscription = subscribe(node)
        executor = SingleThreadedExecutor(context=node.context)
        executor.add_node(node)
        deadline = time.monotonic() + TIMEOUT
        while not subscription.check():
            assert time.monotonic() < deadline, f'{subscription.lost} lost'
            until = time.monotonic() + 1.0
            while time.monotonic() < until:
                executor.spin_once(timeout_sec=0.1)
        assert 'messages on /image got lost on the way' in subscription.check()
        assert 'let the camera publish reliably' in subscription.check()
        executor.shutdown()
    finally:
        camera.kill()
        camera.wait()
