# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms for the tests of tf2_ros: made, compared and turned into matrices."""

import time

import numpy as np
from geometry_msgs.msg import TransformStamped
from hypothesis import strategies as st
from rclpy.time import Time
from scipy.spatial.transform import Rotation

IDENTITY = (0.0, 0.0, 0.0, 1.0)


def stamp(seconds):
    """Return a time on the nanosecond nearest to a number of seconds."""
    return Time(nanoseconds=round(seconds * 1e9))


def make_transform(parent, child, seconds, translation=(0.0, 0.0, 0.0), rotation=IDENTITY):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp = stamp(seconds).to_msg()
    t, q = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = (float(value) for value in translation)
    q.x, q.y, q.z, q.w = (float(value) for value in rotation)
    return message


def translation_of(message):
    t = message.transform.translation
    return np.array([t.x, t.y, t.z])


def rotation_of(message):
    q = message.transform.rotation
    return Rotation.from_quat([q.x, q.y, q.z, q.w])


def matrix_of(message):
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_of(message).as_matrix()
    matrix[:3, 3] = translation_of(message)
    return matrix


def wait_until(condition, timeout=15.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, 'timed out'
        time.sleep(0.01)


_coordinate = st.floats(-100.0, 100.0, allow_subnormal=False)
translations = st.tuples(_coordinate, _coordinate, _coordinate)
rotations = st.builds(
    lambda vector: tuple(Rotation.from_rotvec(vector).as_quat().tolist()),
    st.tuples(*[st.floats(-1.7, 1.7, allow_subnormal=False)] * 3))


def x_at(buffer, seconds):
    return translation_of(buffer.lookup_transform('map', 'base', stamp(seconds)))[0]
