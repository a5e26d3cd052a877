# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Known people before a known camera: what a perfect 2D detector would send."""

from array import array

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mocap23_msgs.msg import Keypoints2D, Keypoints2DArray
from mocap23_ros.ros.transforms import transform_from_matrix

WIDTH, HEIGHT, FOCAL = 1280, 960, 900.0
CAMERA_FRAME = 'camera_optical'

# A standing adult, 1.75 m: forward, left, up of the point between the feet. COCO order.
STANDING = np.array([
    (0.10, 0.00, 1.62), (0.09, 0.03, 1.65), (0.09, -0.03, 1.65), (0.02, 0.075, 1.63),
    (0.02, -0.075, 1.63), (0.00, 0.19, 1.43), (0.00, -0.19, 1.43), (0.00, 0.24, 1.14),
    (0.00, -0.24, 1.14), (0.05, 0.25, 0.88), (0.05, -0.25, 0.88), (0.00, 0.11, 0.92),
    (0.00, -0.11, 0.92), (0.01, 0.11, 0.50), (0.01, -0.11, 0.50), (0.00, 0.11, 0.09),
    (0.00, -0.11, 0.09)])


def camera_pose(height=1.6, pitch=0.17):
    """world_T_camera of a camera above the origin that looks along x and somewhat down."""
    pose = np.eye(4)
    level = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    pose[:3, :3] = Rotation.from_euler('y', pitch).as_matrix() @ level
    pose[2, 3] = height
    return pose


def person(x=4.0, y=0.0):
    """Joints [17,3] of somebody at (x, y) who faces the camera."""
    return STANDING * (-1.0, -1.0, 1.0) + (x, y, 0.0)


def project(joints_world, pose):
    """Pixels [17,2] in the camera of ``camera_info``."""
    with np.errstate(invalid='ignore'):
        points = (joints_world - pose[:3, 3]) @ pose[:3, :3]
    return FOCAL * points[:, :2] / points[:, 2:] + (WIDTH / 2, HEIGHT / 2)


def header(stamp_ns, frame=CAMERA_FRAME):
    return Header(
        stamp=Time(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9), frame_id=frame)


def keypoints_message(people, stamp_ns, pose=None, frame=CAMERA_FRAME):
    """``people``: a list of joints [17,3] in the world."""
    pose = camera_pose() if pose is None else pose
    message = Keypoints2DArray(
        header=header(stamp_ns, frame), format='coco17', image_width=WIDTH, image_height=HEIGHT)
    for joints in people:
        pixels = project(joints, pose)
        keypoints = np.column_stack([pixels, np.full(17, 0.9)]).astype(np.float32)
        message.people.append(Keypoints2D(
            keypoints=array('f', keypoints.tobytes()), score=0.9,
            bounding_box=np.concatenate([pixels.min(0), pixels.max(0)]).astype(np.float32)))
    return message


def camera_info(stamp_ns, focal=FOCAL, size=(WIDTH, HEIGHT), frame=CAMERA_FRAME):
    width, height = size
    k = [focal, 0.0, width / 2, 0.0, focal, height / 2, 0.0, 0.0, 1.0 if focal else 0.0]
    return CameraInfo(
        header=header(stamp_ns, frame), width=width, height=height, distortion_model='plumb_bob',
        d=[0.0] * 5, k=k, r=np.eye(3).ravel().tolist(),
        p=[*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0])


def camera_transform(stamp_ns, pose=None, parent='map', child=CAMERA_FRAME):
    return TransformStamped(
        header=header(stamp_ns, parent), child_frame_id=child,
        transform=transform_from_matrix(camera_pose() if pose is None else pose))


def send(peer, stamp):
    """A person, the camera and its pose, all with one stamp."""
    peer.tf.sendTransform(camera_transform(stamp))
    peer.camera_info.publish(camera_info(stamp))
    peer.keypoints.publish(keypoints_message([person()], stamp))
