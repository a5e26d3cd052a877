# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The example that records falls: which motions it takes for one, and a bag of one over DDS."""

import re
import time

import numpy as np
import pytest
from client_world import World, load_example, person_at, running_beside
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from mocap23_ros.client import People, Person
from mocap23_ros.datasets.procedural import FPS, make_motion
from mocap23_ros.live.recorded_run import read_run
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import MOCAP34, OUTPUT19
from mocap23_ros.tracking.track import TrackState

EXAMPLE = load_example('record_fall')
PICTURE = bytes(range(250)) * 20


def motion(seed, seconds=8.0, start='walk'):
    """Joints [F,19,3] of a motion made by rules, seen with 2 cm of noise, and its actions."""
    rng = np.random.default_rng([5, seed])
    joints, actions = make_motion(rng, seconds, start)
    joints = convert_joints(joints, MOCAP34, OUTPUT19)
    return joints + rng.normal(0, 0.02, joints.shape), actions


def falls(joints, sd=0.04, state=TrackState.TRACKED):
    """Frames in which somebody is said to have fallen."""
    watch = EXAMPLE.FallWatch()
    covariance = np.tile(np.eye(3) * sd ** 2, (len(OUTPUT19), 1, 1))
    return [frame for frame, place in enumerate(joints) if watch.update(People(
        frame / FPS, 'map', OUTPUT19.joint_names,
        (Person(1, state, place, covariance, np.zeros(3), np.zeros(2), 1.72, 0.05),)))]


def test_falls_are_found_once_and_other_motions_are_none():
    found = {True: [], False: []}
    for seed in range(60):
        joints, actions = motion(seed)
        count = len(falls(joints))
        found['fall' in actions].append(count > 0)
        assert count <= actions.count('fall') + actions.count('lie')
    # Some end on the seat, or with the motion; few who lie down do so within two seconds.
    assert np.mean(found[True]) > 0.8 and len(found[True]) > 15
    assert np.mean(found[False]) < 0.1 and len(found[False]) > 20


def a_fall():
    """A motion that begins upright and ends with a fall, and the frame in which it is found."""
    for seed in range(60):
        joints, _ = motion(seed, 5.0)
        found = falls(joints)
        if found and found[0] > 2.5 * FPS:
            return joints[found[0] - int(2.5 * FPS):found[0] + int(FPS)], int(2.5 * FPS)
    raise AssertionError('no fall')


def test_who_is_hardly_known_or_not_seen_has_not_fallen():
    joints, _ = a_fall()
    assert falls(joints) and not falls(joints, sd=0.5) and not falls(joints, sd=np.nan)
    assert not falls(joints, state=TrackState.PREDICTED)


def watched(joints, ids, stamps):
    """Ids that are said to have fallen; None: nobody is seen in that frame."""
    watch, found = EXAMPLE.FallWatch(), []
    covariance = np.tile(np.eye(3) * 0.04 ** 2, (len(OUTPUT19), 1, 1))
    for place, number, stamp in zip(joints, ids, stamps, strict=True):
        people = () if number is None else (Person(
            number, TrackState.TRACKED, place, covariance, np.zeros(3), np.zeros(2), 1.72, 0.05),)
        found += watch.update(People(stamp, 'map', OUTPUT19.joint_names, people))
    return found


def test_who_gets_another_id_in_the_fall_has_fallen():
    joints, lying = a_fall()
    stamps = np.arange(len(joints)) / FPS
    cut = lying - int(0.8 * FPS)
    change = [1] * cut + [None] * 5 + [2] * (len(joints) - cut - 5)
    assert watched(joints, change, stamps) == [2]
    far = joints.copy()
    far[cut:, :, 0] += 4.0
    assert not watched(far, change, stamps), 'somebody else who lies there'


def test_a_clock_that_jumps_back_makes_no_fall():
    joints, _ = a_fall()
    up, down = joints[0], joints[-1]
    again = [up] * 30 + [down] * 60
    stamps = np.arange(90) / FPS
    assert watched(again, [1] * 90, stamps) == [1]
    stamps[30:] -= 500.0
    assert not watched(again, [1] * 90, stamps)


