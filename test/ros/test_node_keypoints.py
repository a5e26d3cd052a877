# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The node in its own process, fed with the 2D keypoints of known people over DDS."""

import numpy as np
import pytest
import tf2_ros
from node_harness import Feeder, Peer, running, stamp_of
from rclpy.time import Time
from ros_examples import skeletons_from_message
from synthetic_scene import (
    CAMERA_FRAME,
    FOCAL,
    camera_info,
    camera_pose,
    camera_transform,
    keypoints_message,
    person,
)
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker

from mocap23_msgs.srv import Reset, SetStature
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.tracking.track import TrackState

SECOND = 10**9


@pytest.fixture(scope='module')
def rig():
    """One node and one peer for all tests of this file; every test begins with a reset."""
    # The geometric lifter: what a known stick figure gives is known too.
    with running(detector='external', frame_prefix='robot/', lifter='geometric',
                 lift_budget=0.0) as peer:
        peer.listen_to_all()
        peer.listen(TFMessage, '/tf')
        peer.static_tf.sendTransform(camera_transform(0))
        yield peer


@pytest.fixture
def peer(rig):
    rig.focal = FOCAL
    rig.set_parameter('floor_height', 0.0)
    assert rig.call(Reset, 'lifter_node/reset').success
    rig.since = rig.count('skeletons')
    rig.wait_for('skeletons', lambda m: not m.skeletons, max(0, rig.since - 1), 'empty array')
    rig.since = rig.count('skeletons')
    return rig


def feed(peer, people, rate=20.0, **options):
    """People: a list, or a function of the stamp. CameraInfo comes with every image."""
    def send(stamp):
        present = people(stamp) if callable(people) else people
        send_with_info(peer, keypoints_message(present, stamp, **options))
    return Feeder(peer, send, rate)


def send_with_info(peer, message):
    info = camera_info(stamp_of(message), peer.focal, frame=message.header.frame_id)
    peer.camera_info.publish(info)
    peer.keypoints.publish(message)


def wait_for_people(peer, count, state=TrackState.TRACKED):
    def settled(message):
        finite = [s for s in message.skeletons if s.state == state
                  and np.isfinite(s.joints).sum() >= 3 * 17]
        return len(finite) == count == len(message.skeletons)
    return peer.wait_for('skeletons', settled, peer.since, f'{count} skeletons', peer.process)


def test_a_known_person_comes_out_where_they_stand(peer):
    truth = person(4.0, 0.3)
    sent = []

    def send(stamp):
        sent.append(stamp)
        send_with_info(peer, keypoints_message([truth], stamp))

    with Feeder(peer, send):
        message = wait_for_people(peer, 1)
        later = peer.wait_for('skeletons', lambda m: stamp_of(m) > stamp_of(message) + SECOND)
    assert later.header.frame_id == 'map' and later.camera_frame == CAMERA_FRAME
    assert stamp_of(later) in sent, 'the stamp is exactly that of the image'
    (estimate,) = skeletons_from_message(later)
    assert 0 < later.skeletons[0].latency < 20
    error = np.linalg.norm(estimate.joints[:17] - truth, axis=1)
    assert np.nanmean(error) < 0.35, error
    assert np.linalg.norm(estimate.world_T_root[:2, 3] - (4.0, 0.3)) < 0.4


def test_output_follows_the_floor(peer):
    """The same camera and person on a platform of 0.8 m: everything moves up by that."""
    truth, lift = person(4.0), np.array([0.0, 0.0, 0.8])
    peer.set_parameter('floor_height', 0.8)
    raised = camera_pose()
    raised[2, 3] += 0.8
    # A frame of its own for the raised camera.
    peer.static_tf.sendTransform([
        camera_transform(0), camera_transform(0, raised, child='raised_camera')])
    with feed(peer, [truth + lift], pose=raised, frame='raised_camera'):
        first = wait_for_people(peer, 1)
        message = peer.wait_for('skeletons', lambda m: stamp_of(m) > stamp_of(first) + SECOND)
    (estimate,) = skeletons_from_message(message)
    assert np.abs(estimate.joints[[15, 16], 2] - 0.89).max() < 0.25
    assert np.nanmean(np.linalg.norm(estimate.joints[:17] - truth - lift, axis=1)) < 0.35


