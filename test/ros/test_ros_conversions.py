# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Skeletons and keypoints survive the way through messages and their bytes."""

import dataclasses

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from refusals import one_line
from ros_examples import random_estimate, skeletons_from_message
from std_msgs.msg import Header

from mocap23_msgs.msg import Keypoints2D, Keypoints2DArray, SkeletonArray, SkeletonInfo
from mocap23_ros.errors import InputError
from mocap23_ros.ros.conversions import keypoints_to_message, skeleton_info, skeletons_to_message
from mocap23_ros.ros.external_keypoints import detections_from_message
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19
from mocap23_ros.skeletons.message_arrays import joints_of, people_arrays
from mocap23_ros.tracking.track import Track, TrackState

HEADER = Header(stamp=Time(sec=1_700_000_000, nanosec=250_000_000), frame_id='map')


def over_the_wire(message):
    return deserialize_message(serialize_message(message), type(message))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), people=st.integers(0, 12),
       state=st.sampled_from(TrackState))
def test_skeletons_round_trip(seed, people, state):
    sent = [random_estimate(seed + i, person_id=i + 1, state=state) for i in range(people)]
    message = over_the_wire(skeletons_to_message(sent, HEADER, 'camera', latency=0.04))
    assert message.header == HEADER and message.camera_frame == 'camera'
    received = skeletons_from_message(message)
    assert len(received) == people
    for skeleton, before, after in zip(message.skeletons, sent, received, strict=True):
        assert skeleton.latency == pytest.approx(0.04)
        for field in dataclasses.fields(before):
            np.testing.assert_allclose(
                getattr(after, field.name), getattr(before, field.name), rtol=1e-6, atol=2e-6,
                err_msg=field.name)


def test_a_raised_floor_lifts_joints_and_root():
    estimate = random_estimate(1, missing=0.0)
    message = skeletons_to_message([estimate.raised(0.8)], HEADER, 'camera')
    joints = np.array(message.skeletons[0].joints).reshape(-1, 3)
    np.testing.assert_allclose(joints - estimate.joints, [(0, 0, 0.8)] * 19, atol=1e-6)
    assert message.skeletons[0].root.pose.position.z == pytest.approx(
        estimate.world_T_root[2, 3] + 0.8)


def test_unknown_root_is_nan_and_unknown_covariance_is_minus_one():
    estimate = random_estimate(2)
    unknown = np.full((4, 4), np.nan)
    blind = dataclasses.replace(estimate, world_T_root=unknown)
    vague = dataclasses.replace(estimate, root_covariance=np.full((6, 6), np.nan))
    message = over_the_wire(skeletons_to_message([blind, vague], HEADER, 'camera'))
    root = message.skeletons[0].root
    assert np.isnan([root.pose.position.x, root.pose.orientation.w, *root.covariance]).all()
    assert message.skeletons[1].root.covariance[0] == -1.0
    received = skeletons_from_message(message)
    assert np.isnan(received[0].world_T_root[:3]).all()
    assert np.isnan(received[1].root_covariance).all()


def test_message_with_arrays_that_do_not_fit_is_refused():
    message = skeletons_to_message([random_estimate(3)], HEADER, 'camera')
    message.skeletons[0].joints = message.skeletons[0].joints[:-1]
    with pytest.raises(InputError, match='3J'):
        joints_of(message.skeletons[0])


def test_people_of_several_messages_become_arrays():
    one, two = random_estimate(1, person_id=4), random_estimate(2, person_id=9)
    messages = [over_the_wire(skeletons_to_message(people, HEADER, 'camera'))
                for people in ([one, two], [], [two])]
    arrays = people_arrays(messages)
    assert arrays.person_ids.tolist() == [4, 9] and arrays.joints.shape == (3, 2, 19, 3)
    np.testing.assert_allclose(arrays.joints[0, 0], one.joints)
    np.testing.assert_allclose(arrays.covariance[2, 1], two.covariance, rtol=1e-6)
    assert np.isnan(arrays.joints[1]).all() and np.isnan(arrays.stature[2, 0])
    messages[0].skeletons[0].joints = messages[0].skeletons[0].joints[:51]
    messages[0].skeletons[0].covariance = []
    with pytest.raises(InputError, match='17 joints where others have 19'):
        people_arrays(messages)


