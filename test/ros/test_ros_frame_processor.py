# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One frame after the other through the real core, without a node."""

import dataclasses

import pytest
import rclpy
import tf2_ros
from rclpy.node import Node
from synthetic_scene import camera_info, camera_transform, keypoints_message, person

from mocap23_ros.ros.camera_infos import CameraInfoCache
from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.transforms import LiveTransforms

FRAME = 33_333_333  # ns
START = 1_700_000_000_123_456_789


class Rig:
    def __init__(self, node, **changes):
        self.settings = dataclasses.replace(
            Settings(), detector='external', tf_timeout=0.0, **changes)
        self.now = 0.0
        infos = CameraInfoCache()
        buffer = tf2_ros.Buffer(node=node)
        buffer.set_transform_static(camera_transform(0), 'test')
        self.problems = ProblemLog(node.get_logger(), lambda: self.now)
        self.core = create_core(self.settings)
        self.restarts = 0
        self.processor = FrameProcessor(
            self.core, CameraSource(infos.find, self.problems),
            LiveTransforms(buffer), self.problems, self.restart)
        self.infos, self.buffer = infos, buffer
        infos.add(camera_info(0))

    def restart(self):
        self.restarts += 1
        self.processor.reset(same_time=True)

    def begin(self, stamp, people=None, **options):
        message = keypoints_message([person()] if people is None else people, stamp, **options)
        self.processor.begin(message, self.settings)

    def run(self, stamp, people=None, **options):
        self.begin(stamp, people, **options)
        return self.processor.finish_next()


@pytest.fixture(scope='module')
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node('frames', context=context)
    yield node
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def nanoseconds(stamp):
    return stamp.sec * 10**9 + stamp.nanosec


@pytest.mark.parametrize('lag', [0, 3])
def test_result_carries_the_exact_stamp_of_the_image_it_is_for(node, lag):
    rig = Rig(node, lag=lag)
    for i in range(20):
        result = rig.run(START + i * FRAME)
        assert nanoseconds(result.header.stamp) == START + i * FRAME
        if i < lag:
            assert result.stamp is None and result.estimates == []
            continue
        assert nanoseconds(result.stamp) == START + (i - lag) * FRAME
        (estimate,) = result.estimates
        assert estimate.stamp == pytest.approx(1e-9 * nanoseconds(result.stamp), abs=1e-6)


@pytest.mark.parametrize(('remember', 'same'), [(4.0, True), (1.2, False)])
def test_who_comes_back_in_time_has_the_same_id(node, remember, same):
    rig = Rig(node, lifter='geometric', remember_timeout=remember)
    tenth = 100_000_000

    def ids(begin, end, people):
        return {e.person_id for i in range(begin, end)
                for e in rig.run(START + i * tenth, people).estimates if e.state != 3}

    assert ids(0, 15, [person()]) == {1}
    ids(15, 45, [])
    assert ids(45, 55, [person()]) == ({1} if same else {2})


def test_the_size_of_the_image_may_be_left_to_camera_info(node):
    rig = Rig(node)
    message = keypoints_message([person()], START)
    message.image_width = message.image_height = 0
    rig.processor.begin(message, rig.settings)
    assert rig.processor.finish_next().estimates


def test_frames_wait_for_their_transform_in_order_while_newer_ones_are_begun(node):
    rig = Rig(node)
    rig.settings = dataclasses.replace(rig.settings, tf_timeout=60.0)
    for i in range(5):
        rig.begin(START + i * FRAME, frame='moving_camera')
        assert rig.processor.finish_next() is None
    for i in (0, 3):  # the camera stands still, and is known up to the fourth frame
        rig.buffer.set_transform(
            camera_transform(START + i * FRAME, child='moving_camera'), 'test')
    results = [rig.processor.finish_next() for _ in range(5)]
    assert [nanoseconds(r.stamp) for r in results[:4]] == [START + i * FRAME for i in range(4)]
    assert all(r.estimates for r in results[:4])
    assert results[4] is None and rig.processor.is_waiting
    assert 'transform' not in rig.problems.present()


def test_other_image_sizes_and_calibrations_begin_anew_and_a_zoom_does_not(node):
    rig = Rig(node)
    before = rig.run(START).estimates[0].person_id
    for i in range(1, 6):  # zooms by 1 % an image
        rig.infos.add(camera_info(START + i * FRAME, 900.0 * 1.01**i))
        (estimate,) = rig.run(START + i * FRAME).estimates
        assert estimate.person_id == before and rig.restarts == 0
    rig.infos.add(camera_info(START + 6 * FRAME, 900.0 * 1.2))
    with pytest.raises(FrameRejectedError):
        rig.run(START + 6 * FRAME)
    assert rig.restarts == 1
    (estimate,) = rig.run(START + 7 * FRAME).estimates
    assert estimate.person_id > before
    message = keypoints_message([person()], START + 8 * FRAME)
    message.image_width, message.image_height = 640, 480
    rig.processor.begin(message, rig.settings)
    (estimate,) = rig.processor.finish_next().estimates
    assert rig.restarts == 2 and estimate.person_id > before + 1
    assert 'were 1280x960 and now are 640x480' in rig.problems.present()['camera change'].message


def test_images_of_another_camera_on_the_topic_begin_anew(node):
    """A multiplexer switches between two cameras of one kind that see different people."""
    rig = Rig(node)
    rig.buffer.set_transform_static(camera_transform(0, child='rear_optical'), 'test')
    (before,) = rig.run(START).estimates
    with pytest.raises(FrameRejectedError):
        rig.run(START + FRAME, frame='')  # a driver that forgets it once is no other camera
    assert rig.restarts == 0
    (after,) = rig.run(START + 2 * FRAME, frame='rear_optical').estimates
    assert rig.restarts == 1 and after.person_id > before.person_id
    assert ('the images had frame_id "camera_optical" and now have "rear_optical"'
            in rig.problems.present()['camera change'].message)


def test_a_problem_of_another_camera_goes_with_it(node):
    rig = Rig(node)
    with pytest.raises(FrameRejectedError):
        rig.run(START, frame='/cam')
    assert 'transform' in rig.problems.present()
    rig.begin(START + FRAME)  # its transform is not yet asked for
    rig.now = 10.0
    rig.problems.settle()
    assert 'transform' not in rig.problems.present()


def test_two_d_part_is_given_out_even_where_the_camera_is_unknown(node):
    rig = Rig(node)
    heard = []
    message = keypoints_message([person()], START, frame='nowhere')
    rig.processor.begin(message, rig.settings, heard.append)
    with pytest.raises(FrameRejectedError):
        rig.processor.finish_next()
    (result,) = heard
    assert len(result.tracks) == 1
    assert set(rig.problems.present()) == {'transform', 'camera_info frame'}
