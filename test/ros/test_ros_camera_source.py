# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The camera model of an image comes from the CameraInfo of its time."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header

from mocap23_ros.errors import InputError
from mocap23_ros.ros.camera_infos import CameraInfoCache
from mocap23_ros.ros.camera_source import CameraSource, camera_from_info
from mocap23_ros.ros.problems import ProblemLog


class Silent:
    def info(self, message):
        pass

    warning = error = info


def header(seconds, frame='camera'):
    return Header(stamp=Time(sec=seconds), frame_id=frame)


def warnings(source):
    return {key: problem.message for key, problem in source.problems.present().items()}


def camera_info(seconds=0, focal=500.0, frame='camera', **fields):
    k = [focal, 0.0, 320.0, 0.0, focal, 240.0, 0.0, 0.0, 1.0]
    values = {'distortion_model': 'plumb_bob', 'd': [0.1, -0.05, 0.0, 0.0, 0.0], 'k': k,
              'r': np.eye(3).ravel().tolist(),
              'p': [focal, 0.0, 320.0, 0.0, 0.0, focal, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]} | fields
    return CameraInfo(header=header(seconds, frame), width=640, height=480, **values)


@pytest.fixture
def source():
    infos = CameraInfoCache()
    problems = ProblemLog(Silent(), lambda: 0.0)
    camera_source = CameraSource(infos.find, problems)
    camera_source.send = lambda *args, **kw: infos.add(camera_info(*args, **kw))
    camera_source.problems = problems
    return camera_source


def focal(source, seconds, size=(640, 480)):
    return source.camera_for(header(seconds), size, False).focal_length


def test_no_camera_info_says_what_to_do(source):
    with pytest.raises(InputError, match='remap camera_info'):
        source.camera_for(header(1), (640, 480), False)


def test_a_zooming_camera_is_followed_by_stamp(source):
    for seconds, value in ((10, 500.0), (11, 600.0), (12, 700.0)):
        source.send(seconds, value)
    assert [focal(source, s) for s in (10, 11, 12, 99)] == [500, 600, 700, 700]
    assert focal(source, 5) == 700, 'an image before the first one takes the newest'


def test_an_image_waits_for_its_own_camera_info_where_each_image_counts():
    cache = CameraInfoCache(patience=lambda: 60.0)
    cache.add(camera_info(10, 500.0))
    assert cache.find(header(11)) is None
    cache.add(camera_info(11, 600.0))
    assert [cache.find(header(s)).k[0] for s in (10, 11)] == [500, 600]
    impatient = CameraInfoCache(size=2, patience=lambda: 0.0)
    for seconds in (9, 10, 11):
        impatient.add(camera_info(seconds, 50.0 * seconds))
    assert [impatient.find(header(s)).k[0] for s in (10, 12)] == [500, 550]


def test_calibration_outlives_a_jump_back_in_time(source):
    source.send(100, 500.0)
    assert focal(source, 3) == 500
    source.send(3, 600.0)
    assert focal(source, 4) == 600


def test_model_is_made_once_and_follows_the_size_of_the_image(source):
    source.send(10)
    first = source.camera_for(header(10), (640, 480), False)
    assert source.camera_for(header(11), (640, 480), False) is first
    assert focal(source, 11, (320, 240)) == pytest.approx(250.0)
    assert focal(source, 11, (0, 0)) == pytest.approx(500.0)


def test_rectified_images_use_p_and_no_distortion(source):
    source.send(10, p=[400.0, 0.0, 320.0, 0.0, 0.0, 400.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    rectified = source.camera_for(header(10), (640, 480), True)
    assert rectified.focal_length == pytest.approx(400.0)
    np.testing.assert_allclose(rectified.undistort(np.array([720.0, 240.0])), [1.0, 0.0])


def test_camera_info_of_another_frame_is_warned_of(source):
    source.send(10, frame='depth_camera')
    assert focal(source, 10) == 500
    assert 'depth_camera' in source.problems.present()['camera_info frame'].message


@pytest.mark.parametrize(('fields', 'size', 'reason'), [
    ({'k': [0.0] * 9}, (640, 480), 'uncalibrated'),
    ({'distortion_model': 'fancy'}, (640, 480), 'fancy'),
    ({'d': [float('nan')] * 5}, (640, 480), 'finite'),
    ({}, (640, 640), '640 x 640'),
    ({'roi': RegionOfInterest(x_offset=4_000_000_000, width=64, height=48)}, (64, 48), 'roi of'),
    ({'r': [0.5] * 9}, (640, 480), 'R is not a rotation'),
])
def test_every_field_of_the_message_is_checked(fields, size, reason):
    with pytest.raises(InputError, match=reason):
        camera_from_info(camera_info(**fields), size)


@pytest.mark.parametrize(('topic', 'rectified', 'd', 'words'), [
    ('/cam/image_rect', False, 0.1, 'set image_is_rectified to true'),
    ('/cam/image_rect_color', False, 0.1, 'set image_is_rectified to true'),
    ('/cam/rect/image', False, 0.1, 'set image_is_rectified to true'),
    ('/cam/image_rect', False, 0.0, ''),
    ('/cam/image_rect', True, 0.1, ''),
    ('/cam/image_raw', True, 0.1, 'set image_is_rectified to false'),
    ('/cam/image_rect_raw', True, 0.1, ''),
    ('/cam/image_raw', False, 0.1, ''),
    ('/direct/correct_image', False, 0.1, ''),
])
def test_topics_named_against_image_is_rectified_are_warned_of(topic, rectified, d, words):
    infos, problems = CameraInfoCache(), ProblemLog(Silent(), lambda: 0.0)
    source = CameraSource(infos.find, problems, (topic, '/cam/camera_info'))
    infos.add(camera_info(10, d=[d, 0.0, 0.0, 0.0, 0.0]))
    source.camera_for(header(10), (640, 480), rectified)
    said = problems.present().get('rectification')
    assert words in said.message if words else said is None


@pytest.mark.parametrize(('topic', 'height', 'words'), [
    ('/cam/image', 1.34, 'pixels are 1.34 times as wide as high'), ('/cam/image', 1.0, ''),
    ('/cam/image', 1.05, ''), ('/cam/image_raw', 1.34, '')])
def test_a_k_of_oblong_pixels_beside_a_p_of_square_ones_asks_whether_images_are_raw(
        topic, height, words):
    infos, problems = CameraInfoCache(), ProblemLog(Silent(), lambda: 0.0)
    source = CameraSource(infos.find, problems, (topic, '/cam/camera_info'))
    infos.add(camera_info(10, k=[500.0, 0.0, 320.0, 0.0, 500.0 * height, 240.0, 0.0, 0.0, 1.0]))
    source.camera_for(header(10), (640, 480), False)
    said = problems.present().get('rectification')
    assert words in said.message if words else said is None


def test_a_strange_principal_point_is_a_warning(source):
    source.send(10)
    assert focal(source, 10) and not warnings(source)
    source.send(11, k=[500.0, 0.0, 160.0, 0.0, 500.0, 120.0, 0.0, 0.0, 1.0])
    assert focal(source, 11) and 'of this image size' in warnings(source)['calibration']
