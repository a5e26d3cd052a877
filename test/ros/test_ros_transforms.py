# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The camera's pose comes from TF at the stamp of the image; joints go out as frames."""

import dataclasses

import numpy as np
import pytest
import rclpy
import tf2_ros
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Transform, TransformStamped
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from refusals import one_line
from ros_examples import random_estimate
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header
from synthetic_scene import person
from tf2_msgs.msg import TFMessage

from mocap23_ros.errors import InputError
from mocap23_ros.ros.frame_names import FrameNameWatch
from mocap23_ros.ros.problems import ProblemLog
from mocap23_ros.ros.transform_listener import CameraTransformListener
from mocap23_ros.ros.transforms import (
    LiveTransforms,
    PersonFrames,
    matrix_from_transform,
    transform_from_matrix,
)
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19
from mocap23_ros.tracking.track import TrackState


def pose(x=0.0, yaw=0.0):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler('z', yaw).as_matrix()
    matrix[0, 3] = x
    return matrix


def stamped(matrix, seconds, parent='map', child='camera'):
    return TransformStamped(
        header=Header(stamp=Time(sec=seconds), frame_id=parent), child_frame_id=child,
        transform=transform_from_matrix(matrix))


def header(seconds, nanoseconds=0, frame='camera'):
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame)


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node('transforms', context=context)
    yield node
    node.destroy_node()
    rclpy.try_shutdown(context=context)


@pytest.fixture
def buffer(node):
    return tf2_ros.Buffer(cache_time=Duration(seconds=10.0), node=node)


def lookup(buffer, header):
    return LiveTransforms(buffer).camera_pose('map', header)


def test_pose_is_that_at_the_stamp_and_not_the_newest(buffer):
    for seconds, x in ((100, 1.0), (101, 2.0), (102, 5.0)):
        buffer.set_transform(stamped(pose(x, yaw=0.1 * x), seconds), 'test')
    found = lookup(buffer, header(100, 500_000_000))
    np.testing.assert_allclose(found, pose(1.5, yaw=0.15), atol=1e-9)


def test_pose_does_not_depend_on_whether_tf_of_later_came(buffer):
    poses = np.tile(np.eye(4), (21, 1, 1))
    poses[:, :3, :3] = Rotation.random(21, rng=0).as_matrix()
    poses[:, :3, 3] = np.random.default_rng(0).normal(size=(21, 3))
    buffer.set_transform(stamped(poses[0], 0), 'test')
    for seconds in range(1, 20):
        buffer.set_transform(stamped(poses[seconds], seconds), 'test')
        early = lookup(buffer, header(seconds))
        np.testing.assert_allclose(early, poses[seconds], atol=1e-6)
        buffer.set_transform(stamped(poses[seconds + 1], seconds + 1), 'test')
        assert (lookup(buffer, header(seconds)) == early).all()


@pytest.mark.parametrize(('message_header', 'reason'), [
    (header(100, frame='thermal'), r'no transform from camera "thermal" to world_frame "map".*'
     r'static_transform_publisher --frame-id map --child-frame-id thermal'),
    (header(100, frame=''), 'empty frame_id'),
    (header(100, frame='/camera'), 'set it to "camera" in the camera driver'),
    (header(200), 'at the stamp of the image.*tf_timeout'),
])
def test_what_is_missing_is_named_in_one_line(buffer, message_header, reason):
    buffer.set_transform(stamped(pose(), 100), 'test')
    with one_line(reason):
        lookup(buffer, message_header)


def test_unconnected_trees_are_named(buffer):
    buffer.set_transform(stamped(pose(), 100, 'map', 'base'), 'test')
    buffer.set_transform(stamped(pose(), 100, 'rig', 'camera'), 'test')
    with pytest.raises(InputError, match='no transform from camera "camera"'):
        lookup(buffer, header(100))


