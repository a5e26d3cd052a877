# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A process that records topics into an MCAP bag, as ``ros2 bag record -s mcap`` does.

Messages are taken and stored serialised, so nothing is converted on the way. The bag is
readable by ``ros2 bag`` and Foxglove: the definitions of all messages are inside.
"""

import argparse
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from sensor_msgs.msg import CameraInfo, CompressedImage
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from mocap23_msgs.msg import Keypoints2DArray, SkeletonArray, SkeletonInfo
from mocap23_ros.live.child_process import say
from mocap23_ros.recordings.bag_reader import message_types
from mocap23_ros.ros.topics import latched_qos, output_qos

BAG_VERSION: Literal[9] = 9  # of metadata.yaml, as written since ROS 2 Jazzy


@dataclass(frozen=True)
class RecordedTopic:
    """A topic to record. latched: transient_local, so that playing it is latched again."""

    name: str
    message_type: type
    latched: bool = False
    depth: int = 50


TOPICS = (
    RecordedTopic('/skeletons', SkeletonArray),
    RecordedTopic('/skeleton_info', SkeletonInfo, latched=True, depth=1),
    RecordedTopic('/keypoints_2d', Keypoints2DArray),
    RecordedTopic('/markers', MarkerArray),
    RecordedTopic('/diagnostics', DiagnosticArray),
    RecordedTopic('/tf', TFMessage, depth=200),
    RecordedTopic('/tf_static', TFMessage, latched=True, depth=100),
    RecordedTopic('/camera/camera_info', CameraInfo),
    RecordedTopic('/camera/image/compressed', CompressedImage),
)
# The bag is of use only with these; the recorder is ready when their publishers are found.
NEEDED = ('/skeletons', '/keypoints_2d', '/camera/camera_info', '/tf_static')


class Recorder(Node):
    """Writes every message of the topics to an open bag."""

    def __init__(self, writer: Writer, topics: tuple[RecordedTopic, ...] = TOPICS) -> None:
        super().__init__('sample_recorder')
        self._writer = writer
        self._store = message_types()
        self.counts = {topic.name: 0 for topic in topics}
        for topic in topics:
            self._record(topic)

    def _record(self, topic: RecordedTopic) -> None:
        package, kind, name = topic.message_type.__module__.split('.')[0], 'msg', (
            topic.message_type.__name__)
        connection: Connection = self._writer.add_connection(
            topic.name, f'{package}/{kind}/{name}', typestore=self._store,
            offered_qos_profiles=[offered_qos(topic.depth, topic.latched)])

        def store(data: bytes) -> None:
            self._writer.write(connection, self.get_clock().now().nanoseconds, data)
            self.counts[topic.name] += 1

        qos = latched_qos if topic.latched else output_qos
        self.create_subscription(topic.message_type, topic.name, store, qos(topic.depth), raw=True)

    def has_publishers(self) -> bool:
        """Whether those of NEEDED that are recorded all have a publisher."""
        return all(self.count_publishers(topic) for topic in NEEDED if topic in self.counts)


def offered_qos(depth: int, latched: bool) -> Qos:
    """What a bag says of a topic, so that playing it offers the same."""
    unlimited = QosTime(9223372036, 854775807)
    return Qos(
        QosHistory.KEEP_LAST, depth, QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        unlimited, unlimited, QosLiveliness.AUTOMATIC, unlimited, False)


def main() -> int:
    """Record until SIGINT or SIGTERM; says on standard output when it is ready."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--bag', type=Path, required=True, help='folder; must not exist')
    parser.add_argument('--topics', nargs='+', choices=[topic.name for topic in TOPICS],
                        default=[topic.name for topic in TOPICS], help='default: all of these')
    arguments = parser.parse_args()
    # No exception may come in the middle of a write: signals only ask for the end.
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with Writer(arguments.bag, version=BAG_VERSION, storage_plugin=StoragePlugin.MCAP) as writer:
        node = Recorder(writer, tuple(t for t in TOPICS if t.name in arguments.topics))
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        while not stop.is_set() and not node.has_publishers():
            executor.spin_once(timeout_sec=0.1)
        say(event='ready')
        spoken = time.monotonic()
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.1)
            if time.monotonic() - spoken > 0.5:
                spoken = time.monotonic()
                say(event='counts', counts=node.counts)
        executor.shutdown()
        node.destroy_node()
    say(event='done', counts=node.counts)
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
