# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Publishes transforms that never change on /tf_static."""

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from tf2_ros.transform_broadcaster import as_list


class StaticTransformBroadcaster:
    """Publishes everything sent so far in one transient_local message, for those who join late.

    As in the Python upstream, the first transform of a child frame stays: later ones for the same
    child are left out (the C++ broadcaster replaces them). A frame that can change belongs on /tf.
    """

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        if qos is None:
            qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL,
                             history=HistoryPolicy.KEEP_LAST)
        self.pub_tf = node.create_publisher(TFMessage, '/tf_static', qos)
        self.net_message = TFMessage()
        self._child_frame_ids: set[str] = set()

    def sendTransform(
        self, transform: TransformStamped | Iterable[TransformStamped]
    ) -> None:
        """Add one transform or several, and publish all."""
        for one in as_list(transform):
            if one.child_frame_id not in self._child_frame_ids:
                self._child_frame_ids.add(one.child_frame_id)
                self.net_message.transforms.append(one)
        self.pub_tf.publish(self.net_message)
