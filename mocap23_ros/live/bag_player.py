# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A process that plays one camera of a bag, and its TF, at the pace of the recording.

All stamps are moved by one offset, so that they are of now; what lies between the stamp of an image
and its recording stays as it was.
"""

import argparse
import sys
import time
from itertools import chain
from pathlib import Path

import numpy as np
from geometry_msgs.msg import TransformStamped
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from tf2_msgs.msg import TFMessage

from mocap23_msgs.msg import Keypoints2DArray
from mocap23_ros.live.bag_timeline import read_clock, timeline
from mocap23_ros.live.player_process import publish_surely, run_player
from mocap23_ros.recordings.bag_camera import COMPRESSED, IMAGE, KEYPOINTS, CameraTopics
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.serialised_headers import header_stamp, with_stamp
from mocap23_ros.reporting import Progress
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.ros.topics import latched_qos, output_qos

_SECOND = 1_000_000_000
# Own names, so that results that are in the bag meet nothing of the node.
NAMESPACE = '/bag'
INPUTS: dict[str, tuple[type, str, int]] = {  # type, topic and depth by the type in the bag
    IMAGE: (Image, 'image', 4), COMPRESSED: (CompressedImage, 'image/compressed', 50),
    KEYPOINTS: (Keypoints2DArray, 'keypoints', 50)}


class BagPlayer(Node):
    """Publishes messages as they stand in the bag, with stamps of now."""

    def __init__(self, bag: Path, topics: CameraTopics, tf_bags: tuple[Path, ...],
                 seconds: float) -> None:
        """seconds: how much is played, from the first image. Raises InputError."""
        super().__init__('player', namespace=NAMESPACE)
        with BagReader(bag) as reader:
            self._bag_clock = read_clock(reader, topics, seconds)
            kind = reader.topics[topics.input]
        self._timeline = timeline(bag, topics, tf_bags, self._bag_clock)
        self._static: dict[str, TransformStamped] = {}
        message_type, name, depth = INPUTS[kind]
        self._outputs: dict[str, Publisher] = {
            'input': self.create_publisher(message_type, name, output_qos(depth)),
            'tf': self.create_publisher(TFMessage, '/tf', output_qos(100)),
            'tf_static': self.create_publisher(TFMessage, '/tf_static', latched_qos())}
        if topics.info:
            self._outputs['info'] = self.create_publisher(
                CameraInfo, 'camera_info', output_qos(50))

    def listeners(self) -> dict[str, int]:
        """How many subscriptions each topic has."""
        return {name: publisher.get_subscription_count()
                for name, publisher in self._outputs.items()}

    def is_heard(self) -> bool:
        """Whether the node listens."""
        return all(self.listeners().values())

    def greet(self) -> None:
        """Publish what holds from the beginning: transforms, the first CameraInfo."""
        for played in self._timeline:
            if played.received > self._bag_clock.begin:
                self._timeline = chain([played], self._timeline)
                return
            if played.topic == 'tf_static':
                self._publish_static(played.data)
            else:
                publish_surely(self._outputs[played.topic], with_stamp(
                    played.data, self.get_clock().now().nanoseconds))

    def play(self, advance: Progress) -> dict[str, NDArray]:
        """Publish the rest until the last image; see Player. late [N]: seconds behind the pace."""
        sent: list[int] = []
        late: list[float] = []
        start = time.monotonic()
        shift = self.get_clock().now().nanoseconds - self._bag_clock.begin
        offset = shift + self._bag_clock.offset
        for received, topic, data in self._timeline:
            due = start + 1e-9 * (received - self._bag_clock.begin)
            if due > time.monotonic():
                time.sleep(max(0.0, due - time.monotonic()))
            behind = time.monotonic() - due
            if topic == 'tf':
                message = deserialize_message(data, TFMessage)
                for transform in message.transforms:
                    stamp = transform.header.stamp
                    stamp.sec, stamp.nanosec = divmod(nanoseconds(stamp) + offset, _SECOND)
                self._outputs[topic].publish(message)
                continue
            now = header_stamp(data) + offset
            self._outputs[topic].publish(with_stamp(data, now))
            if topic == 'input':
                sent.append(now)
                late.append(behind)
                advance(len(sent), self._bag_clock.images)
        delay = self._bag_clock.delay
        return {'stamps_ns': np.array(sent, np.int64), 'frames': np.arange(len(sent)),
                'late': np.array(late), 'offset_ns': np.array(offset),
                'delay': np.array(np.nan if delay is None else 1e-9 * delay)}

    def _publish_static(self, data: bytes) -> None:
        # One message, since only the last one is latched.
        for transform in deserialize_message(data, TFMessage).transforms:
            self._static[transform.child_frame_id] = transform
        self._outputs['tf_static'].publish(TFMessage(transforms=list(self._static.values())))


def main() -> int:
    """Run the player; the arguments are those that bag_run gives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--bag', type=Path, required=True)
    parser.add_argument('--topic', required=True, help='of images or keypoints')
    parser.add_argument('--info', default='', help='topic of CameraInfo')
    parser.add_argument('--tf', type=Path, action='append', default=[], help='bag with more TF')
    parser.add_argument('--seconds', type=float, default=float('inf'))
    parser.add_argument('--stamps', type=Path, required=True, help='npz written at the end')
    arguments = parser.parse_args()
    return run_player(lambda: BagPlayer(
        arguments.bag, CameraTopics(arguments.topic, arguments.info), tuple(arguments.tf),
        arguments.seconds), arguments.stamps)


if __name__ == '__main__':
    sys.exit(main())
