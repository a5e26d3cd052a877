# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The world around an example of the client: people, the robot's pose and velocities, over DDS."""

import importlib.util
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rclpy
from geometry_msgs.msg import TransformStamped, Twist
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header
from tf2_ros import TransformBroadcaster

from mocap23_msgs.msg import Keypoints2D, Keypoints2DArray, SkeletonArray, SkeletonInfo
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.conversions import skeleton_info, skeletons_to_message
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.tracking.track import TrackState

EXAMPLES = Path(__file__).resolve().parents[2] / 'examples'


def load_example(name):
    """The module of an example."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def running_beside(make_node, make_world):
    """The world beside a node, where there is one, spun in a thread."""
    rclpy.init()
    executor, ended, nodes = SingleThreadedExecutor(), threading.Event(), []

    def spin():
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=spin, daemon=True)
    try:
        world = make_world()
        nodes += [world] if make_node is None else [make_node(), world]
        for each in nodes:
            executor.add_node(each)
        thread.start()
        yield world
    finally:
        ended.set()  # an executor that is shut down while it spins raises
        if thread.is_alive():
            thread.join(5)
        executor.shutdown()
        for each in nodes:
            each.destroy_node()
        rclpy.try_shutdown()


class World(Node):
    """Publishes people and where the robot is; hears how the robot is told to drive."""

    def __init__(self):
        super().__init__('world')
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.info = self.create_publisher(SkeletonInfo, 'skeleton_info', latched)
        self.skeletons = self.create_publisher(SkeletonArray, 'skeletons', 10)
        self.keypoints = self.create_publisher(Keypoints2DArray, 'keypoints_2d', 10)
        self.create_subscription(Twist, 'cmd_vel', self.heard, 10)
        self.tf = TransformBroadcaster(self)
        self.info.publish(skeleton_info(OUTPUT19, 'geometric', '', Header()))

    def heard(self, twist):
        """A command for the base."""

    def header(self):
        """Now, in the world."""
        return Header(stamp=self.get_clock().now().to_msg(), frame_id='map')

    def see(self, person_ids, header):
        """Publish who is seen in the image."""
        self.keypoints.publish(Keypoints2DArray(header=header, format='coco17', people=[
            Keypoints2D(id=number) for number in person_ids]))

    def show(self, people, header, camera='camera'):
        """Publish SkeletonEstimates."""
        self.skeletons.publish(skeletons_to_message(people, header, camera))

    def place_robot(self, x, y, yaw, header):
        """Publish where base_link is."""
        pose = TransformStamped(header=header, child_frame_id='base_link')
        pose.transform.translation.x, pose.transform.translation.y = float(x), float(y)
        pose.transform.rotation.z = float(np.sin(yaw / 2))
        pose.transform.rotation.w = float(np.cos(yaw / 2))
        self.tf.sendTransform(pose)


def person_at(place, sd, person_id=3, state=TrackState.TRACKED, joints=None):
    """Somebody all of whose joints are at one place [3], or who has joints [19,3]."""
    count = len(OUTPUT19)
    if joints is None:
        joints = np.tile(np.array(place, np.float32), (count, 1))
    return SkeletonEstimate(
        person_id=person_id, state=state, stamp=0.0, joints=joints.astype(np.float32),
        confidence=np.ones(count, np.float32),
        covariance=np.tile(np.eye(3, dtype=np.float32) * sd ** 2, (count, 1, 1)),
        world_T_root=np.eye(4), root_covariance=np.eye(6), root_velocity=np.zeros(3),
        contact=np.ones(2, np.float32), stature=1.7, stature_sd=0.05)
