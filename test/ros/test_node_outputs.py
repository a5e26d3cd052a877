# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Outputs in the types of other packages say what the skeletons say."""

import importlib.util
import signal

import numpy as np
import pytest
from geometry_msgs.msg import PoseArray
from node_harness import Feeder, NodeProcess
from synthetic_scene import camera_info, camera_transform, keypoints_message, person

from mocap23_msgs.msg import SkeletonInfo
from mocap23_ros.ros.topics import latched_qos

HAS_VISION = importlib.util.find_spec('vision_msgs') is not None
HAS_MOCAP = importlib.util.find_spec('mocap4r2_msgs') is not None


def send(peer, stamp):
    peer.tf.sendTransform(camera_transform(stamp))
    peer.camera_info.publish(camera_info(stamp))
    peer.keypoints.publish(keypoints_message([person()], stamp))


def test_poses_and_detections_are_those_of_the_skeletons(peer):
    peer.listen(PoseArray, 'poses')
    if HAS_VISION:
        from vision_msgs.msg import Detection3DArray
        peer.listen(Detection3DArray, 'detections')

    node = NodeProcess(detector='external', lifter='geometric', publish_poses=True,
                       publish_detections=HAS_VISION)
    try:
        with Feeder(peer, lambda stamp: send(peer, stamp)):
            poses = peer.wait_for('poses', lambda m: m.poses, node=node)
            skeletons = peer.wait_for(
                'skeletons', lambda m: m.header.stamp == poses.header.stamp, node=node)
            if HAS_VISION:
                detections = peer.wait_for(
                    'detections', lambda m: m.header.stamp == poses.header.stamp, node=node)
        skeleton = skeletons.skeletons[0]
        assert poses.header == skeletons.header
        assert list(poses.poses) == [skeleton.root.pose]
        assert node.stop(signal.SIGINT) == 0
        if not HAS_VISION:
            return
        detection, = detections.detections
        hypothesis, = detection.results
        assert detection.id == str(skeleton.id) and detection.header == skeletons.header
        assert hypothesis.hypothesis.class_id == 'person'
        assert 0.0 < hypothesis.hypothesis.score <= 1.0
        assert hypothesis.pose == skeleton.root
        joints = np.array(skeleton.joints, np.float64).reshape(-1, 3)
        low, high = np.nanmin(joints, axis=0), np.nanmax(joints, axis=0)
        box = detection.bbox
        np.testing.assert_allclose(
            [box.center.position.x, box.center.position.y, box.center.position.z],
            (low + high) / 2.0, atol=1e-6)
        np.testing.assert_allclose([box.size.x, box.size.y, box.size.z], high - low, atol=1e-6)
    finally:
        node.stop(signal.SIGKILL)


@pytest.mark.skipif(not HAS_MOCAP, reason='mocap4r2_msgs is not installed')
def test_markers_of_motion_capture_are_the_joints(peer):
    from mocap4r2_msgs.msg import Marker, Markers

    peer.listen(Markers, 'mocap_markers')
    peer.listen(SkeletonInfo, 'skeleton_info', latched_qos())
    node = NodeProcess(detector='external', lifter='geometric', publish_mocap_markers=True)
    try:
        with Feeder(peer, lambda stamp: send(peer, stamp)):
            first = peer.wait_for('mocap_markers', lambda m: m.markers, node=node)
            later = peer.wait_for('mocap_markers', lambda m: m.header.stamp != first.header.stamp,
                                  peer.count('mocap_markers'), node=node)
            skeleton, = peer.wait_for(
                'skeletons', lambda m: m.header.stamp == first.header.stamp, node=node).skeletons
        names = peer.wait_for('skeleton_info', node=node).joint_names
        assert node.stop(signal.SIGINT) == 0
    finally:
        node.stop(signal.SIGKILL)
    assert later.frame_number > first.frame_number and first.header.frame_id == 'map'
    found = {marker.marker_name: marker.translation for marker in first.markers}
    assert len(found) == len(first.markers)
    assert all(marker.id_type == Marker.USE_NAME for marker in first.markers)
    joints = np.array(skeleton.joints).reshape(-1, 3)
    known = np.isfinite(joints).all(axis=1)
    assert set(found) == {f'person_{skeleton.id}/{name}'
                          for name, there in zip(names, known, strict=True) if there}
    for name, joint in zip(names, joints, strict=True):
        place = found.get(f'person_{skeleton.id}/{name}')
        assert place is None or np.allclose([place.x, place.y, place.z], joint)


@pytest.mark.parametrize(('parameter', 'package', 'is_there'), [
    ('publish_detections', 'vision-msgs', HAS_VISION),
    ('publish_mocap_markers', 'mocap4r2-msgs', HAS_MOCAP)])
def test_outputs_without_their_package_name_it(parameter, package, is_there):
    if is_there:
        pytest.skip(f'{package} is installed')
    node = NodeProcess(detector='external', lifter='geometric', **{parameter: True})
    try:
        assert node.wait() == 1
        assert f'ros-$ROS_DISTRO-{package}' in node.output and 'Traceback' not in node.output
    finally:
        node.stop(signal.SIGKILL)
