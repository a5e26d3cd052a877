# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Real bags of somebody who walks before a camera, written without ROS."""

import cv2
import numpy as np
from recording_examples import POSE, K, observed
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from scipy.spatial.transform import Rotation

from mocap23_ros.recordings.bag_reader import message_types

STORE = message_types()
SIZE = (1280, 720)
START = 1_700_000_000_000_000_000  # ns
FRAME_TIME = 33_333_333
FRAMES = 40
CAMERA = 'camera_optical'


def make(name, **fields):
    """A message by its ROS type."""
    return STORE.types[name](**fields)


def header(stamp, frame=CAMERA):
    return make('std_msgs/msg/Header', frame_id=frame, stamp=make(
        'builtin_interfaces/msg/Time', sec=stamp // 10**9, nanosec=stamp % 10**9))


def transforms(stamp, pose=POSE, parent='map', child=CAMERA):
    x, y, z = pose[:3, 3].tolist()
    quaternion = Rotation.from_matrix(pose[:3, :3]).as_quat().tolist()
    return make('tf2_msgs/msg/TFMessage', transforms=[make(
        'geometry_msgs/msg/TransformStamped', header=header(stamp, parent), child_frame_id=child,
        transform=make(
            'geometry_msgs/msg/Transform',
            translation=make('geometry_msgs/msg/Vector3', x=x, y=y, z=z),
            rotation=make('geometry_msgs/msg/Quaternion', **dict(
                zip('xyzw', quaternion, strict=True)))))])


def camera_info(stamp, size=SIZE, frame=CAMERA):
    roi = make('sensor_msgs/msg/RegionOfInterest', x_offset=0, y_offset=0, height=0, width=0,
               do_rectify=False)
    matrix = np.diag([size[0] / SIZE[0], size[1] / SIZE[1], 1]) @ K
    projection = np.hstack([matrix, np.zeros((3, 1))])
    return make('sensor_msgs/msg/CameraInfo', header=header(stamp, frame), width=size[0],
                height=size[1], distortion_model='plumb_bob', d=np.zeros(5), k=matrix.ravel(),
                r=np.eye(3).ravel(), p=projection.ravel(), binning_x=0, binning_y=0, roi=roi)


def keypoints(stamp, people):
    """people: [P,17,3] pixels and confidence."""
    return make('mocap23_msgs/msg/Keypoints2DArray', header=header(stamp), format='coco17',
                image_width=SIZE[0], image_height=SIZE[1], people=[make(
                    'mocap23_msgs/msg/Keypoints2D', id=0, score=0.9,
                    bounding_box=np.full(4, np.nan, np.float32),
                    keypoints=person.astype(np.float32).ravel()) for person in people])


def image(stamp, pixels, encoding='bgr8', frame=CAMERA):
    return make('sensor_msgs/msg/Image', header=header(stamp, frame), height=pixels.shape[0],
                width=pixels.shape[1], encoding=encoding, is_bigendian=0,
                step=pixels[0].nbytes, data=pixels.ravel().view(np.uint8))


def compressed(stamp, pixels, frame=CAMERA):
    return make('sensor_msgs/msg/CompressedImage', header=header(stamp, frame), format='jpeg',
                data=cv2.imencode('.jpg', pixels)[1].ravel())


def keypoint_messages(frames=FRAMES, start=START):
    """(topic, type, receive time, message) of two people, 40 ms after the stamp."""
    seconds = np.arange(frames) * 1e-9 * FRAME_TIME
    people = observed(5 + seconds)['keypoints']
    for frame in range(frames):
        stamp = start + frame * FRAME_TIME
        yield ('/keypoints', 'mocap23_msgs/msg/Keypoints2DArray', stamp + 40_000_000,
               keypoints(stamp, people[frame]))


def camera_messages(stamp=START, info='/camera_info'):
    yield info, 'sensor_msgs/msg/CameraInfo', stamp, camera_info(stamp)
    yield '/tf_static', 'tf2_msgs/msg/TFMessage', stamp, transforms(stamp)


def write(path, messages, storage=StoragePlugin.MCAP, compression=None):
    """Write a bag, in the order given; compression: None, 'message' or 'file'."""
    writer = Writer(path, version=9, storage_plugin=storage)
    if compression:
        modes = {'message': CompressionMode.MESSAGE, 'file': CompressionMode.FILE}
        writer.set_compression(modes[compression], CompressionFormat.ZSTD)
    with writer:
        connections = {}
        for topic, kind, received, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
            writer.write(connections[topic], received, STORE.serialize_cdr(message, kind))
    return path