def test_keypoints_markers_and_frames_come_along(peer):
    buffer = tf2_ros.Buffer(node=peer.node)
    listener = tf2_ros.TransformListener(buffer, peer.node)
    since = {topic: peer.count(topic) for topic in ('keypoints_2d', 'markers')}
    with feed(peer, [person()]):
        skeletons = wait_for_people(peer, 1)
        person_id = skeletons.skeletons[0].id
        keypoints = peer.wait_for(
            'keypoints_2d', lambda m: any(p.id == person_id for p in m.people),
            since['keypoints_2d'])
        markers = peer.wait_for(
            'markers', lambda m: {'bones', 'joints', 'label'} <= {k.ns for k in m.markers},
            since['markers'])
        frame = f'robot/person_{person_id}/left_ankle'
        peer.wait_until(lambda: buffer.can_transform('map', frame, Time()), f'TF of {frame}')
        found = buffer.lookup_transform('map', frame, Time())
        stamp = stamp_of(found)
        same = peer.wait_for('skeletons', lambda m: stamp_of(m) == stamp, peer.since)
    listener.unregister()
    assert keypoints.format == 'coco17' and keypoints.header.frame_id == CAMERA_FRAME
    assert all(m.header.frame_id == 'map' for m in markers.markers)
    ankle = np.array(same.skeletons[0].joints).reshape(-1, 3)[OUTPUT19.index('left_ankle')]
    t = found.transform.translation
    np.testing.assert_allclose([t.x, t.y, t.z], ankle, atol=1e-4)


def test_skeleton_info_reaches_who_joins_late(rig):
    late = Peer()
    try:
        late.listen_to_all()
        info = late.wait_for('skeleton_info')
        assert tuple(info.joint_names) == OUTPUT19.joint_names
        assert info.lifter == 'geometric' and info.frame_prefix == 'robot/'
        assert info.header.frame_id == 'map'
    finally:
        late.close()


def test_nobody_is_an_empty_array_for_every_image(peer):
    with feed(peer, []) as feeder:
        peer.wait_until(lambda: peer.count('skeletons') >= peer.since + 10, '10 empty arrays')
    assert feeder.sent >= 10
    assert not any(m.skeletons for m in peer.received['skeletons'][peer.since:])


def test_twelve_people_get_twelve_ids_that_last(peer):
    spots = [(3.5 + 0.9 * row, 0.75 * (column - 1.5) * (1 + 0.25 * row) + 0.3 * row)
             for row in range(3) for column in range(4)]
    crowd = [person(x, y) for x, y in spots]
    with feed(peer, crowd, rate=10.0):
        first = wait_for_people(peer, 12)
        last = peer.wait_for(
            'skeletons', lambda m: stamp_of(m) > stamp_of(first) + SECOND, peer.since)
    ids = {skeleton.id for skeleton in first.skeletons}
    assert len(ids) == 12 and ids == {skeleton.id for skeleton in last.skeletons}


def test_who_leaves_is_predicted_then_lost_then_gone_and_wiped(peer):
    since = peer.count('markers')
    with feed(peer, [person()]):
        person_id = wait_for_people(peer, 1).skeletons[0].id
    with feed(peer, []):
        peer.wait_for('skeletons', lambda m: [s.state for s in m.skeletons] == [2], peer.since)
        peer.wait_for('skeletons', lambda m: [s.state for s in m.skeletons] == [3], peer.since)
        peer.wait_for(
            'markers', lambda m: any(
                k.action == Marker.DELETE and k.id == person_id for k in m.markers), since)
        last = peer.count('skeletons')
        peer.wait_for('skeletons', lambda m: not m.skeletons, last)


def test_numbers_that_are_not_finite_harm_nobody(peer):
    def with_gaps(stamp):
        joints = person().copy()
        joints[[7, 9]] = np.nan
        return [joints, np.full((17, 3), np.nan), np.full((17, 3), np.inf)]

    with feed(peer, with_gaps):
        message = peer.wait_for('skeletons', lambda m: [
            s.state for s in m.skeletons] == [TrackState.TRACKED], peer.since)
    joints = np.array(message.skeletons[0].joints)
    assert not np.isinf(joints).any() and np.isfinite(joints).sum() >= 3 * 12


def test_damaged_keypoints_are_reported_and_forgotten_when_they_end(peer):
    def damaged(stamp):
        message = keypoints_message([person()], stamp)
        message.people[0].keypoints = message.people[0].keypoints[:-1]
        send_with_info(peer, message)

    with Feeder(peer, damaged):
        assert 'needs 51' in peer.wait_for_problem('input data', peer.process)
    with feed(peer, [person()]):
        wait_for_people(peer, 1)
        peer.wait_for_recovery('input data', peer.process)


