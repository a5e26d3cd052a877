# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Outputs in the types of other packages say what the skeletons say."""

import importlib.util
import signal

import numpy as np
import pytest
from geometry_msgs.msg import PoseArray
from node_harness import Feeder, NodeProcess
from sensor_msgs.msg import JointState
from synthetic_scene import camera_info, camera_transform, keypoints_message, person, send
from tf2_msgs.msg import TFMessage

from mocap23_msgs.msg import SkeletonInfo
from mocap23_ros.ros.topics import latched_qos

HAS_VISION = importlib.util.find_spec('vision_msgs') is not None
HAS_MOCAP = importlib.util.find_spec('mocap4r2_msgs') is not None
HAS_HRI = importlib.util.find_spec('hri_msgs') is not None


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


@pytest.mark.skipif(not HAS_HRI, reason='hri_msgs is not installed')
def test_bodies_are_the_people_and_go_with_them(peer):
    from hri_msgs.msg import IdsList, NormalizedRegionOfInterest2D, Skeleton2D

    body = '/humans/bodies/robot_mocap1'
    peer.listen(IdsList, '/humans/bodies/tracked')
    peer.listen(NormalizedRegionOfInterest2D, f'{body}/roi')
    peer.listen(Skeleton2D, f'{body}/skeleton2d')
    peer.listen(JointState, f'{body}/joint_states')
    peer.listen(TFMessage, '/tf')
    node = NodeProcess(detector='external', lifter='geometric', publish_humans=True,
                       frame_prefix='robot/', person_timeout=0.3, remember_timeout=0.3)

    def bodies():
        return {name for name, _ in peer.node.get_topic_names_and_types()
                if name.startswith(f'{body}/') and peer.node.count_publishers(name)}

    try:
        with Feeder(peer, lambda stamp: send(peer, stamp)):
            angles = peer.wait_for(f'{body}/joint_states', node=node)
            stamp = angles.header.stamp
            roi, skeleton, tracked, people = (
                peer.wait_for(topic, lambda m: m.header.stamp == stamp, node=node)
                for topic in (f'{body}/roi', f'{body}/skeleton2d', '/humans/bodies/tracked',
                              'skeletons'))
            frame = peer.wait_for('/tf', lambda m: any(
                t.child_frame_id == 'body_robot_mocap1' and t.header.stamp == stamp
                for t in m.transforms), node=node).transforms[0]
            assert bodies() == {f'{body}/{name}' for name in ('roi', 'skeleton2d', 'joint_states')}
            other = peer.node.create_publisher(IdsList, '/humans/bodies/tracked', 1)
            assert ('/humans/bodies/tracked is published by /peer, too'
                    in peer.wait_for_problem('other publishers', node))
            peer.node.destroy_publisher(other)
            peer.wait_for_recovery('other publishers', node)

        def nobody(stamp):
            peer.camera_info.publish(camera_info(stamp))
            peer.tf.sendTransform(camera_transform(stamp))
            peer.keypoints.publish(keypoints_message([], stamp))

        with Feeder(peer, nobody):
            peer.wait_for('/humans/bodies/tracked', lambda m: not m.ids,
                          peer.count('/humans/bodies/tracked'), node=node)
            peer.wait_until(lambda: not bodies(), 'the end of the topics of who left')
        assert node.stop(signal.SIGINT) == 0
    finally:
        node.stop(signal.SIGKILL)
    assert tracked.ids == ['robot_mocap1'] and tracked.header == people.header
    root = people.skeletons[0].root.pose
    assert frame.header == people.header
    assert (frame.transform.translation.x, frame.transform.rotation.w) == pytest.approx(
        (root.position.x, root.orientation.w))
    assert angles.name[0] == 'waist_robot_mocap1' and len(angles.name) == len(angles.position)
    knee = angles.position[angles.name.index('l_knee_robot_mocap1')]
    assert -0.3 <= knee <= 0.0  # somebody who stands
    keypoints = keypoints_message([person()], 0).people[0]
    image = np.array([1280.0, 960.0])
    pixels = np.array(keypoints.keypoints).reshape(-1, 3)[:, :2] / image
    for slot, joint in ((skeleton.NOSE, 0), (skeleton.LEFT_EYE, 1), (skeleton.RIGHT_ANKLE, 16)):
        point = skeleton.skeleton[slot]
        assert (point.x, point.y, point.c) == pytest.approx((*pixels[joint], 0.9), abs=0.01)
    neck = skeleton.skeleton[skeleton.NECK]
    assert (neck.x, neck.y) == pytest.approx(tuple(pixels[[5, 6]].mean(axis=0)), abs=0.01)
    assert skeleton.header == roi.header and roi.header.frame_id == 'camera_optical'
    assert (roi.xmin, roi.ymin) == pytest.approx(tuple(pixels.min(axis=0)), abs=0.02)
    assert (roi.xmax, roi.ymax) == pytest.approx(tuple(pixels.max(axis=0)), abs=0.02)


@pytest.mark.parametrize(('parameter', 'package', 'is_there'), [
    ('publish_detections', 'vision-msgs', HAS_VISION),
    ('publish_mocap_markers', 'mocap4r2-msgs', HAS_MOCAP),
    ('publish_humans', 'hri-msgs', HAS_HRI)])
def test_outputs_without_their_package_name_it(parameter, package, is_there):
    if is_there:
        pytest.skip(f'{package} is installed')
    node = NodeProcess(detector='external', lifter='geometric', **{parameter: True})
    try:
        assert node.wait() == 1
        assert f'ros-$ROS_DISTRO-{package}' in node.output and 'Traceback' not in node.output
    finally:
        node.stop(signal.SIGKILL)
