# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The node under simulated time: bags that loop and pause, simulations that stop."""

from node_harness import Feeder
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from synthetic_scene import camera_info, camera_transform, keypoints_message, person

SECOND = 10**9
TICK = SECOND // 20
START = 500 * SECOND  # of a bag


def has_person(message):
    return len(message.skeletons) == 1


class Bag:
    """What a player of bags sends: the clock, and a camera with its stamps."""

    def __init__(self, peer):
        self.now = START
        self._peer = peer
        self.clock = peer.node.create_publisher(Clock, '/clock', QoSProfile(depth=10))

    def tick(self):
        self.now += TICK
        message = Clock()
        message.clock.sec, message.clock.nanosec = divmod(self.now, SECOND)
        self.clock.publish(message)

    def send(self, _):
        self.tick()
        if self.now > START + TICK:  # TF of the first image may be lost
            self._peer.tf.sendTransform(camera_transform(self.now))
        self._peer.camera_info.publish(camera_info(self.now))
        self._peer.keypoints.publish(keypoints_message([person()], self.now))


def test_a_looping_bag_under_simulated_time_begins_anew(peer, start):
    bag = Bag(peer)
    node = start(use_sim_time=True, input_timeout=0.5)
    assert 'nothing comes on /clock' in peer.wait_for_problem('clock', node)
    with Feeder(peer, bag.send):
        peer.wait_for('skeletons', has_person, node=node)
        for _ in range(2):  # the bag loops
            since = peer.count('skeletons')
            peer.wait_for('skeletons', lambda m: m.header.stamp.sec >= 502, since, node=node)
            since = peer.count('skeletons')
            bag.now = START
            peer.wait_for('skeletons', lambda m: not m.skeletons, since, 'empty array', node)
            peer.wait_for('skeletons', lambda m: has_person(m) and m.header.stamp.sec < 510,
                          since, 'person after the jump', node)
    latency = peer.received['skeletons'][-1].skeletons
    assert not latency or abs(latency[0].latency) < 5.0, 'measured on the simulated clock'
    assert 'TF_OLD_DATA' not in node.output and 'Traceback' not in node.output


def test_the_usual_start_and_pause_of_a_replay_are_no_fault(peer, start):
    node = start(use_sim_time=True, input_timeout=5.0)
    bag = Bag(peer)
    for _ in range(2):  # the bag loops after a pause
        bag.now = START
        for _ in range(2):  # a second each: the player waits, too
            peer.wait_for_status(lambda s: ('state', 'active') in [
                (v.key, v.value) for v in s.values], 'active node', node)
        since = peer.count('skeletons')
        with Feeder(peer, bag.send):
            peer.wait_for('skeletons', has_person, since, node=node)
    assert '[ERROR]' not in node.output


def test_a_paused_simulation_is_no_missing_camera(peer, start):
    node = start(use_sim_time=True, input_timeout=0.5, lifter='geometric')
    bag = Bag(peer)
    for _ in range(2):
        since = peer.count('skeletons')
        with Feeder(peer, bag.send):
            peer.wait_for('skeletons', has_person, since, node=node)
        status = peer.wait_for_status(lambda s: 'stands still' in s.message, 'pause', node)
        assert status.level == status.WARN
        assert not any(v.key == 'problem: input' for v in status.values)
        peer.wait_for_problem('clock', node)
    since = peer.count('skeletons')
    with Feeder(peer, bag.send):
        peer.wait_for_recovery('clock', node)
    peer.node.destroy_publisher(bag.clock)
    assert 'nobody publishes /clock any more' in peer.wait_for_problem('clock', node)


def test_two_simulated_clocks_are_an_error(peer, start):
    bag, other = Bag(peer), Bag(peer)
    node = start(use_sim_time=True, lifter='geometric')
    with Feeder(peer, bag.send):
        peer.wait_for('skeletons', has_person, node=node)
        other.now += 100 * SECOND
        with Feeder(peer, lambda _: other.tick()):
            assert '2 nodes publish /clock' in peer.wait_for_problem('clock leaps', node)
        peer.wait_for_recovery('clock leaps', node)
        peer.wait_for('skeletons', has_person, peer.count('skeletons'), node=node)
    assert node.output.count('time jumped by') < 8, 'not said at every leap'