def test_recent_messages_are_bounded_in_time_and_bytes():
    recent = EXAMPLE.RecentMessages(2.0, 1000)
    recent.add(0, '/tf_static', b'mount', True)
    for second in range(10):
        recent.add(second * 10**9, '/image', bytes(100), False)
    kept = recent.between(0, 10**10)
    assert [(when // 10**9, topic) for when, topic, _ in kept] == [
        (7, '/tf_static'), (7, '/image'), (8, '/image'), (9, '/image')]
    recent.add(10 * 10**9, '/image', bytes(950), False)
    assert [len(data) for _, _, data in recent.between(0, 10**11)] == [5, 950]
    recent.add(10**9, '/image', bytes(7), False)
    assert [len(data) for _, _, data in recent.between(0, 10**11)] == [5, 7], 'another time'


class Room(World):
    """Somebody falls before a camera."""

    def __init__(self):
        super().__init__()
        self.images = self.create_publisher(CompressedImage, 'image', 10)
        self.static = self.create_publisher(TFMessage, '/tf_static', QoSProfile(
            depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))
        self.static.publish(TFMessage())
        self.sent = []

    def play(self, joints, rate):
        """Each frame at its time: skeletons and an image."""
        start = time.monotonic()
        for frame, place in enumerate(joints):
            time.sleep(max(0.0, start + frame / rate - time.monotonic()))
            header = self.header()
            people = [person_at(None, 0.03, joints=place)]
            self.show(people, header)
            image = CompressedImage(header=header, format='jpeg', data=PICTURE)
            self.images.publish(image)
            self.sent.append(nanoseconds(header.stamp))


@pytest.fixture
def make_recorder(tmp_path):
    def make(**parameters):
        node = EXAMPLE.RecordFall(parameter_overrides=[
            Parameter(name, value=value) for name, value in dict(
                folder=str(tmp_path / 'falls'), seconds_before=1.5, seconds_after=0.5, topics=[
                    'skeletons', 'skeleton_info', 'image', '/tf_static', 'no_such_topic'],
                **parameters).items()])
        made.append(node)
        return node
    made = []
    make.made = made
    return make


def wait_for(found, seconds=10.0):
    end = time.monotonic() + seconds
    while not (result := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return result


def test_a_bag_of_a_fall_holds_what_was_sent_around_it(make_recorder, tmp_path):
    joints, _ = a_fall()
    folder = tmp_path / 'falls'
    with running_beside(lambda: make_recorder(most_bags=1), Room) as room:
        # Until all is discovered somebody stands there.
        room.play(joints[:1].repeat(45, axis=0), 30.0)
        assert not folder.exists()
        room.sent.clear()
        room.play(joints, FPS)
        # Whoever lies on is no new fall.
        room.play(joints[-1:].repeat(20, axis=0), FPS)
        (bag,) = wait_for(lambda: list(folder.glob('fall_*')))
        # A second fall, for which there is no place.
        room.play(joints, FPS)
        make_recorder.made[0].finish()
    assert list(folder.iterdir()) == [bag] and bag.name.endswith('_person3')
    run = read_run(bag)
    assert run.joint_names == OUTPUT19.joint_names and run.people.person_ids.tolist() == [3]
    span = 1e-9 * float(run.received_ns[-1] - run.received_ns[0])
    assert 1.7 < span <= 2.0 and run.counts['/tf_static'] == 1
    assert len(run.stamps_ns) > 0.8 * span * FPS
    heights = run.people.joints[:, 0, OUTPUT19.joint_names.index('neck'), 2]
    assert heights[0] > 1.0 and heights[-1] < 0.5, 'before and after'
    with AnyReader([bag]) as reader:  # which holds the definitions of all its messages
        images = [reader.deserialize(data, connection.msgtype)
                  for connection, _, data in reader.messages() if connection.topic == '/image']
        latched = {connection.topic for connection in reader.connections if any(
            qos.durability.name == 'TRANSIENT_LOCAL'
            for qos in connection.ext.offered_qos_profiles)}
    assert latched == {'/skeleton_info', '/tf_static'}
    stamps = [nanoseconds(image.header.stamp) for image in images]
    assert len(images) > 0.8 * span * FPS and room.sent[room.sent.index(stamps[0]):][
        :len(stamps)] == stamps, 'none is left out'
    assert all(image.format == 'jpeg' and bytes(image.data) == PICTURE for image in images)


def test_what_cannot_be_written_is_said(make_recorder, tmp_path, capfd):
    (tmp_path / 'falls').write_text('a file')
    with running_beside(make_recorder, Room) as room:
        strange = room.create_publisher(String, 'no_such_topic', 1)
        joints, _ = a_fall()
        room.play(joints[:1].repeat(30, axis=0), 30.0)
        room.play(joints, FPS)
        make_recorder.made[0].finish()
        assert strange.get_subscription_count() == 1
    assert re.search(r'fall_\S+_person3 is not written', capfd.readouterr().err)
    assert (tmp_path / 'falls').read_text() == 'a file'
