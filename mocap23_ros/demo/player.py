# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A process that plays one camera of the sample as a ROS 2 camera driver would.

Publishes image (sensor_msgs/Image) or image/compressed only where somebody listens, camera_info,
and the camera's pose on /tf_static.
"""

import argparse
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tf2_ros
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from numpy.typing import NDArray
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.demo.sample_video import read_frames
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import translation_quaternion_from_pose
from mocap23_ros.live.player_process import publish_surely, run_player
from mocap23_ros.reporting import Progress
from mocap23_ros.ros.topics import output_qos

JPEG_QUALITY = 80


def frame_sequence(frame_count: int, source_fps: float, rate: float,
                   seconds: float) -> NDArray[np.int64]:
    """Source frame of every image played, [N].

    The motion runs in real time, forwards to the last frame and backwards to the first, so that
    positions stay continuous; rate must divide source_fps to keep the time steps equal, other
    rates take the nearest frame. Accelerations are wrong only at the turning points.
    """
    if frame_count < 2 or rate <= 0 or seconds <= 0:
        raise ValueError('frame_count must be at least 2, rate and seconds positive')
    count = max(1, round(seconds * rate))
    position = np.rint(np.arange(count) * (source_fps / rate)).astype(np.int64)
    period = 2 * (frame_count - 1)
    phase = position % period
    return np.where(phase < frame_count, phase, period - phase)


class SamplePlayer(Node):
    """Publishes images from memory: nothing is decoded, scaled or compressed while it plays."""

    def __init__(self, camera: SampleCamera, images: dict[int, NDArray[np.uint8]],
                 sequence: NDArray[np.int64], arguments: argparse.Namespace) -> None:
        super().__init__('sample_camera', namespace='camera')
        self._sequence, self._rate = sequence, arguments.rate
        self._transport = arguments.transport
        self._frame_id = f'{camera.name}_optical_frame'
        # Reliable, so that local readers may ask for it; best-effort readers match as well.
        # Deep enough that a busy machine loses nothing of the small messages.
        self.image_publisher = self.create_publisher(Image, 'image', output_qos(4))
        self.compressed_publisher = self.create_publisher(
            CompressedImage, 'image/compressed', output_qos(50))
        self.info_publisher = self.create_publisher(CameraInfo, 'camera_info', output_qos(50))
        self._info = camera_info(camera.model)
        self._raw = {index: image_message(image) for index, image in images.items()}
        self._compressed = {index: compressed_message(image) for index, image in images.items()}
        self._broadcaster = tf2_ros.StaticTransformBroadcaster(self)
        self._broadcaster.sendTransform(
            pose_message(camera, arguments.world_frame, self._frame_id,
                         self.get_clock().now().to_msg()))

    def publish(self, index: int) -> int:
        """Publish one frame with the stamp of now; returns that stamp in nanoseconds."""
        now = self.get_clock().now()
        header = Header(stamp=now.to_msg(), frame_id=self._frame_id)
        self._info.header = header
        self.info_publisher.publish(self._info)
        if self.image_publisher.get_subscription_count():
            message = self._raw[index]
            message.header = header
            self.image_publisher.publish(message)
        if self.compressed_publisher.get_subscription_count():
            compressed = self._compressed[index]
            compressed.header = header
            self.compressed_publisher.publish(compressed)
        return int(now.nanoseconds)

    def greet(self) -> None:
        """Send one CameraInfo before the first image, until node and recorder have it."""
        self._info.header = Header(
            stamp=self.get_clock().now().to_msg(), frame_id=self._frame_id)
        publish_surely(self.info_publisher, self._info)

    def play(self, advance: Progress) -> dict[str, NDArray]:
        """Publish at a steady rate; an image that is late moves no other."""
        stamps = np.empty(len(self._sequence), np.int64)
        start = time.monotonic()
        for number, index in enumerate(self._sequence):
            wait = start + number / self._rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            stamps[number] = self.publish(int(index))
            advance(number + 1, len(self._sequence))
        return {'stamps_ns': stamps, 'frames': self._sequence}

    def is_heard(self) -> bool:
        """Whether the node (images, camera_info) and the recorder (both) listen."""
        found = self.listeners()
        images = found['image'] if self._transport == 'raw' else found['compressed'] - 1
        return images >= 1 and found['compressed'] >= 1 and found['camera_info'] >= 2

    def listeners(self) -> dict[str, int]:
        """How many subscriptions each topic has."""
        return {'image': self.image_publisher.get_subscription_count(),
                'compressed': self.compressed_publisher.get_subscription_count(),
                'camera_info': self.info_publisher.get_subscription_count()}


def camera_info(model: CameraModel) -> CameraInfo:
    """Return the CameraInfo of an unrectified camera."""
    width, height = model.image_size
    P = np.hstack([model.K, np.zeros((3, 1))])
    return CameraInfo(
        width=int(width), height=int(height), distortion_model=model.distortion_model,
        d=[float(v) for v in model.distortion], k=[float(v) for v in model.K.ravel()],
        r=[float(v) for v in np.eye(3).ravel()], p=[float(v) for v in P.ravel()])


def image_message(image: NDArray[np.uint8]) -> Image:
    """Return a bgr8 image message; bytes because a NumPy array would be copied item by item."""
    height, width = image.shape[:2]
    return Image(height=int(height), width=int(width), encoding='bgr8', is_bigendian=0,
                 step=int(3 * width), data=image.tobytes())


def compressed_message(image: NDArray[np.uint8]) -> CompressedImage:
    """Return a JPEG image message."""
    good, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not good:
        raise RuntimeError('OpenCV could not write a JPEG')
    return CompressedImage(format='bgr8; jpeg compressed bgr8', data=data.tobytes())


def pose_message(camera: SampleCamera, world_frame: str, camera_frame: str,
                 stamp: Any) -> TransformStamped:
    """Return the camera's pose in the world."""
    translation, quaternion = translation_quaternion_from_pose(camera.world_T_camera)
    message = TransformStamped()
    message.header = Header(stamp=stamp, frame_id=world_frame)
    message.child_frame_id = camera_frame
    message.transform.translation = Vector3(**dict(zip(
        'xyz', (float(v) for v in translation), strict=True)))
    message.transform.rotation = Quaternion(**dict(zip(
        'xyzw', (float(v) for v in quaternion), strict=True)))
    return message


