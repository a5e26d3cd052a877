# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that no skeleton can be made of, over DDS: each is named, and the next image is fine."""

import numpy as np
import pytest
from node_harness import Feeder, running, stamp_of
from synthetic_scene import camera_info, camera_transform, keypoints_message, person

from mocap23_ros.tracking.track import TrackState

SECOND = 10**9
SEEN = (int(TrackState.INIT), int(TrackState.TRACKED))


@pytest.fixture(scope='module')
def peer():
    with running(detector='external', lifter='geometric') as peer:
        yield peer


class Frame:
    """What a camera sends for one image; faults change it."""

    number = 0

    def __init__(self, stamp):
        self.transform = camera_transform(stamp)
        self.info = camera_info(stamp)
        # Nobody stands like a picture: that would be a fault of its own.
        self.keypoints = keypoints_message([person(4.0 + 0.01 * np.sin(3e-9 * stamp))], stamp)
        Frame.number += 1


def tf_of_nan(frame):
    frame.transform.transform.translation.x = float('nan')


def tf_without_rotation(frame):
    q = frame.transform.transform.rotation
    q.x = q.y = q.z = q.w = 0.0


def tf_ends(frame):
    frame.transform.child_frame_id = 'other'


def tf_beyond_the_moon(frame):
    frame.transform.transform.translation.y = 1e12


def tf_in_another_country(frame):
    frame.transform.transform.translation.y = 1e6


def tf_under_the_floor(frame):
    frame.transform.transform.translation.z = -1.0


def no_frame_id(frame):
    frame.keypoints.header.frame_id = ''


def focal_length(value):
    def change(frame):
        frame.info.k[0] = value
    return change


def absurd_distortion(frame):
    frame.info.d[0] = 1e30


def unknown_model(frame):
    frame.info.distortion_model = 'whirlpool'


def roi_beyond_the_image(frame):
    frame.info.roi.x_offset, frame.info.roi.width, frame.info.roi.height = 4_000_000_000, 640, 480


def other_shape(frame):
    frame.info.height = frame.info.width


def stamp_zero(frame):
    frame.keypoints.header.stamp.sec = frame.keypoints.header.stamp.nanosec = 0


def a_multitude(frame):
    frame.keypoints.people = 300 * frame.keypoints.people


def unknown_format(frame):
    frame.keypoints.format = 'octopus8'


def fractions_of_the_image(frame):
    for someone in frame.keypoints.people:
        numbers = np.array(someone.keypoints).reshape(-1, 3) / (1280, 960, 1)
        someone.keypoints = numbers.astype(np.float32).ravel().tolist()


def two_sizes(frame):
    if frame.number % 2:
        frame.keypoints.image_width, frame.keypoints.image_height = 640, 480


def two_frames(frame):
    if frame.number % 2:
        frame.keypoints.header.frame_id = 'rear_optical'


FAULTS = [
    (tf_of_nan, 'transform', 'no transform from camera'),
    (tf_without_rotation, 'transform', 'no transform from camera'),
    (tf_ends, 'transform', 'at the stamp of the image'),
    (tf_beyond_the_moon, 'tf distance', '10000 km that two frames may be apart'),
    (tf_in_another_country, 'camera pose', 'from the origin'),
    (tf_under_the_floor, 'camera pose', 'below the floor'),
    (tf_under_the_floor, 'set-up', 'above the horizon'),
    (no_frame_id, 'transform', 'empty frame_id'),
    (focal_length(float('nan')), 'camera_info', 'finite'),
    (focal_length(1e12), 'camera_info', 'focal length'),
    (absurd_distortion, 'camera_info', 'no lens has'),
    (unknown_model, 'camera_info', 'whirlpool'),
    (roi_beyond_the_image, 'camera_info', 'roi'),
    (other_shape, 'camera_info', 'another shape'),
    (stamp_zero, 'stamp', 'stamp 0'),
    (a_multitude, 'input data', '300 people; at most 256'),
    (unknown_format, 'input data', 'unknown format "octopus8"'),
    (fractions_of_the_image, 'input data', 'fractions'),
]


def feed(peer, change=lambda frame: None, sent=None):
    def send(stamp):
        frame = Frame(stamp)
        change(frame)
        peer.tf.sendTransform(frame.transform)
        peer.camera_info.publish(frame.info)
        peer.keypoints.publish(frame.keypoints)
        if sent is not None:
            sent.append(stamp)
    return Feeder(peer, send, rate=15.0)


def wait_for_words(peer, key, words):
    def is_named(status):
        return any(v.key == f'problem: {key}' and words in v.value for v in status.values)

    peer.wait_for_status(is_named, f'problem {key} with "{words}"', peer.process)


def test_what_cannot_be_used_is_named_and_the_next_image_is_published(peer):
    for change, key, words in FAULTS:
        sent = []
        with feed(peer, change, sent):
            wait_for_words(peer, key, words)
            since = peer.count('skeletons')
        with feed(peer):
            peer.wait_for('skeletons', lambda m: m.skeletons, since, 'person', peer.process)
        # Those of the end found their transform between two good ones.
        damaged = {stamp for stamp in sent if stamp < sent[-1] - SECOND // 2}
        published = {stamp_of(m) for m in peer.received['skeletons']
                     if any(s.state in SEEN for s in m.skeletons)}
        assert not damaged & published, f'nobody is seen while {words}'


@pytest.mark.parametrize('cameras', [two_sizes, two_frames])
def test_two_cameras_on_one_topic_are_an_error(peer, cameras):
    with feed(peer, cameras):
        wait_for_words(peer, 'camera change', 'again and again: check that one camera')
    with feed(peer):
        peer.wait_for_recovery('camera change', peer.process)
