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

HAS_VISION = importlib.util.find_spec('vision_msgs') is not None


def test_poses_and_detections_are_those_of_the_skeletons(peer):
    peer.listen(PoseArray, 'poses')
    if HAS_VISION:
        from vision_msgs.msg import Detection3DArray
        peer.listen(Detection3DArray, 'detections')

    def send(stamp):
        peer.tf.sendTransform(camera_transform(stamp))
        peer.camera_info.publish(camera_info(stamp))
        peer.keypoints.publish(keypoints_message([person()], stamp))

    node = NodeProcess(detector='external', lifter='geometric', publish_poses=True,
                       publish_detections=HAS_VISION)
    try:
        with Feeder(peer, send):
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


@pytest.mark.skipif(HAS_VISION, reason='vision_msgs is installed')
def test_detections_without_their_package_name_it():
    node = NodeProcess(detector='external', lifter='geometric', publish_detections=True)
    try:
        assert node.wait() == 1
        assert 'ros-$ROS_DISTRO-vision-msgs' in node.output and 'Traceback' not in node.output
    finally:
        node.stop(signal.SIGKILL)