def test_matrix_round_trip_and_damaged_rotation():
    matrix = pose(2.0, yaw=1.0)
    np.testing.assert_allclose(matrix_from_transform(transform_from_matrix(matrix)), matrix)
    broken = Transform()
    broken.rotation.w = 0.0
    with pytest.raises(InputError, match='pose of the camera'):
        matrix_from_transform(broken)
    broken.rotation.w = float('nan')
    with pytest.raises(InputError):
        matrix_from_transform(broken)


def test_joint_frames_lead_to_the_joints(buffer):
    estimate = random_estimate(5, person_id=3, missing=0.2)
    frames = PersonFrames('robot/', OUTPUT19.joint_names)
    for transform in frames.transforms([estimate.raised(0.7)], header(100, frame='map')):
        buffer.set_transform(transform, 'test')
    for name, joint in zip(OUTPUT19.joint_names, estimate.joints, strict=True):
        frame = f'robot/person_3/{name}'
        if not np.isfinite(joint).all():
            assert not buffer.can_transform('map', frame, rclpy.time.Time(seconds=100))
            continue
        found = buffer.lookup_transform('map', frame, rclpy.time.Time(seconds=100)).transform
        t = found.translation
        np.testing.assert_allclose([t.x, t.y, t.z], joint + [0, 0, 0.7], atol=1e-6)


def test_joint_frames_turn_along_the_limbs(buffer):
    where = dict(zip(COCO17.joint_names, person(4.0), strict=True))
    where['pelvis'] = 0.5 * (where['left_hip'] + where['right_hip'])
    where['neck'] = 0.5 * (where['left_shoulder'] + where['right_shoulder'])
    joints = np.stack([where[name] for name in OUTPUT19.joint_names])
    joints[OUTPUT19.index('left_wrist')] = joints[OUTPUT19.index('left_elbow')] + (-0.25, 0, 0)
    estimate = dataclasses.replace(
        random_estimate(1), joints=joints.astype(np.float32),
        world_T_root=pose(4.0, yaw=np.pi))  # faces the camera: against x
    frames = PersonFrames('', OUTPUT19.joint_names)

    def show(time, **options):
        for transform in frames.transforms([estimate], header(time, frame='map'), **options):
            buffer.set_transform(transform, 'test')
        return rclpy.time.Time(seconds=time)

    time = show(100, along_limbs=True)
    for start, end in (('left_elbow', 'left_wrist'), ('right_shoulder', 'right_elbow'),
                       ('left_hip', 'left_knee'), ('right_knee', 'right_ankle')):
        there = buffer.lookup_transform(f'person_1/{start}', f'person_1/{end}', time).transform
        t = there.translation
        length = np.linalg.norm(joints[OUTPUT19.index(end)] - joints[OUTPUT19.index(start)])
        np.testing.assert_allclose([t.x, t.y, t.z], [0, 0, -length], atol=1e-6)
    for name, ahead in (('left_shoulder', (-1, 0, 0)), ('left_elbow', (0, 0, 1))):
        turn = buffer.lookup_transform('map', f'person_1/{name}', time).transform
        found = matrix_from_transform(turn)[:3, 0]
        assert found @ ahead > 0.95, f'x of {name} points to {found}'
    estimate.joints[OUTPUT19.index('left_hip')] = np.nan  # nor is the pelvis known
    time = show(101, along_limbs=True)
    knee, elbow = (buffer.lookup_transform('person_1', f'person_1/left_{name}', time).transform
                   for name in ('knee', 'elbow'))
    assert knee.rotation.w == 1.0 and elbow.rotation.w < 0.8


def test_frames_of_unseen_roots_lost_people_and_old_stamps_are_not_sent():
    frames = PersonFrames('', OUTPUT19.joint_names)
    blind = dataclasses.replace(random_estimate(1), world_T_root=np.full((4, 4), np.nan))
    lost = random_estimate(2, person_id=2, state=TrackState.LOST)
    assert frames.transforms([blind, lost], header(100)) == []
    seen = random_estimate(3)
    assert frames.transforms([seen], header(101))
    assert frames.transforms([seen], header(101)) == []
    assert frames.transforms([seen], header(99)) == []
    frames.reset()
    assert frames.transforms([seen], header(99))