def test_wrong_frame_is_named_once_and_recovers(peer):
    lines = peer.process.output.count('no transform from camera "nowhere"')
    with feed(peer, [person()], frame='nowhere'):
        problem = peer.wait_for_problem('transform', peer.process)
        assert '"nowhere"' in problem and 'world_frame "map"' in problem
        assert 'static_transform_publisher' in problem
        # Nothing is guessed: no skeletons while the pose is unknown, but 2D goes on.
        since = peer.count('keypoints_2d')
        before = peer.count('skeletons')
        peer.wait_for('keypoints_2d', lambda m: m.people, since)
        assert peer.count('skeletons') == before
    with feed(peer, [person()]):
        wait_for_people(peer, 1)
        peer.wait_for_recovery('transform', peer.process)
    assert peer.process.output.count('no transform from camera "nowhere"') == lines + 1


def test_uncalibrated_camera_is_refused_and_recovers(peer):
    peer.focal = 0.0
    with feed(peer, [person()]):
        assert 'uncalibrated' in peer.wait_for_problem('camera_info', peer.process)
        peer.focal = FOCAL
        wait_for_people(peer, 1)
        peer.wait_for_recovery('camera_info', peer.process)


def test_input_of_200_hz_is_thinned_and_services_still_answer(peer):
    def dropped(status):
        values = {v.key: v.value for v in status.values}
        return int(values['images dropped (newer one came)'])

    before = dropped(peer.wait_for_status(lambda s: True, 'status'))
    with feed(peer, [person(3.5 + 0.8 * i, 0.5 * i - 1) for i in range(4)], rate=200.0) as feeder:
        wait_for_people(peer, 4)
        answer = peer.call(SetStature, 'lifter_node/set_stature', id=999, stature=1.8)
        assert not answer.success and '999' in answer.message
        peer.wait_until(lambda: feeder.sent > 600, '600 images sent')
        newest = peer.now_ns()
        # The queue does not grow: what is published now is of now.
        peer.wait_for('skeletons', lambda m: stamp_of(m) > newest, peer.since)
    published = peer.count('skeletons') - peer.since
    after = dropped(peer.wait_for_status(lambda s: True, 'status'))
    assert 0 < published <= feeder.sent
    assert published + (after - before) <= feeder.sent


def test_small_steps_back_are_ignored_and_large_ones_begin_anew(peer):
    def swapped(stamp, state={'count': 0}):  # noqa: B006
        state['count'] += 1
        back = 20_000_000 if state['count'] % 5 == 0 else 0
        send_with_info(peer, keypoints_message([person()], stamp - back - 10 * SECOND))

    with Feeder(peer, swapped, rate=60.0):
        wait_for_people(peer, 1)
        assert 'older than the one before' in peer.wait_for_problem('stamp', peer.process)
    stamps = [stamp_of(m) for m in peer.received['skeletons'][peer.since:]]
    assert stamps == sorted(set(stamps)), 'nothing older is ever published'
    back = peer.now_ns() - 3600 * SECOND  # a bag that loops without /clock
    offset = peer.now_ns() - back
    peer.since, tf_since = peer.count('skeletons'), peer.count('/tf')
    past = (peer.now_ns() - 3000 * SECOND) // SECOND

    def has_person_of_the_past(message):
        return message.header.stamp.sec < past and [
            skeleton.state for skeleton in message.skeletons] == [TrackState.TRACKED]

    with Feeder(peer, lambda stamp: send_with_info(
            peer, keypoints_message([person()], stamp - offset))):
        message = peer.wait_for('skeletons', has_person_of_the_past, peer.since)
        assert 'jumped back' in peer.process.output
        person_id = message.skeletons[0].id
        peer.wait_for('/tf', lambda m: any(
            t.header.stamp.sec < past and t.child_frame_id == f'robot/person_{person_id}'
            for t in m.transforms), tf_since)


def test_reset_begins_with_id_one_again(peer):
    with feed(peer, [person()]):
        assert wait_for_people(peer, 1).skeletons[0].id == 1
        assert peer.call(Reset, 'lifter_node/reset').success
        peer.since = peer.count('skeletons')
        assert wait_for_people(peer, 1).skeletons[0].id == 1


def test_known_stature_is_used(peer):
    with feed(peer, [person()]):
        person_id = wait_for_people(peer, 1).skeletons[0].id
        refused = peer.call(SetStature, 'lifter_node/set_stature', id=person_id, stature=9.0)
        assert not refused.success and '0.4 to 2.6' in refused.message
        unknown = peer.call(SetStature, 'lifter_node/set_stature', id=77, stature=1.8)
        assert not unknown.success and f'followed now: {person_id}' in unknown.message
        assert peer.call(
            SetStature, 'lifter_node/set_stature', id=person_id, stature=1.75).success
        message = peer.wait_for('skeletons', lambda m: m.skeletons and abs(
            m.skeletons[0].stature - 1.75) < 1e-3, peer.count('skeletons'), 'stature 1.75')
    assert message.skeletons[0].stature_sd < 0.03
