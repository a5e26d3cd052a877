# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The node says which mistake the set-up has: the same people under right and wrong frames."""

import numpy as np
import pytest
from node_harness import Feeder, running
from synthetic_scene import camera_info, camera_pose, camera_transform, keypoints_message, person

LINK_T_OPTICAL = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
FRAMES = {'camera_link': camera_pose() @ np.linalg.inv(LINK_T_OPTICAL),
          'world_in_camera': np.linalg.inv(camera_pose()), 'camera_optical': camera_pose()}


@pytest.fixture(scope='module')
def peer():
    with running(detector='external', lifter='geometric') as peer:
        peer.static_tf.sendTransform([
            camera_transform(0, pose, child=frame) for frame, pose in FRAMES.items()])
        yield peer


def feed(peer, frame):
    """Somebody who walks across, named in a frame."""
    def send(stamp):
        where = person(4.0 + np.sin(1e-9 * stamp), 0.8 * np.cos(0.7e-9 * stamp))
        peer.camera_info.publish(camera_info(stamp, frame=frame))
        peer.keypoints.publish(keypoints_message([where], stamp, frame=frame))
    return Feeder(peer, send)


@pytest.mark.parametrize(('frame', 'words'), [
    ('camera_link', 'the camera frame is a body frame'), ('world_in_camera', 'is inverted')])
def test_wrong_frames_are_named_and_recover(peer, frame, words):
    with feed(peer, frame):
        message = peer.wait_for_problem('set-up', peer.process)
    assert words in message
    assert peer.process.output.count(message) == 1, 'logged once'
    with feed(peer, 'camera_optical'):
        peer.wait_for_recovery('set-up', peer.process)
