# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The client and its example over real DDS: a robot slows down before a person."""

import importlib.util
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import TransformStamped, Twist
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header
from tf2_ros import TransformBroadcaster

from mocap23_msgs.msg import SkeletonArray, SkeletonInfo
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.conversions import skeleton_info, skeletons_to_message
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.tracking.track import TrackState

SLOW_DOWN = Path(__file__).resolve().parents[2] / 'examples' / 'slow_down.py'


@pytest.fixture
def gate():
    """The example node, and a node beside it that plays lifter, TF and driver."""
    spec = importlib.util.spec_from_file_location('slow_down', SLOW_DOWN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rclpy.init()
    try:
        node, world = module.SlowDown(), World()
        executor = SingleThreadedExecutor()
        for each in (node, world):
            executor.add_node(each)
        thread = threading.Thread(target=executor.spin, daemon=True)
        thread.start()
        yield world
        executor.shutdown()
        thread.join(5)
        for each in (node, world):
            each.destroy_node()
    finally:
        rclpy.try_shutdown()


class World(Node):
    """Publishes a person at a distance, late TF of the robot, and velocities; hears the result."""

    def __init__(self):
        super().__init__('world')
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.info = self.create_publisher(SkeletonInfo, 'skeleton_info', latched)
        self.skeletons = self.create_publisher(SkeletonArray, 'skeletons', 10)
        self.wanted = self.create_publisher(Twist, 'cmd_vel_in', 1)
        self.create_subscription(Twist, 'cmd_vel', self.heard, 10)
        self.tf = TransformBroadcaster(self)
        self.speeds = []
        self.info.publish(skeleton_info(OUTPUT19, 'geometric', '', Header()))

    def heard(self, twist):
        self.speeds.append(twist.linear.x)

    def play(self, seconds, distance, sd=0.02):
        """Speeds that pass while somebody stands ``distance`` m before the robot (None: nobody)."""
        self.speeds.clear()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id='map')
            people = [] if distance is None else [person_at((1.0, 2.0 + distance, 1.0), sd)]
            self.skeletons.publish(skeletons_to_message(people, header, 'camera'))
            time.sleep(0.03)
            # The robot stands at (1, 2) and looks along y; its TF comes after the people.
            pose = TransformStamped(header=header, child_frame_id='base_link')
            pose.transform.translation.x, pose.transform.translation.y = 1.0, 2.0
            pose.transform.rotation.z = pose.transform.rotation.w = 0.5 ** 0.5
            self.tf.sendTransform(pose)
            twist = Twist()
            twist.linear.x = 1.0
            self.wanted.publish(twist)
            time.sleep(0.03)
        return self.speeds[-5:]


def person_at(place, sd):
    count = len(OUTPUT19)
    return SkeletonEstimate(
        person_id=3, state=TrackState.TRACKED, stamp=0.0,
        joints=np.tile(np.array(place, np.float32), (count, 1)),
        confidence=np.ones(count, np.float32),
        covariance=np.tile(np.eye(3, dtype=np.float32) * sd ** 2, (count, 1, 1)),
        world_T_root=np.eye(4), root_covariance=np.eye(6), root_velocity=np.zeros(3),
        contact=np.ones(2, np.float32), stature=1.7, stature_sd=0.05)


def test_a_robot_slows_stops_and_stops_where_nothing_is_known(gate):
    for _ in range(40):  # discovery
        if gate.play(0.2, None) and gate.speeds[-1] == 1.0:
            break
    assert gate.play(0.5, None)[-1] == pytest.approx(1.0)
    assert gate.play(0.8, 6.0)[-1] == pytest.approx(1.0)
    slow = gate.play(0.8, 2.4)[-1]
    assert 0.05 < slow < 0.95
    assert gate.play(0.8, 1.2)[-1] == 0.0
    # As far away as before, but hardly known.
    assert gate.play(0.8, 6.0, sd=2.0)[-1] == 0.0
    # The lifter falls silent.
    gate.speeds.clear()
    time.sleep(0.7)
    for _ in range(5):
        twist = Twist()
        twist.linear.x = 1.0
        gate.wanted.publish(twist)
        time.sleep(0.05)
    assert gate.speeds and gate.speeds[-1] == 0.0