def test_info_names_every_joint():
    info = over_the_wire(skeleton_info(OUTPUT19, 'geometric', 'robot/', HEADER))
    assert isinstance(info, SkeletonInfo)
    assert tuple(info.joint_names) == OUTPUT19.joint_names
    assert tuple(info.parents) == OUTPUT19.parents
    assert (info.format, info.lifter, info.frame_prefix) == ('output19', 'geometric', 'robot/')
    assert list(info.contact_names) == ['left_foot', 'right_foot']


def track(seed, person_id=1):
    random = np.random.default_rng(seed)
    keypoints = np.column_stack([
        random.uniform(0, 640, (17, 2)), random.uniform(0.1, 1, 17)]).astype(np.float32)
    keypoints[3] = np.nan, np.nan, 0.0
    box = np.array([10, 20, 300, 400], np.float32)
    return Track(person_id, TrackState.TRACKED, keypoints, box, 1.0)


def test_keypoints_round_trip():
    tracks = [track(1, 4), track(2, 7)]
    message = over_the_wire(keypoints_to_message(tracks, COCO17, HEADER, (640, 480)))
    assert (message.image_width, message.image_height) == (640, 480)
    assert [person.id for person in message.people] == [4, 7]
    for sent, received in zip(tracks, detections_from_message(message, COCO17), strict=True):
        np.testing.assert_array_equal(received.keypoints, sent.keypoints)
        np.testing.assert_array_equal(received.bounding_box, sent.bounding_box)


def test_people_who_are_only_predicted_are_not_published_as_keypoints():
    unseen = dataclasses.replace(track(1), keypoints=np.full((17, 3), np.nan, np.float32))
    assert not keypoints_to_message([unseen], COCO17, HEADER, (640, 480)).people


def external(keypoints, **fields):
    flat = np.asarray(keypoints, np.float32).ravel().tolist()
    return Keypoints2DArray(
        header=HEADER, format=fields.pop('format', 'coco17'),
        people=[Keypoints2D(keypoints=flat, **fields)])


def test_numbers_that_are_not_finite_are_not_found():
    keypoints = track(1).keypoints.copy()
    keypoints[1] = 5.0, np.inf, 0.9
    (detection,) = detections_from_message(
        external(keypoints, score=float('nan'),
                 bounding_box=np.full(4, np.nan, np.float32)), COCO17)
    np.testing.assert_array_equal(detection.keypoints[1], (np.nan, np.nan, 0))
    assert np.isfinite(detection.bounding_box).all() and 0 < detection.score <= 1


def test_people_without_any_keypoint_are_nobody():
    assert detections_from_message(external(np.full((17, 3), np.nan)), COCO17) == []
    assert detections_from_message(Keypoints2DArray(format='coco17'), COCO17) == []


@pytest.mark.parametrize(('message', 'reason'), [
    (external(np.zeros((17, 3)), format='openpose'), 'unknown format "openpose"; send one of'),
    (external(np.zeros((16, 3))), 'needs 51'),
    (Keypoints2DArray(format='coco17', people=[Keypoints2D()] * 300), 'at most 256'),
])
def test_bad_keypoints_are_refused_in_one_line(message, reason):
    with one_line(reason):
        detections_from_message(message, COCO17)


def test_other_formats_are_converted():
    keypoints = np.column_stack([np.arange(33.0), np.arange(33.0), np.full(33, 0.8)])
    (detection,) = detections_from_message(external(keypoints, format='blazepose33'), COCO17)
    assert detection.keypoints.shape == (17, 3)
    assert detection.keypoints[COCO17.index('left_ankle'), 0] == 27.0


def test_empty_array_is_an_empty_message():
    message = over_the_wire(skeletons_to_message([], HEADER, 'camera'))
    assert isinstance(message, SkeletonArray) and message.header == HEADER
    assert skeletons_from_message(message) == []
