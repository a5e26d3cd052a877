# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 check --live`` beside a running node, over DDS."""

import numpy as np
import pytest
from documentation_pages import documented
from node_harness import Feeder, running
from synthetic_scene import camera_info, camera_pose, camera_transform, keypoints_message, person

from mocap23_ros.cli.main import main

UPSIDE_DOWN = camera_pose() @ np.diag([-1.0, -1, 1, 1])


@pytest.fixture(scope='module')
def peer():
    with running(detector='external', lifter='geometric') as peer:
        peer.static_tf.sendTransform([
            camera_transform(0), camera_transform(0, UPSIDE_DOWN, child='upside_down')])
        yield peer


def feed(peer, frame):
    def send(stamp):
        peer.camera_info.publish(camera_info(stamp, frame=frame))
        # Who stands perfectly still before a camera that turns looks like a frozen image.
        where = person(4.0, 0.1 * np.sin(1e-9 * stamp))
        peer.keypoints.publish(keypoints_message([where], stamp, frame=frame))
    return Feeder(peer, send)


def check():
    """The exit status of the command, once the node was heard: a busy machine takes its time."""
    command = [*documented('tutorials/fixed_camera.md', 'check --live'), '--seconds', '3']
    return next((s for s in (main(command) for _ in range(5))
                 if s != 2), 2)


def test_a_right_node_is_told_so_and_a_wrong_one_why(peer, capsys):
    with feed(peer, 'camera_optical'):
        peer.wait_for('skeletons', lambda m: m.skeletons, node=peer.process)
        peer.wait_for_recovery('set-up', peer.process)
        status = check()
    said = capsys.readouterr().out
    # On a busy machine the node may say that it is slow.
    assert 'contradict' not in said and (status == 0) == ('nothing is wrong' in said)
    with feed(peer, 'upside_down'):
        peer.wait_for_problem('set-up', peer.process)
        assert check() == 1
    said = capsys.readouterr().out
    assert said.startswith('lifter_node: ') and 'the image is upside down' in said


def test_bad_arguments_are_refused(capsys):
    for options, words in ((['--live', '--seconds', '0'], '2 to 3600'), (
            ['--video', 'film.mp4'], '--video needs --camera')):
        assert main(['check', *options]) == 2
        assert words in capsys.readouterr().err
