# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Any numbers in any message: refused with a line, or skeletons that can be true."""

import os
from array import array

import numpy as np
import pytest
import rclpy
import tf2_ros
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rclpy.node import Node
from synthetic_scene import CAMERA_FRAME, camera_info, camera_transform, keypoints_message, person
from tf2_msgs.msg import TFMessage

from mocap23_ros.geometry.poses import FARTHEST_PERSON
from mocap23_ros.ros.camera_infos import CameraInfoCache
from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_names import FrameNameWatch
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.transform_listener import CameraTransformListener
from mocap23_ros.ros.transforms import LiveTransforms
from mocap23_ros.skeletons.formats import FORMATS

# MOCAP23_FUZZ=5000 for a night.
TIMES = int(os.environ.get('MOCAP23_FUZZ', '1'))
EXAMPLES = 120 * TIMES
INTERVAL = 66_666_667  # ns
ODD = [0.0, -0.0, 1.0, -1.0, 1e-30, 0.5, 2.0, 640.0, -5e4, 1e7, 1e12, 1e30, np.inf, -np.inf, np.nan]
numbers = st.one_of(st.sampled_from(ODD), st.floats(-2.0**127, 2.0**127, width=32))
counts = st.sampled_from([0, 1, 16, 480, 640, 1280, 960, 65535, 2**32 - 1])
# Fields of a message with one or a few numbers changed: place, and what to do there.
changes = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(['set', 'scale', 'add']),
                             numbers), max_size=4)


def changed(values, how):
    values = np.array(values, np.float64)
    with np.errstate(all='ignore'):
        for place, what, number in how:
            index = place % max(len(values), 1)
            if len(values):
                values[index] = {'set': number, 'scale': values[index] * number,
                                 'add': values[index] + number}[what]
    return values


@st.composite
def keypoints(draw):
    """Somebody whom a detector found, and what may be wrong with it."""
    message = keypoints_message(
        [person(x, y) for x, y in draw(st.lists(st.tuples(
            st.floats(1.0, 30.0), st.floats(-5.0, 5.0)), max_size=3))], 1)
    for someone in message.people:
        with np.errstate(over='ignore'):
            points = changed(someone.keypoints, draw(changes)).astype(np.float32)
            box = changed(someone.bounding_box, draw(changes)).astype(np.float32)
            someone.score = float(np.float32(draw(numbers)))
        length = draw(st.sampled_from([51] * 10 + [50]))
        someone.keypoints = array('f', points[:length].tobytes())
        someone.bounding_box = box
    if draw(st.integers(0, 5)) == 0:
        message.format = draw(st.one_of(st.sampled_from(list(FORMATS)), st.text(max_size=9)))
    if draw(st.integers(0, 3)) == 0:
        message.image_width, message.image_height = draw(counts), draw(counts)
    return message


@st.composite
def infos(draw):
    info = camera_info(1)
    info.k = changed(info.k, draw(changes))
    info.r = changed(info.r, draw(changes))
    info.p = changed(info.p, draw(changes))
    info.d = array('d', changed(draw(st.lists(numbers, max_size=14)), draw(changes)))
    info.distortion_model = draw(st.sampled_from(
        ['plumb_bob', 'rational_polynomial', 'equidistant', '', 'odd']))
    if draw(st.booleans()):
        info.width, info.height = draw(counts), draw(counts)
        info.binning_x = draw(counts)
        roi = info.roi
        roi.x_offset, roi.width, roi.height = draw(counts), draw(counts), draw(counts)
    return info


@st.composite
def camera_places(draw):
    transform = camera_transform(1)
    t, q = transform.transform.translation, transform.transform.rotation
    places = changed((t.x, t.y, t.z, q.x, q.y, q.z, q.w), draw(changes))
    t.x, t.y, t.z, q.x, q.y, q.z, q.w = places.tolist()
    return transform


class Rig:
    def __init__(self, node):
        self.settings = Settings(detector='external', lifter='geometric', tf_timeout=0.0)
        self.problems = ProblemLog(node.get_logger(), lambda: 0.0)
        self.infos = CameraInfoCache()
        buffer = tf2_ros.Buffer(node=node)
        self.listener = CameraTransformListener(
            buffer, node, self.problems, lambda: self.stamp, FrameNameWatch('', self.problems))
        self.processor = FrameProcessor(
            create_core(self.settings), CameraSource(self.infos.find, self.problems),
            LiveTransforms(buffer), self.problems,
            lambda: self.processor.reset(same_time=True))
        self.stamp = 1_700_000_000_000_000_000

    def begin_anew(self):
        self.processor.reset(restart_ids=True)
        self.problems.forget_all()

    def show(self, message, info, transform):
        """One frame; its result, None where it was refused for a reason that is told."""
        self.stamp += INTERVAL
        for part in (message, info, transform):
            part.header.stamp.sec, part.header.stamp.nanosec = divmod(self.stamp, 10**9)
        self.infos.add(info)
        self.listener.callback(TFMessage(transforms=[transform]))
        try:
            self.processor.begin(message, self.settings)
            return self.processor.finish_next()
        except FrameRejectedError as error:
            assert str(error) in self.problems.present(), 'refused without a reason'
            return None


@pytest.fixture(scope='module')
def rig():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node('any_messages', context=context)
    yield Rig(node)
    node.destroy_node()
    rclpy.try_shutdown(context=context)


@pytest.mark.timeout(120 * TIMES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames=st.lists(st.tuples(keypoints(), infos(), camera_places()), min_size=1, max_size=3))
@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_what_comes_out_can_be_true(rig, frames):
    rig.begin_anew()
    for frame in frames:
        check(rig.show(*frame))
    for _ in range(2):  # the camera changes back in the first of them
        result = rig.show(keypoints_message([person()], 1), camera_info(1), camera_transform(1))
    assert result is not None, 'the next images are fine'
    check(result)
    for problem in rig.problems.present().values():
        assert '\n' not in problem.message and len(problem.message) <= 1500


def check(result):
    for estimate in result.estimates if result is not None else ():
        known = np.isfinite(estimate.joints).all(axis=1)
        assert (known | np.isnan(estimate.joints).all(axis=1)).all(), 'half a joint'
        joints = estimate.joints[known] - result.world_T_camera[:3, 3]
        assert (np.linalg.norm(joints, axis=1) < FARTHEST_PERSON).all()
        assert (np.linalg.eigvalsh(estimate.covariance[known].astype(float)) > -1e-6).all()
        assert 0.3 < estimate.stature < 2.7
        assert np.isfinite(estimate.world_T_root).all() or not known.any()
    assert result is None or result.header.frame_id == CAMERA_FRAME