def test_what_no_robot_has_is_left_out_and_spoils_no_pose_beside_it(buffer, node):
    problems = ProblemLog(node.get_logger(), lambda: 0.0)
    listener = CameraTransformListener(
        buffer, node, problems, lambda: 0, FrameNameWatch('', problems))
    now = node.get_clock().now().nanoseconds // 10**9 - 10
    for seconds, x in ((0, 1.0), (1, 1e9), (2, 3.0)):
        listener.callback(TFMessage(transforms=[
            stamped(pose(x), now + seconds), stamped(pose(6.4e6), now + seconds, 'earth', 'map')]))
        assert ('tf distance' in problems.present()) == (seconds > 0)
    assert 'TF of "camera" in "map" is left out' in problems.present()['tf distance'].message
    assert lookup(buffer, header(now + 1))[0, 3] == pytest.approx(2.0)
    assert lookup(buffer, header(now + 2))[0, 3] == pytest.approx(3.0)
    assert buffer.can_transform('earth', 'map', rclpy.time.Time())


def test_people_and_times_to_come_are_left_out_of_the_buffer(buffer, node):
    problems = ProblemLog(node.get_logger(), lambda: 0.0)
    now = node.get_clock().now().nanoseconds // 10**9
    names = FrameNameWatch('', problems)
    listener = CameraTransformListener(buffer, node, problems, lambda: 0, names)
    years = 10 * 365 * 86400
    listener.callback(TFMessage(transforms=[
        stamped(pose(9.0), now + years), stamped(pose(), now, 'map', 'robot/person_3'),
        stamped(pose(), now, 'robot/person_3', 'robot/person_3/nose'),
        stamped(pose(), now, 'map', 'body_robot_mocap3'),
        stamped(pose(), now, 'map', 'body_link')]))
    assert 'TF of "camera" is stamped' in problems.present()['tf clock'].message
    listener.callback(TFMessage(transforms=[stamped(pose(1.0), now)]))
    assert lookup(buffer, header(now))[0, 3] == pytest.approx(1.0)
    for name, is_kept in (('robot/person_3', False), ('body_robot_mocap3', False),
                          ('body_link', True)):
        assert buffer.can_transform('map', name, rclpy.time.Time()) == is_kept
    # Where the camera lives in another time, so does TF.
    listener = CameraTransformListener(
        buffer, node, problems, lambda: (now + years) * 10**9, names)
    listener.callback(TFMessage(transforms=[stamped(pose(2.0), now + years)]))
    assert lookup(buffer, header(now + years))[0, 3] == pytest.approx(2.0)


def test_two_publishers_of_a_static_frame_are_said_until_one_ends(node):
    alone = Node('listener', context=node.context, cli_args=[
        '--ros-args', '-r', '/tf_static:=/two_publishers/tf_static'])
    problems = ProblemLog(node.get_logger(), lambda: 0.0, settle_time=0.0)
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(alone)
    publishers = [tf2_ros.StaticTransformBroadcaster(alone) for _ in range(2)]
    buffer = tf2_ros.Buffer(node=alone)
    listener = CameraTransformListener(
        buffer, alone, problems, lambda: 0, FrameNameWatch('', problems))

    clock = 0.0

    def wait_until_said(said):
        for second in range(100):
            if said and second % 25 == 0:  # answers may be slow on a busy machine
                for publisher, x in zip(publishers, (1.0, 1.3), strict=True):
                    publisher.sendTransform(stamped(pose(x), 0))
            for _ in range(10):
                executor.spin_once(0.02)
            listener.check(clock + second, 'map', 'camera')
            problems.settle()
            if ('tf static' in problems.present()) == said:
                return clock + second
        raise AssertionError(problems.present())

    clock = wait_until_said(True)
    assert '0.30 m' in problems.present()['tf static'].message
    alone.destroy_publisher(publishers[1].pub_tf)
    wait_until_said(False)
    assert lookup(buffer, header(1))[0, 3] == pytest.approx(1.0)
    listener.unregister()
    executor.shutdown()
    alone.destroy_node()
