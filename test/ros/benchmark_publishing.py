# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""CPU time of publishing people, per message. Run it as a script; it is no test.

    python test/ros/benchmark_publishing.py [--people 1 10] [--messages 500]
"""

import argparse
import os
import time

os.environ.setdefault('ROS_DOMAIN_ID', '99')

import rclpy
import tf2_ros
from rclpy.node import Node
from ros_examples import random_estimate
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from mocap23_msgs.msg import SkeletonArray
from mocap23_ros.ros.conversions import skeletons_to_message
from mocap23_ros.ros.markers import MarkerBuilder
from mocap23_ros.ros.topics import output_qos
from mocap23_ros.ros.transforms import PersonFrames
from mocap23_ros.skeletons.formats import OUTPUT19


def measure(name, messages, publish):
    """Print the mean CPU time of the calling thread, and the median wall time."""
    for i in range(20):
        publish(i)
    walls = []
    cpu = time.thread_time()
    for i in range(messages):
        wall = time.perf_counter()
        publish(20 + i)
        walls.append(time.perf_counter() - wall)
    cpu = (time.thread_time() - cpu) / messages
    wall = sorted(walls)[messages // 2]
    print(f'{name:34s} CPU {1e3 * cpu:6.3f} ms   wall p50 {1e3 * wall:6.3f} ms')


def main():
    """Measure with one subscriber in the same process, which is not spun."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--people', type=int, nargs='+', default=[1, 10])
    parser.add_argument('--messages', type=int, default=500)
    arguments = parser.parse_args()
    rclpy.init()
    node = Node('benchmark')
    skeletons = node.create_publisher(SkeletonArray, 'skeletons', output_qos())
    node.create_subscription(SkeletonArray, 'skeletons', print, output_qos())
    markers = node.create_publisher(MarkerArray, 'markers', output_qos())
    broadcaster = tf2_ros.TransformBroadcaster(node)
    checked = os.environ.get('ROS_PYTHON_CHECK_FIELDS', '') == '1'
    print(f'field checks {"on" if checked else "off"} (ROS_PYTHON_CHECK_FIELDS), '
          f'{arguments.messages} messages')
    for people in arguments.people:
        estimates = [random_estimate(i, i + 1, missing=0.0) for i in range(people)]
        frames = PersonFrames('', OUTPUT19.joint_names)
        builder = MarkerBuilder(OUTPUT19)

        def header(i):
            message = Header(frame_id='map')
            message.stamp.sec = 1 + i
            return message

        def publish_skeletons(i, estimates=estimates):
            skeletons.publish(skeletons_to_message(estimates, header(i), 'camera', latency=0.04))

        def publish_frames(i, estimates=estimates, frames=frames):
            broadcaster.sendTransform(frames.transforms(estimates, header(i)))

        def publish_markers(i, estimates=estimates, builder=builder):
            markers.publish(builder.markers(estimates, header(i)))

        measure(f'skeletons, {people} people', arguments.messages, publish_skeletons)
        measure(f'TF of root and joints, {people} people', arguments.messages, publish_frames)
        measure(f'markers, {people} people', arguments.messages, publish_markers)
    node.destroy_node()
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