def load_images(path: Path, indices: NDArray[np.int64],
                image_size: tuple[int, int]) -> dict[int, NDArray[np.uint8]]:
    """Decode the wanted frames of a video, resized to (width, height)."""
    wanted = set(indices.tolist())
    images = {index: np.ascontiguousarray(
        cv2.resize(frame, image_size, interpolation=cv2.INTER_AREA), np.uint8)
        for index, frame in enumerate(islice(read_frames(path), max(wanted) + 1))
        if index in wanted}
    if len(images) < len(wanted):
        raise InputError(f'the video {path} ends before frame {max(wanted)}; delete it to fetch '
                         'it again')
    return images


def main() -> int:
    """Run the player; the arguments are those that played_take gives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--video', type=Path, required=True)
    parser.add_argument('--camera', type=Path, required=True, help='camera file (yaml)')
    parser.add_argument('--frame-count', type=int, default=100, help='frames of the video')
    parser.add_argument('--fps', type=float, default=60.0, help='of the video')
    parser.add_argument('--rate', type=float, default=30.0)
    parser.add_argument('--seconds', type=float, default=20.0)
    parser.add_argument('--world-frame', default='map')
    parser.add_argument('--transport', choices=('raw', 'compressed'), default='raw',
                        help='what the node is waited for on')
    parser.add_argument('--stamps', type=Path, required=True, help='npz written at the end')
    arguments = parser.parse_args()
    return run_player(lambda: _make(arguments), arguments.stamps)


def _make(arguments: argparse.Namespace) -> 'SamplePlayer':
    contents = load_camera_file(arguments.camera)
    if contents.world_T_camera is None:
        raise InputError(f'{arguments.camera} has no world_T_camera')
    camera = SampleCamera(contents.name, contents.camera, contents.world_T_camera)
    sequence = frame_sequence(arguments.frame_count, arguments.fps, arguments.rate,
                              arguments.seconds)
    width, height = camera.model.image_size
    images = load_images(arguments.video, sequence, (width, height))
    return SamplePlayer(camera, images, sequence, arguments)


if __name__ == '__main__':
    sys.exit(main())
