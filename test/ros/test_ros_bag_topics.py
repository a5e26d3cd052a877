# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A bag that holds results of this node is replayed without them."""

import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

from mocap23_ros.ros.bag_topics import topics_to_play

CAMERA = {'/lab/image': 'sensor_msgs/msg/Image', '/lab/camera_info': 'sensor_msgs/msg/CameraInfo',
          '/tf': 'tf2_msgs/msg/TFMessage'}
RESULTS = {'/lab/skeletons': 'mocap23_msgs/msg/SkeletonArray',
           '/lab/skeleton_info': 'mocap23_msgs/msg/SkeletonInfo',
           '/lab/keypoints_2d': 'mocap23_msgs/msg/Keypoints2DArray',
           '/lab/markers': 'visualization_msgs/msg/MarkerArray'}


@pytest.fixture
def record(tmp_path):
    """A real bag of these topics, without messages."""
    def record(topics):
        store = get_typestore(Stores.ROS2_JAZZY)
        with Writer(tmp_path / 'bag', version=9) as writer:
            for name, kind in topics.items():
                if kind in store.fielddefs:
                    writer.add_connection(name, kind, typestore=store)
                else:
                    writer.add_connection(name, kind, msgdef='int8 x', rihs01='RIHS01_0')
        return tmp_path / 'bag'
    return record


def test_what_the_node_published_is_left_out(record):
    bag = record(CAMERA | RESULTS)
    for path in (bag, bag / 'bag.db3'):
        assert topics_to_play(path, '/lab/keypoints_2d_in') == list(CAMERA)


def test_bodies_of_this_node_are_left_out_and_those_of_others_kept(record):
    body = {'/humans/bodies/lab_mocap3/joint_states': 'sensor_msgs/msg/JointState'}
    tracked = {'/humans/bodies/tracked': 'hri_msgs/msg/IdsList'}
    other = {'/humans/bodies/a5k2/joint_states': 'sensor_msgs/msg/JointState'}
    assert topics_to_play(record(CAMERA | body | tracked | other), '/keypoints_2d_in') == [
        *CAMERA, *other]


def test_bodies_of_others_are_played_whole(record):
    body = {'/humans/bodies/a5k2/joint_states': 'sensor_msgs/msg/JointState'}
    tracked = {'/humans/bodies/tracked': 'hri_msgs/msg/IdsList'}
    assert topics_to_play(record(CAMERA | body | tracked), '/keypoints_2d_in') == []


def test_keypoints_that_are_lifted_again_are_kept(record):
    assert topics_to_play(record(CAMERA | RESULTS), '/lab/keypoints_2d') == [
        *CAMERA, '/lab/keypoints_2d']


@pytest.mark.parametrize('others', [
    {}, {'/lab/markers': 'visualization_msgs/msg/MarkerArray'},
    {'/detector/people': 'mocap23_msgs/msg/Keypoints2DArray'}])
def test_what_others_published_is_played_whole(record, others):
    assert topics_to_play(record(CAMERA | others), '/keypoints_2d_in') == []


@pytest.mark.parametrize('content', ['', 'a: [', 'rosbag2_bagfile_information: 5', '\x00',
                                     'rosbag2_bagfile_information: {topics_with_message_count: 3}'])
def test_broken_metadata_are_left_to_rosbag2(tmp_path, content):
    (tmp_path / 'metadata.yaml').write_text(content)
    assert topics_to_play(tmp_path, '/keypoints_2d_in') == []
