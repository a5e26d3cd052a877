# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that the node publishes about people."""

import time
from collections.abc import Callable
from contextlib import ExitStack

import tf2_ros
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from mocap23_msgs.msg import Keypoints2DArray, SkeletonArray, SkeletonInfo
from mocap23_ros.ros.conversions import keypoints_to_message, skeleton_info, skeletons_to_message
from mocap23_ros.ros.detections import DetectionOutput
from mocap23_ros.ros.frame_names import FrameNameWatch
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.humans import HumansOutput
from mocap23_ros.ros.markers import MarkerOutput
from mocap23_ros.ros.mocap_markers import MocapMarkerOutput
from mocap23_ros.ros.other_publishers import OtherPublishers
from mocap23_ros.ros.output import Output, OutputContext
from mocap23_ros.ros.pose_array import PoseOutput
from mocap23_ros.ros.problems import ProblemLog
from mocap23_ros.ros.rerun_output import RerunOutput
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.topics import latched_qos, named_overrides, output_qos
from mocap23_ros.ros.transforms import PersonFrames
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

# What follows from the skeletons, and the parameter that asks for it at the start; '': it is always
# there. A new one: its file, and a line here.
OUTPUTS: tuple[tuple[Callable[[OutputContext], Output], str], ...] = (
    (MarkerOutput, ''),
    (PoseOutput, 'publish_poses'),
    (DetectionOutput, 'publish_detections'),
    (MocapMarkerOutput, 'publish_mocap_markers'),
    (HumansOutput, 'publish_humans'),
    (RerunOutput, 'rerun_port'),
)


class Outputs:
    """The publishers of the node, from configuration to clean-up."""

    def __init__(
        self,
        node: LifecycleNode,
        settings: Settings,
        keypoint_format: SkeletonFormat,
        output_format: SkeletonFormat,
        frame_prefix: str,
        frame_names: FrameNameWatch,
        problems: ProblemLog,
    ) -> None:
        """frame_prefix: what the names of the people's TF frames begin with."""
        self._node = node
        self._world_frame = settings.world_frame
        self._keypoint_format = keypoint_format
        self._frames = PersonFrames(frame_prefix, output_format.joint_names)
        self._frame_names = frame_names
        self._others = OtherPublishers(node.get_fully_qualified_name(), problems)
        self._publishers: list[LifecyclePublisher] = []
        self._skeletons = self._create(SkeletonArray, 'skeletons')
        self._keypoints = self._create(Keypoints2DArray, 'keypoints_2d')
        self._broadcaster = tf2_ros.TransformBroadcaster(node)
        self._ends = ExitStack()
        context = OutputContext(
            self._create, output_format, keypoint_format, frame_prefix,
            self._broadcaster.sendTransform, node, settings, self._ends.callback)
        self._further = [
            make(context) for make, parameter in OUTPUTS
            if not parameter or getattr(settings, parameter)]
        # Not a managed publisher: the facts are known, and latched, before activation.
        self._info = node.create_publisher(SkeletonInfo, 'skeleton_info', latched_qos())
        self._info.publish(skeleton_info(
            output_format, settings.lifter, frame_prefix,
            Header(stamp=node.get_clock().now().to_msg(), frame_id=self._world_frame)))

    def publish_keypoints(self, result: FrameResult) -> None:
        """Publish the 2D part of a frame."""
        self._keypoints.publish(keypoints_to_message(
            result.tracks, self._keypoint_format, result.header, result.image_size))

    def publish(self, result: FrameResult, settings: Settings) -> float:
        """Publish the skeletons of a frame; returns seconds from its stamp to now.

        An empty array goes out as well when nobody is seen.
        """
        header = Header(stamp=result.stamp, frame_id=self._world_frame)
        now = self._node.get_clock().now()
        latency = 1e-9 * (now - Time.from_msg(result.stamp)).nanoseconds
        self._skeletons.publish(skeletons_to_message(
            result.estimates, header, result.header.frame_id, latency=latency))
        if settings.publish_tf:
            transforms = self._frames.transforms(
                result.estimates, header, settings.tf_joints, settings.tf_joint_axes == 'limbs')
            if transforms:
                self._frame_names.sending(result.stamp)
                self._broadcaster.sendTransform(transforms)
        for output in self._further:
            output.publish(result, header, settings)
        return latency

    def clear(self) -> None:
        """Tell everybody that nobody is followed any more, as after a reset."""
        self._frames.reset()
        header = Header(stamp=self._node.get_clock().now().to_msg(), frame_id=self._world_frame)
        self._skeletons.publish(SkeletonArray(header=header))
        for output in self._further:
            output.clear(header)

    def check(self) -> None:
        """Report other nodes on the same topics; once a second."""
        self._others.check({
            publisher.topic_name: [
                f'{info.node_namespace.rstrip("/")}/{info.node_name}'
                for info in self._node.get_publishers_info_by_topic(publisher.topic_name)]
            for publisher in self._publishers if publisher.msg_type is not MarkerArray},
            time.monotonic())  # tools share topics of markers

    def close(self) -> None:
        """Destroy the publishers."""
        self._ends.close()
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
        self._node.destroy_publisher(self._info)
        self._node.destroy_publisher(self._broadcaster.pub_tf)

    def _create(self, message_type: type, topic: str) -> LifecyclePublisher:
        with named_overrides(self._node.resolve_topic_name(topic), 'publisher'):
            publisher: LifecyclePublisher = self._node.create_lifecycle_publisher(
                message_type, topic, output_qos(),
                qos_overriding_options=QoSOverridingOptions.with_default_policies())
        self._publishers.append(publisher)
        return publisher
